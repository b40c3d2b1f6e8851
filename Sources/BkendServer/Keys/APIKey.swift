import BkendWire
import Crypto
import Foundation

/// An API key: `pk_` or `sk_` and 32 random bytes in lower-case hex (rest-api.md §1). It never shows in a log or error.
struct APIKey: Sendable, CustomStringConvertible {
    /// What a key may be carried by.
    enum Kind: String, Sendable {
        /// Apps carry it; the operator may read it again.
        case publishable
        /// Servers carry it; only its digest is stored.
        case secret

        fileprivate var prefix: String { self == .publishable ? "pk_" : "sk_" }
    }

    let kind: Kind
    let text: String

    /// A new key.
    init(_ kind: Kind, using random: inout some RandomNumberGenerator) {
        self.kind = kind
        let digits = (0..<32).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &random)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        text = kind.prefix + digits.joined()
    }

    /// A key by its text, nil when the text has not the form of one.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count == 67,
            text.utf8.dropFirst(3).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        if text.hasPrefix(Kind.publishable.prefix) {
            kind = .publishable
        } else if text.hasPrefix(Kind.secret.prefix) {
            kind = .secret
        } else {
            return nil
        }
        self.text = String(text)
    }

    /// What is stored of it, and looked up.
    var digest: KeyDigest { KeyDigest(of: text) }

    /// The kind alone.
    var description: String { "\(kind.prefix)…" }

    /// Whether a credential claims to be an API key.
    static func looksLikeKey(_ text: some StringProtocol) -> Bool {
        text.hasPrefix(Kind.publishable.prefix) || text.hasPrefix(Kind.secret.prefix)
    }
}

/// A key's SHA-256. Keys are compared by it alone, so the time of a comparison tells nothing about a key.
struct KeyDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(of text: String) {
        var text = text
        let digest = text.withUTF8 { SHA256.hash(data: UnsafeRawBufferPointer($0)) }
        words = digest.withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
    }

    init?(_ data: Data) {
        guard data.count == SHA256.byteCount else { return nil }
        words = data.withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
    }

    /// The first 16 hex digits: enough to find a key by, and nothing to make one of.
    var mark: String {
        let digits = String(words.0.byteSwapped, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    var data: Data { withUnsafeBytes(of: words) { Data($0) } }

    static func == (a: KeyDigest, b: KeyDigest) -> Bool { a.words == b.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
