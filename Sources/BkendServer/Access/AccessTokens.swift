#if Server
import BkendWire

/// A user whose access token has been verified.
package struct SignedInUser: Sendable {
    /// The user's id, as records' `createdBy` carries it.
    package var id: String
    /// The user's role; `admin` makes the caller an administrator.
    package var role: String

    /// A user.
    package init(id: String, role: String = "user") {
        self.id = id
        self.role = role
    }
}

/// Verifies access tokens: the seam between records and accounts.
package protocol AccessTokens: Sendable {
    /// The user of a token in an environment.
    ///
    /// - Throws: `ErrorBody` with a 401, or a 403 when the token belongs to another environment.
    func user(of token: Substring, in environment: EnvironmentName) async throws -> SignedInUser
}

extension Caller {
    /// What key and token make of a request (rest-api.md §1). A secret key stays an administrator's with any token.
    init(key: ResolvedKey, user: SignedInUser?) {
        self.init(key: key)
        guard let user else { return }
        userID = user.id
        role = user.role
        if group == .guest { group = user.role.hasSameBytes(as: "admin") ? .admin : .user }
    }
}
#endif
