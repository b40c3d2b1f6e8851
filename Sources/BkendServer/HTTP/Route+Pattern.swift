#if Server
extension Route {
    /// The route with its parameters' names: one text for all tables and ids.
    var pattern: String {
        switch self {
        case .health: "/health"
        case .table: "/v1/data/:table"
        case .record: "/v1/data/:table/:id"
        case .spec: "/v1/data/:table/spec"
        case .openAPI: "/v1/data/:table/openapi"
        case .account(let route): route.pattern
        }
    }
}

extension AccountRoute {
    /// The route with its parameters' names.
    var pattern: String {
        switch self {
        case .signUp: "/v1/auth/email/signup"
        case .signIn: "/v1/auth/email/signin"
        case .refresh: "/v1/auth/refresh"
        case .me: "/v1/auth/me"
        case .signOut: "/v1/auth/signout"
        case .sessions: "/v1/auth/sessions"
        case .session: "/v1/auth/sessions/:id"
        case .changePassword: "/v1/auth/password/change"
        case .requestPasswordReset: "/v1/auth/password/reset/request"
        case .confirmPasswordReset: "/v1/auth/password/reset/confirm"
        case .withdraw: "/v1/auth/withdraw"
        case .users: "/v1/users"
        case .user: "/v1/users/:id"
        case .profile: "/v1/users/:id/profile"
        case .role: "/v1/users/:id/role"
        case .usersView: "/v1/data/users"
        case .userView: "/v1/data/users/:id"
        }
    }
}
#endif
