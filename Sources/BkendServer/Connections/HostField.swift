/// The value of `Host`: `uri-host [ ":" port ]` (RFC 9110 §7.2), with the host as in RFC 3986 §3.2.2. The empty value is
/// one: a URI without an authority has it.
enum HostField {
    /// Whether a value is one.
    static func isValid(_ value: String) -> Bool {
        var bytes = value.utf8[...]
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = bytes[..<end].dropFirst()
            guard !address.isEmpty,
                address.allSatisfy({ isHex($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return false }
            bytes = bytes[bytes.index(after: end)...]
            guard let colon = bytes.first else { return true }
            return colon == UInt8(ascii: ":") && bytes.dropFirst().allSatisfy(isDigit)
        }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, isName(name) else { return false }
        return parts.count == 1 || parts[1].allSatisfy(isDigit)
    }

    private static func isName(_ name: Substring.UTF8View) -> Bool {
        var rest = name
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.prefix(2).allSatisfy(isHex) else { return false }
                rest = rest.dropFirst(2)
            } else if !isDigit(byte), !isLetter(byte), !marks.contains(byte) {
                return false
            }
        }
        return true
    }

    private static let marks = Set("-._~!$&'()*+,;=".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte | 0x20) }
}
