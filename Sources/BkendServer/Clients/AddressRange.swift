/// A range of IP addresses, `10.0.0.0/8` (RFC 4632), `fd00::/8`, or a single address.
package struct AddressRange: Hashable, Sendable {
    private let address: ClientAddress
    /// How many of the 128 bits count.
    private let bits: Int

    /// A range by its text, nil when the text is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = ClientAddress(parts[0]) else { return nil }
        let most = address.isVersion4 && !parts[0].utf8.contains(0x3A) ? 32 : 128
        var length = most
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
                (0...most).contains(given)
            else { return nil }
            length = given
        }
        self.address = address
        bits = length + 128 - most
    }

    /// Whether an address lies in it. A range of one IP version holds none of the other.
    func contains(_ other: ClientAddress) -> Bool {
        other.isVersion4 == address.isVersion4 && other.sharesBits(bits, with: address)
    }
}
