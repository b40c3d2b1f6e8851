import BkendWire
import Crypto
import Foundation

/// What a file is stored and addressed by: `CATEGORY/<32 hex>/NAME`, in letters that need no escape anywhere. The first 8
/// digits are the environment's tag, so that an address of bytes needs no key to tell whose they are; the other 24 can't
/// be guessed.
struct FileKey: Hashable, Sendable {
    let text: String
    /// The tag of its environment; that of none where the file was imported.
    let tag: String

    /// The most bytes of a key.
    static let mostBytes = 1_024
    private static let tagDigits = 8

    /// A key by its text; nil for what can't be one. The keys of imported files may be of another form, and have the tag of
    /// no environment.
    init?(_ text: String) {
        guard text.utf8.count <= Self.mostBytes else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 16,
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.allSatisfy(FileName.isPlain) })
        else { return nil }
        self.text = text
        let isOfOurs = parts.count == 3 && parts[1].utf8.count == 32 && parts[1].utf8.allSatisfy(Self.isHexDigit)
        tag = isOfOurs ? String(parts[1].prefix(Self.tagDigits)) : ""
    }

    /// A new key.
    init(category: String, name: String, tag: String) {
        text = "\(category)/\(tag)\(Self.randomDigits(12))/\(FileName.keyPart(name))"
        self.tag = tag
    }

    /// Hex digits of so many random bytes.
    static func randomDigits(_ count: Int) -> String {
        var random = SystemRandomNumberGenerator()
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }).hexDigits
    }

    /// The tag of an environment, the same at every start.
    static func tag(of name: EnvironmentName) -> String {
        let digest = SHA256.hash(data: Array("bkend files of \(name)".utf8))
        return Data(digest.prefix(tagDigits / 2)).hexDigits
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
