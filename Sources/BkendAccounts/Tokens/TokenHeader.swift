import BkendWire

/// A token's header, compared with the only form that this server writes before anything else looks at the token.
/// JWTKit 5.7 takes an unknown or missing `kid`, `alg: none` with a good signature, and any `typ`.
struct TokenHeader: Sendable {
    /// Which key signed the token.
    let keyID: String

    static let algorithm = "HS256"
    static let type = "JWT"
    /// Ours have under 600 bytes.
    static let longestToken = 4_096

    /// Reads the header of a token in its compact form.
    ///
    /// - Throws: `auth/invalid-token-format` when the text is no token, `auth/invalid-token` when it is not one of
    ///   ours.
    init(ofToken token: some StringProtocol) throws(ErrorBody) {
        let parts = token.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw TokenRefusal.malformed }
        let header = try Self.object(parts[0])
        _ = try Self.object(parts[1])
        guard let signature = Base64.url.decode(parts[2]) else { throw TokenRefusal.malformed }
        guard header.count == 3, signature.count == 32,
            let algorithm = header["alg"]?.stringValue, algorithm.hasSameBytes(as: Self.algorithm),
            let type = header["typ"]?.stringValue, type.hasSameBytes(as: Self.type),
            let keyID = header["kid"]?.stringValue
        else { throw TokenRefusal.notOurs }
        self.keyID = keyID
    }

    private static func object(_ part: some Collection<UInt8>) throws(ErrorBody) -> JSONObject {
        guard let bytes = Base64.url.decode(part),
            let object = (try? JSON(parsing: bytes, limits: JSONLimits(depth: 8, values: 64)))?.objectValue
        else { throw TokenRefusal.malformed }
        return object
    }
}
