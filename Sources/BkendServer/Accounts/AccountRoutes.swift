#if Server
import BkendAccounts
import BkendWire
import HTTPTypes
import HummingbirdCore

/// The account operations of one request: reads what the request says, and leaves the rest to `Accounts`.
struct AccountRoutes: Sendable {
    let environment: OpenEnvironment
    let key: ResolvedKey
    /// The key, looked up anew: it may have ended since, or have other scopes.
    let keyNow: @Sendable () throws -> ResolvedKey
    let limits: ServerLimits
    /// The client's IP address.
    let client: ClientAddress?

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - token: the access token that came with it.
    ///   - trace: told who is calling.
    func answer(
        _ route: AccountRoute, _ request: Request, query: Substring, token: Substring?, trace: inout RequestTrace
    ) async throws -> RouteAnswer {
        let token = route.isOpen ? nil : token
        var caller = try await caller(token, key)
        let operation = route.operation(request.method.rawValue)
        if let operation { try Self.checkScopes(key.scopes, for: operation) }
        trace.userID = caller.userID
        trace.group = caller.group
        let client = ClientInfo(address: client?.description, userAgent: request.headers[.userAgent])
        let answer: AccountAnswer
        if request.method == .get || request.method == .head {
            answer = try await read(route, caller, query: query)
        } else {
            let body = route.takesBody(request.method) ? try await body(of: request, on: route) : [:]
            // The body may have taken its time: key and session may have ended meanwhile, or scopes and role changed.
            let key = try keyNow()
            if let operation { try Self.checkScopes(key.scopes, for: operation) }
            caller = try await self.caller(token, key)
            answer = try await write(route, caller, client, request.method, body, requestID: trace.id)
        }
        var routed = RouteAnswer(HTTPResponse.Status(code: answer.status), answer.body)
        // Tokens and personal data are for the client alone (RFC 6749 §5.1).
        routed.headers[.cacheControl] = "no-store"
        return routed
    }

    private func caller(_ token: Substring?, _ key: ResolvedKey) async throws -> Caller {
        guard let token else { return Caller(key: key) }
        return try await environment.caller(of: token).with(key)
    }

    private func read(_ route: AccountRoute, _ caller: Caller, query: Substring) async throws -> AccountAnswer {
        let accounts = environment.accounts
        switch route {
        case .me: return try await accounts.me(caller)
        case .sessions:
            let items = try QueryItem.decode(query)
            try ListParameters.sessions.check(items)
            return try await accounts.sessions(caller, page: Query(queryItems: items).page)
        case .users: return try await accounts.users(UserList(queryItems: QueryItem.decode(query)), caller)
        case .user(let id), .profile(let id): return try await accounts.user(id, caller)
        case .usersView:
            try checkAdmin(caller)
            return try await accounts.users(UserList(queryItems: QueryItem.decode(query)), caller)
        case .userView(let id):
            try checkAdmin(caller)
            return try await accounts.user(id, caller)
        default: throw Route.unknown
        }
    }

    private func write(
        _ route: AccountRoute, _ caller: Caller, _ client: ClientInfo, _ method: HTTPRequest.Method,
        _ body: JSONObject, requestID: String
    ) async throws -> AccountAnswer {
        let accounts = environment.accounts
        switch route {
        case .signUp: return try await accounts.signUp(body, client: client)
        case .signIn: return try await accounts.signIn(body, client: client)
        case .refresh: return try await accounts.refresh(body, client: client)
        case .signOut: return try await accounts.signOut(caller)
        case .session(let id): return try await accounts.endSession(id, caller)
        case .changePassword: return try await accounts.changePassword(body, caller, client: client)
        case .requestPasswordReset:
            return try await accounts.requestPasswordReset(body, client: client, requestID: requestID)
        case .confirmPasswordReset: return try await accounts.confirmPasswordReset(body, client: client)
        case .withdraw: return try await accounts.withdraw(caller)
        case .users: return try await accounts.createUser(body, caller)
        case .user(let id) where method == .delete: return try await accounts.deleteUser(id, caller)
        case .user(let id), .profile(let id): return try await accounts.updateUser(id, body, caller)
        case .role(let id): return try await accounts.changeRole(of: id, body, caller)
        case .me, .sessions, .usersView, .userView: throw Route.unknown
        }
    }

    private func body(of request: Request, on route: AccountRoute) async throws -> JSONObject {
        let body = try await BodyReader(route.budget(request.method, limits), limits: limits).read(request)
        let json = body.isLarge ? try await environment.store.slowly { try body.json() } : try body.json()
        guard let object = json.objectValue else {
            let message = "the body must be a JSON object, not \(json.typeName)"
            throw ErrorBody(
                "auth/invalid-request", message, details: [.init(field: "body", rule: "type", message: message)])
        }
        return object
    }

    /// Refuses what the key's scopes don't allow on the table `users`.
    static func checkScopes(_ scopes: [KeyScope]?, for operation: TableOperation) throws(ErrorBody) {
        guard let scopes, !scopes.contains(where: { $0.allows(operation, on: "users") }) else { return }
        throw ErrorBody(.scopeInsufficient, "the API key's scopes don't include users:\(operation.rawValue)")
    }

    private func checkAdmin(_ caller: Caller) throws(ErrorBody) {
        guard caller.isAdmin else {
            throw ErrorBody(.systemTableAccess, "users is a system table, open to administrators only")
        }
    }
}
#endif
