import BkendWire

/// Who sends a request: what its key and its access token make of it (rest-api.md §1).
package struct Caller: Hashable, Sendable {
    /// The group that the caller belongs to, exactly one.
    package enum Group: Sendable {
        /// A secret key, or a user of the admin role.
        case admin
        /// A signed-in user.
        case user
        /// Neither.
        case guest
    }

    /// The caller's group.
    package var group: Group
    /// The signed-in user; nil for a key alone.
    package var userID: String?
    /// The user's role now, not when the token was issued.
    package var role: String?
    /// The session that the access token belongs to.
    package var sessionID: String?
    /// What the key is limited to; nil for no limit.
    package var scopes: [KeyScope]?

    /// A caller.
    package init(
        _ group: Group, userID: String? = nil, role: String? = nil, sessionID: String? = nil, scopes: [KeyScope]? = nil
    ) {
        self.group = group
        self.userID = userID
        self.role = role
        self.sessionID = sessionID
        self.scopes = scopes
    }

    /// A signed-in user with a publishable key. The role `admin` makes the caller an administrator.
    package init(userID: String, role: String = "user", sessionID: String? = nil) {
        let isAdmin = role.hasSameBytes(as: RoleName.admin)
        self.init(isAdmin ? .admin : .user, userID: userID, role: role, sessionID: sessionID)
    }

    /// A publishable key alone.
    package static let guest = Caller(.guest)
    /// A secret key alone.
    package static let secretKey = Caller(.admin)

    /// Whether the caller is an administrator: sees and changes all records, and manages all users.
    package var isAdmin: Bool { group == .admin }

    /// What `createdBy` of the caller's records holds.
    package var createdBy: String { userID ?? "" }
}

extension Caller {
    /// Whether scopes limit what the key may do. Such a key gives nobody a role: who gets the role `admin` may do
    /// everything by a key without scopes, and what an app's own role may do is for the tables to say.
    var isLimited: Bool { scopes.map { !$0.contains(where: \.isUnlimited) } ?? false }

    /// The id of the signed-in user, without whom the call has no meaning.
    func signedIn() throws(ErrorBody) -> String {
        guard let userID else { throw Self.mustSignIn }
        return userID
    }

    static let mustSignIn = ErrorBody(
        .authenticationRequired, "sign in first, and send the access token in the header Authorization")
}
