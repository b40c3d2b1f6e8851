#if Server
import BkendWire
import HTTPTypes

/// A path of the accounts (rest-api.md §8, §8a), read from its decoded segments.
enum AccountRoute: Hashable, Sendable {
    /// `/v1/auth/email/signup`
    case signUp
    /// `/v1/auth/email/signin`
    case signIn
    /// `/v1/auth/refresh`
    case refresh
    /// `/v1/auth/me`
    case me
    /// `/v1/auth/signout`
    case signOut
    /// `/v1/auth/sessions`
    case sessions
    /// `/v1/auth/sessions/:id`
    case session(String)
    /// `/v1/auth/password/change`
    case changePassword
    /// `/v1/auth/password/reset/request`
    case requestPasswordReset
    /// `/v1/auth/password/reset/confirm`
    case confirmPasswordReset
    /// `/v1/auth/withdraw`
    case withdraw
    /// `/v1/users`
    case users
    /// `/v1/users/:id`
    case user(String)
    /// `/v1/users/:id/profile`
    case profile(of: String)
    /// `/v1/users/:id/role`
    case role(of: String)
    /// `/v1/data/users`: the administrators' read-only view (rest-api.md §2).
    case usersView
    /// `/v1/data/users/:id`
    case userView(String)

    /// The route of the segments after `/v1/auth`, nil when they lead nowhere.
    init?(auth segments: ArraySlice<String>) {
        switch Array(segments) {
        case ["email", "signup"]: self = .signUp
        case ["email", "signin"]: self = .signIn
        case ["refresh"]: self = .refresh
        case ["me"]: self = .me
        case ["signout"]: self = .signOut
        case ["sessions"]: self = .sessions
        case ["password", "change"]: self = .changePassword
        case ["password", "reset", "request"]: self = .requestPasswordReset
        case ["password", "reset", "confirm"]: self = .confirmPasswordReset
        case ["withdraw"]: self = .withdraw
        case let path where path.count == 2 && path[0] == "sessions" && !path[1].isEmpty: self = .session(path[1])
        default: return nil
        }
    }

    /// The route of the segments after `/v1/users`, nil when they lead nowhere.
    init?(users segments: ArraySlice<String>) {
        let path = Array(segments)
        switch path.count {
        case 0: self = .users
        case 1 where !path[0].isEmpty: self = .user(path[0])
        case 2 where !path[0].isEmpty && path[1] == "profile": self = .profile(of: path[0])
        case 2 where !path[0].isEmpty && path[1] == "role": self = .role(of: path[0])
        default: return nil
        }
    }

    /// The route of the segments after `/v1/data/users`, nil when they lead nowhere.
    init?(usersView segments: ArraySlice<String>) {
        switch segments.count {
        case 0: self = .usersView
        case 1: self = .userView(segments[segments.startIndex])
        default: return nil
        }
    }

    /// The methods that the route answers, beside `OPTIONS`; `HEAD` goes with `GET`.
    var methods: [String] {
        switch self {
        case .signUp, .signIn, .refresh, .signOut, .changePassword, .requestPasswordReset, .confirmPasswordReset:
            ["POST"]
        case .me, .sessions, .usersView, .userView: ["GET", "HEAD"]
        case .session, .withdraw: ["DELETE"]
        case .users: ["GET", "HEAD", "POST"]
        case .user: ["GET", "HEAD", "PATCH", "DELETE"]
        case .profile: ["GET", "HEAD", "PATCH"]
        case .role: ["PATCH"]
        }
    }

    /// Whether the route reads a body by that method.
    func takesBody(_ method: HTTPRequest.Method) -> Bool {
        switch self {
        case .signOut, .session, .withdraw: false
        default: method == .post || method == .patch
        }
    }

    /// Whether the route serves those who have no good token, and so passes one over: clients send theirs along with
    /// everything, and the one that they refresh is mostly an expired one.
    var isOpen: Bool {
        switch self {
        case .signUp, .signIn, .refresh, .requestPasswordReset, .confirmPasswordReset: true
        default: false
        }
    }

    /// What a key's scopes must allow on `users`; nil for what callers do to their own account alone.
    func operation(_ method: String) -> TableOperation? {
        switch self {
        case .users: method == "POST" ? .create : .list
        case .usersView: .list
        case .userView: .read
        case .user, .profile:
            switch method {
            case "PATCH": .update
            case "DELETE": .delete
            default: .read
            }
        case .role: .update
        default: nil
        }
    }
}
#endif
