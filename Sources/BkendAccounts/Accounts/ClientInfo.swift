#if Server
/// What the server knows of the client that asks.
package struct ClientInfo: Hashable, Sendable {
    /// Its IP address, by which limits count; behind a trusted proxy the one that the proxy names.
    package var address: String?
    /// Its `User-Agent`.
    package var userAgent: String?
    /// What it says of its device.
    package var deviceInfo: String?

    /// A client. Texts that are longer than 512 bytes are cut.
    package init(address: String? = nil, userAgent: String? = nil, deviceInfo: String? = nil) {
        self.address = address.map(Self.shortened)
        self.userAgent = userAgent.map(Self.shortened)
        self.deviceInfo = deviceInfo.map(Self.shortened)
    }

    /// What limits count by. Clients without an address share one count.
    var key: String { address ?? "" }

    private static func shortened(_ text: String) -> String {
        if text.utf8.count <= 512, !text.utf8.contains(0) { return text }
        var kept = ""
        for scalar in text.unicodeScalars where scalar != "\u{0}" {
            guard kept.utf8.count + 4 <= 512 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }
}
#endif
