#if Server
import BkendWire

/// Who asks: what the key and the access token make of a request (rest-api.md §1).
struct Caller: Sendable {
    /// The group that the caller belongs to, exactly one.
    enum Group: Sendable {
        /// A secret key, or a user of the admin role.
        case admin
        /// A signed-in user.
        case user
        /// Neither.
        case guest
    }

    var group: Group
    /// The signed-in user, nil for keys alone.
    var userID: String?
    /// The user's role.
    var role: String?
    /// What the key is limited to, nil for no limit.
    var scopes: [KeyScope]?

    init(_ group: Group, userID: String? = nil, role: String? = nil, scopes: [KeyScope]? = nil) {
        self.group = group
        self.userID = userID
        self.role = role
        self.scopes = scopes
    }

    /// What a key makes of a caller without a token.
    init(key: ResolvedKey) { self.init(key.kind == .secret ? .admin : .guest, scopes: key.scopes) }

    /// What `createdBy` of the caller's records says.
    var createdBy: String { userID ?? "" }
}
#endif
