import BkendWire
import Foundation

/// A refresh token: whose it is, the how-manieth of its session, a secret, and a tag that proves that it was issued.
///
/// The tag tells an old token, whose reuse means theft, from a made-up one, which means nothing; without it anyone who
/// knows a session's id could end it, or the hash of every token ever issued would have to be kept. What the database
/// holds makes no token: it has the tag's key, but of the secret a hash alone.
struct RefreshToken: Sendable, Equatable, CustomStringConvertible {
    let sessionID: String
    let generation: Int
    let secret: [UInt8]
    private let tag: [UInt8]

    private static let prefix = "rt_"
    private static let secretLength = 32
    private static let tagLength = 16
    private static let length = 16 + 4 + secretLength + tagLength

    /// The token of a session's generation.
    init(sessionID: String, generation: Int, secret: [UInt8], tagKey: Data) {
        self.sessionID = sessionID
        self.generation = generation
        self.secret = secret
        tag = Self.tag(sessionID: sessionID, generation: generation, secret: secret, key: tagKey)
    }

    /// Reads a token's text; nil when it has not the form of one.
    init?(_ text: String) {
        guard text.utf8.count < 128, text.hasPrefix(Self.prefix),
            let bytes = Base64.url.decode(text.utf8.dropFirst(Self.prefix.utf8.count)), bytes.count == Self.length
        else { return nil }
        sessionID = UUIDText.text(bytes[..<16])
        guard UUIDText.bytes(sessionID) == Array(bytes[..<16]) else { return nil }
        generation = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
        secret = Array(bytes[20..<(20 + Self.secretLength)])
        tag = Array(bytes[(20 + Self.secretLength)...])
    }

    /// What the client gets.
    var text: String {
        Self.prefix
            + Base64.url.encode(Self.message(sessionID: sessionID, generation: generation, secret: secret) + tag)
    }

    /// Whether it was issued, by the key of its session.
    func isGenuine(tagKey: Data) -> Bool {
        ConstantTime.areEqual(
            tag, Self.tag(sessionID: sessionID, generation: generation, secret: secret, key: tagKey))
    }

    /// What is stored of it.
    var hash: Data { sha256(secret) }

    /// The secret of its successor. Whoever has this token and the rotation's secret can derive it again; the database
    /// has only the latter.
    func successorSecret(rotation: Data) -> [UInt8] { hmac(Array("refresh".utf8) + secret, key: rotation) }

    /// The id of the access token that comes with its successor, derived the same way.
    func successorTokenID(rotation: Data) -> String {
        UUIDText.text(hmac(Array("access".utf8) + secret, key: rotation))
    }

    var description: String { "rt_…" }

    private static func message(sessionID: String, generation: Int, secret: [UInt8]) -> [UInt8] {
        let number = UInt32(truncatingIfNeeded: generation)
        let digits = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        return (UUIDText.bytes(sessionID) ?? []) + digits + secret
    }

    private static func tag(sessionID: String, generation: Int, secret: [UInt8], key: Data) -> [UInt8] {
        Array(hmac(message(sessionID: sessionID, generation: generation, secret: secret), key: key).prefix(tagLength))
    }
}
