/// The proxies whose word on the client's address is taken.
///
/// Each proxy appends the address that it was called from to `X-Forwarded-For`, so the header is read from its end: as
/// long as the address at hand is a trusted proxy's, the next one to the left is what that proxy saw. What a client wrote
/// into the header itself lies further left and is never reached.
package struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]

    /// Proxies by their addresses; none by default.
    package init(_ ranges: [AddressRange] = []) { self.ranges = ranges }

    /// The client of a request.
    ///
    /// - Parameters:
    ///   - peer: the other end of the connection.
    ///   - forwarded: the values of the `X-Forwarded-For` fields, in order.
    func client(peer: ClientAddress?, forwarded: @autoclosure () -> [String]) -> ClientAddress? {
        guard !ranges.isEmpty, let peer, trusts(peer) else { return peer }
        var client = peer
        let hops = forwarded().flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        for hop in hops.suffix(Self.mostHops).reversed() {
            // Whatever isn't an address was not written by a proxy that can be relied on.
            guard let next = Self.address(hop) else { return client }
            client = next
            if !trusts(next) { return next }
        }
        return client
    }

    private static let mostHops = 32

    /// Whether an address is a proxy's.
    func trusts(_ address: ClientAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// Some proxies add a port, `1.2.3.4:5` or `[::1]:5`.
    private static func address(_ hop: Substring) -> ClientAddress? {
        let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
        if text.first == "[" { return text.firstIndex(of: "]").flatMap { ClientAddress(text[..<$0].dropFirst()) } }
        if let address = ClientAddress(text) { return address }
        return text.lastIndex(of: ":").flatMap { ClientAddress(text[..<$0]) }
    }
}
