#if Server
import BkendWire

/// A user whose access token was found good.
package struct AuthenticatedUser: Hashable, Sendable {
    /// The user's id.
    package let id: String
    /// The role now, not when the token was issued.
    package let role: String
    /// The session that the token belongs to.
    package let sessionID: String
}

/// Who asks: what key and token make of a request (rest-api.md §1).
package struct AccountCaller: Hashable, Sendable {
    /// Whether the caller manages all users: a secret key, or a user of the admin role.
    package let isAdmin: Bool
    /// The signed-in user, if any.
    package let user: AuthenticatedUser?
    /// Whether scopes limit what the key may do. Such a key gives nobody a role: who gets the role `admin` may do
    /// everything by a key without scopes, and what an app's own role may do is for the tables to say.
    package let isLimited: Bool

    /// The caller of a request.
    package init(user: AuthenticatedUser?, hasSecretKey: Bool = false, isLimited: Bool = false) {
        self.user = user
        self.isLimited = isLimited
        isAdmin = hasSecretKey || user.map { $0.role.hasSameBytes(as: RoleName.admin) } ?? false
    }

    /// A publishable key alone.
    package static let guest = AccountCaller(user: nil)
    /// A secret key alone.
    package static let secretKey = AccountCaller(user: nil, hasSecretKey: true)

    var userID: String? { user?.id }

    /// The signed-in user, without whom the call has no meaning.
    func signedIn() throws(ErrorBody) -> AuthenticatedUser {
        guard let user else { throw Self.mustSignIn }
        return user
    }

    static let mustSignIn = ErrorBody(
        .authenticationRequired, "sign in first, and send the access token in the header Authorization")
}
#endif
