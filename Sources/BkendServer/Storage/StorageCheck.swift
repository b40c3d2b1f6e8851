import BkendAccounts
import BkendStorage

/// What a request relied on before its turn came, and must still hold in its snapshot or transaction.
struct StorageCheck: Sendable {
    private let userID: String
    private let sessionID: String

    /// What a caller is known by: the session of the access token; nil for a key alone.
    init?(_ caller: Caller) {
        guard let userID = caller.userID, let sessionID = caller.sessionID else { return nil }
        self.userID = userID
        self.sessionID = sessionID
    }

    /// Looks.
    ///
    /// - Throws: `ErrorBody` with a 401 when the session has ended.
    func run(in session: any SQLSession) throws {
        try Accounts.checkSession(sessionID, of: userID, in: session)
    }
}
