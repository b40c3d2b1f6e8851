#if Server
import BkendWire

/// Who may do what to users (rest-api.md §8a): users manage themselves, admins manage all. Pure, and the only place.
enum UserRules {
    enum Action: CaseIterable, Sendable {
        case list, create, read, update, delete, changeRole
    }

    enum Verdict: Equatable, Sendable {
        case allowed
        /// Signing in might help.
        case signInFirst
        case forbidden
    }

    /// Decides on an action by a caller on a user; `list` and `create` have none.
    static func verdict(on action: Action, by caller: AccountCaller, to userID: String?) -> Verdict {
        if caller.isAdmin { return .allowed }
        guard let own = caller.userID else { return .signInFirst }
        switch action {
        case .list, .create, .changeRole: return .forbidden
        case .read, .update, .delete: return userID?.hasSameBytes(as: own) ?? false ? .allowed : .forbidden
        }
    }

    /// The verdict as an error. Another's id is refused before it is looked up, so that ids can't be probed.
    static func check(_ action: Action, by caller: AccountCaller, to userID: String? = nil) throws(ErrorBody) {
        switch verdict(on: action, by: caller, to: userID) {
        case .allowed: break
        case .signInFirst: throw AccountCaller.mustSignIn
        case .forbidden:
            throw ErrorBody(.userForbidden, "only an administrator may do this; users manage themselves alone")
        }
    }
}
#endif
