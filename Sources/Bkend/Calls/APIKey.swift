/// A key of a project's environment (rest-api.md §1). It never shows itself.
struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The key as it is sent.
    let text: String

    /// Reads a key: `pk_` or `sk_` and 64 hex digits.
    ///
    /// - Throws: `BkendError` that doesn't repeat the key.
    init(_ text: String) throws(BkendError) {
        let bytes = Array(text.utf8)
        guard text.hasPrefix("pk_") || text.hasPrefix("sk_") else {
            throw BkendError(.invalidArgument("an API key begins with pk_ (publishable) or sk_ (secret)"))
        }
        guard bytes.count == 67, bytes.dropFirst(3).allSatisfy(Self.isHexDigit) else {
            throw BkendError(
                .invalidArgument("an API key has 64 hex digits after its prefix; this one has \(bytes.count - 3) bytes")
            )
        }
        self.text = text
    }

    /// Whether the key opens everything and has no place in an app.
    var isSecret: Bool { text.hasPrefix("sk_") }

    /// Tells keys apart without showing them: 64 bits of 256 random ones (FNV-1a).
    var fingerprint: String {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    var description: String { (isSecret ? "sk_" : "pk_") + "…" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: [:]) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
