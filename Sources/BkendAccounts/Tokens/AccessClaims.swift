import BkendWire
import JWTKit

/// What an access token says (RFC 7519 §4.1). The role isn't in it: it is read from the store at each use, so that a
/// demotion works at once.
package struct AccessClaims: JWTPayload, Hashable {
    /// Who issued it.
    package var iss: String
    /// The project and environment that it is good for.
    package var aud: String
    /// The user's id.
    package var sub: String
    /// The session's id.
    package var sid: String
    /// The token's own id, fresh each time.
    package var jti: String
    /// When it was issued, in seconds since 1970.
    package var iat: Int64
    /// From when it is good.
    package var nbf: Int64
    /// From when it is no longer good.
    package var exp: Int64

    init(iss: String, aud: String, sub: String, sid: String, jti: String, issuedAt: Timestamp, lifetime: Int) {
        self.iss = iss
        self.aud = aud
        self.sub = sub
        self.sid = sid
        self.jti = jti
        iat = issuedAt.milliseconds / 1_000
        nbf = iat
        exp = iat + Int64(lifetime)
    }

    /// Nothing: JWTKit has no clock to give; `check` does it.
    package func verify(using algorithm: some JWTAlgorithm) async throws {}

    /// Seconds that a clock may have been set back since a token was issued.
    static let leeway: Int64 = 60

    /// Checks everything that the signature doesn't.
    ///
    /// - Throws: 403 for another environment's token, which is told first: it is wrong at any time. Then 401.
    func check(issuer: String, audience: String, now: Timestamp) throws(ErrorBody) {
        let seconds = now.milliseconds / 1_000
        guard iss.hasSameBytes(as: issuer) else { throw TokenRefusal.notOurs }
        guard aud.hasSameBytes(as: audience) else {
            throw ErrorBody(
                .projectAccessDenied, "the access token was issued for another project or environment than the key's")
        }
        guard seconds < exp else { throw ErrorBody(.tokenExpired, "the access token has expired; refresh it") }
        guard seconds + Self.leeway >= max(nbf, iat) else {
            throw ErrorBody(.invalidToken, "the access token is not valid yet")
        }
    }
}

/// Why a token is refused, in words that help its owner and no forger.
enum TokenRefusal {
    static let malformed = ErrorBody(
        .invalidTokenFormat, "the header Authorization carries no access token (three parts of base64url)")
    static let notOurs = ErrorBody(.invalidToken, "the access token was not issued by this server")
    static let sessionEnded = ErrorBody(.sessionExpired, "the session has ended; sign in again")
}
