import Foundation

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

    /// What limits count by: an IPv4 address, or the /64 network of an IPv6 one, which one host has to itself and can
    /// change addresses in at will. Clients without an address share one count.
    var key: String {
        guard let address else { return "" }
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        return withUnsafeBytes(of: &bytes) { bytes in
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            if isMapped { return bytes[12...].map { String($0) }.joined(separator: ".") }
            return bytes[..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64"
        }
    }

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
