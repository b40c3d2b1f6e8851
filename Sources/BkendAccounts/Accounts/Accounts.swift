import BkendStorage
import BkendWire
import Logging

/// The accounts of one environment: everything of rest-api.md §8 but HTTP.
///
/// Every method that stands for a route takes the caller, the body as it was parsed, and gives the answer. It throws
/// `ErrorBody`, `TooManyRequests` or `QueueRefused` for the client, and anything else where the server failed.
package final class Accounts: Sendable {
    let configuration: AccountsConfiguration
    let database: any AccountsDatabase
    let passwords: Passwords
    let mail: any MailSender
    let gate: Gate
    let random: RandomBytes
    let logger: Logger
    let background: Background
    let mailFailed: @Sendable () -> Void
    let mailWithheld: @Sendable () -> Void
    let housekeeping = Housekeeping()
    /// Done in the transaction that deletes a user: what goes with them.
    let whenDeleted: @Sendable (any SQLTransaction, _ userID: String) throws -> Void
    private let tokens: TokenAuthority
    /// The time that limits and tokens go by. What is written is stamped by the time of its transaction, whose turn may
    /// be seconds away: a stamp from before would lie behind what others have read by then.
    private let clock: @Sendable () -> Timestamp

    /// The accounts in a database whose tables `AccountSchema.prepare` has made.
    ///
    /// - Parameters:
    ///   - tokens: issues and verifies access tokens; one for all environments of a server.
    ///   - hasher: computes scrypt; one for all environments, since it bounds the memory in use.
    ///   - mailBound: how many mails may wait to be sent; one that comes past it is dropped.
    ///   - mailFailed: called for each mail that a user asked for and that could not be sent.
    ///   - mailWithheld: called for each mail that the limit of its account held back.
    ///   - whenDeleted: done in the transaction that deletes a user.
    package init(
        _ configuration: AccountsConfiguration, database: any AccountsDatabase, tokens: TokenAuthority,
        hasher: any PasswordHasher, mail: any MailSender, logger: Logger, random: RandomBytes = .system,
        mailBound: Int = 1_000, mailFailed: @escaping @Sendable () -> Void = {},
        mailWithheld: @escaping @Sendable () -> Void = {},
        whenDeleted: @escaping @Sendable (any SQLTransaction, _ userID: String) throws -> Void = { _, _ in },
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.whenDeleted = whenDeleted
        self.configuration = configuration
        self.database = database
        self.tokens = tokens
        self.mail = mail
        self.logger = logger
        self.random = random
        self.mailFailed = mailFailed
        self.mailWithheld = mailWithheld
        background = Background(limit: mailBound)
        passwords = Passwords(hasher: hasher, parameters: configuration.scrypt, random: random)
        gate = Gate(configuration.limits)
        clock = now
    }

    var now: Timestamp { clock() }

    /// Waits for mails that are still being sent; a server that stops calls it last.
    package func drained() async { await background.drained() }
}

// MARK: Access tokens

extension Accounts {
    /// The user of an access token: signature, environment and time are right, and the session is alive.
    package func authenticate(_ token: some StringProtocol & Sendable) async throws -> Caller {
        let claims = try await claims(of: token)
        return try await database.read { db in try Self.caller(of: claims, in: db) }
    }

    /// The claims of an access token that is good now, wherever its session stands; touches no database.
    package func claims(of token: some StringProtocol & Sendable) async throws -> AccessClaims {
        try await tokens.claims(of: token, audience: configuration.audience, now: now)
    }

    /// The second half of `authenticate`: one read by primary key, to be made in the snapshot in which the caller reads
    /// anyway. It sees every end of a session and change of role at once, by whichever process.
    package static func caller(of claims: AccessClaims, in db: any SQLSession) throws -> Caller {
        Caller(userID: claims.sub, role: try role(in: claims.sid, of: claims.sub, db), sessionID: claims.sid)
    }

    /// The role of a user who may act without a session of theirs at hand: by an address that was signed for them. Nil when
    /// the user is deleted or disabled, or there is none.
    package static func activeRole(of userID: String, in db: any SQLSession) throws -> String? {
        guard let user = try UserStore.user(db, id: userID), user.disabledAt == nil else { return nil }
        return user.role
    }

    /// Looks whether a session is alive.
    ///
    /// - Throws: `ErrorBody` with a 401 when it has ended.
    package static func checkSession(_ id: String, of userID: String, in db: any SQLSession) throws {
        _ = try role(in: id, of: userID, db)
    }

    private static func role(in sessionID: String, of userID: String, _ db: any SQLSession) throws -> String {
        guard let role = try db.first(SessionSQL.check, sessionID, userID, read: { $0.text(0) }) else {
            throw TokenRefusal.sessionEnded
        }
        return role
    }

    /// The pair that goes with a refresh token.
    func tokenAnswer(
        _ refreshToken: RefreshToken, userID: String, tokenID: String, issuedAt: Timestamp
    ) async throws -> JSONObject {
        let claims = AccessClaims(
            iss: tokens.issuer, aud: configuration.audience, sub: userID, sid: refreshToken.sessionID, jti: tokenID,
            issuedAt: issuedAt, lifetime: tokens.lifetime)
        return [
            "accessToken": .string(try await tokens.sign(claims)), "refreshToken": .string(refreshToken.text),
            "tokenType": "Bearer", "expiresIn": .int(Int64(tokens.lifetime)),
        ]
    }
}
