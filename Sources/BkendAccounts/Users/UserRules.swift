import BkendWire

/// Who may do what to users (rest-api.md §8a): users manage themselves, admins manage all. Pure, and the only place.
enum UserRules {
    enum Action: CaseIterable, Sendable {
        case list, create, read, update, delete
        /// Gives a user a role other than the one that who signs up gets, or takes one away.
        case changeRole
    }

    enum Verdict: Equatable, Sendable {
        case allowed
        /// Signing in might help.
        case signInFirst
        case forbidden
        /// The key's scopes are too narrow.
        case keyIsLimited
    }

    /// Decides on an action by a caller on a user; `list` and `create` have none.
    static func verdict(on action: Action, by caller: Caller, to userID: String?) -> Verdict {
        // Scopes come first, and bind administrators too (rest-api.md §1, §7).
        if action == .changeRole, caller.isLimited { return .keyIsLimited }
        if caller.isAdmin { return .allowed }
        guard let own = caller.userID else { return .signInFirst }
        switch action {
        case .list, .create, .changeRole: return .forbidden
        case .read, .update, .delete: return userID?.hasSameBytes(as: own) ?? false ? .allowed : .forbidden
        }
    }

    /// The verdict as an error. Another's id is refused before it is looked up, so that ids can't be probed.
    static func check(_ action: Action, by caller: Caller, to userID: String? = nil) throws(ErrorBody) {
        switch verdict(on: action, by: caller, to: userID) {
        case .allowed: break
        case .keyIsLimited:
            throw ErrorBody(
                .scopeInsufficient,
                "the API key's scopes don't include *:*; roles are given by keys that may do everything")
        case .signInFirst: throw Caller.mustSignIn
        case .forbidden:
            throw ErrorBody(.userForbidden, "only an administrator may do this; users manage themselves alone")
        }
    }
}
