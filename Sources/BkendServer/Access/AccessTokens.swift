import BkendAccounts
import BkendWire

/// Verifies access tokens in the place of the server's own accounts.
package protocol AccessTokens: Sendable {
    /// The user of a token in an environment, as a caller with a publishable key.
    ///
    /// - Throws: `ErrorBody` with a 401, or a 403 when the token belongs to another environment.
    func caller(of token: Substring, in environment: EnvironmentName) async throws -> Caller
}

extension Caller {
    /// What a key makes of a caller without a token.
    init(key: ResolvedKey) { self.init(key.kind == .secret ? .admin : .guest, scopes: key.scopes) }

    /// The caller with that key (rest-api.md §1). A secret key stays an administrator's with any token.
    func with(_ key: ResolvedKey) -> Caller {
        var caller = self
        caller.scopes = key.scopes
        if key.kind == .secret { caller.group = .admin }
        return caller
    }

    /// Refuses what the scopes of the caller's key don't cover, which binds administrators too.
    func checkScopes(for operation: TableOperation, on table: String) throws(ErrorBody) {
        guard let scopes, !scopes.contains(where: { $0.allows(operation, on: table) }) else { return }
        throw ErrorBody(.scopeInsufficient, "the API key's scopes don't include \(table):\(operation.rawValue)")
    }
}
