import BkendAccounts
import BkendWire

/// One environment of a running server: its records, its accounts and its files, in one database.
struct OpenEnvironment: Sendable {
    let store: EnvironmentStore
    let accounts: Accounts
    let files: EnvironmentFiles
    let streams: StreamHub

    /// How long the look at a session may take: one row by its key.
    private static let limit = Duration.seconds(10)

    /// The user of an access token. The signature is checked first, without the database; then one row tells whether
    /// the session lives and which role the user has now.
    ///
    /// - Throws: `ErrorBody`: 401, or 403 when the token belongs to another environment.
    func caller(of token: Substring) async throws -> Caller {
        let claims = try await accounts.claims(of: token)
        return try await store.lookUp(limit: Self.limit) { session, _ in
            try Accounts.caller(of: claims, in: session)
        }
    }
}
