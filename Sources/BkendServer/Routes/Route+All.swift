import BkendAccounts
import BkendWire
import HTTPTypes

// The table of routes. A new route is one entry here, and a row in docs/budgets.md, which a test asks for.

extension Route {
    /// Every route.
    static let all: [Route] =
        [
            Route(
                .get, "/health", takesTokens: false, budget: RouteBudget.health,
                handler: .open { RouteAnswer(.ok, ["status": "ok"]) })
        ] + records + changes + signIn + users + files

    /// Tables and their records (rest-api.md §2 to §7).
    private static let records: [Route] = [
        .records(.get, "/v1/data/:table", budget: RouteBudget.page) { call in
            try await RecordRoutes(call).list(call.table, query: call.query)
        },
        .records(.post, "/v1/data/:table", budget: RouteBudget.create) { call in
            let (body, caller) = try await call.body()
            return try await RecordRoutes(call, by: caller).create(in: call.table, body)
        },
        .records(.get, "/v1/data/:table/:id", budget: RouteBudget.record) { call in
            try await RecordRoutes(call).get(call.id, in: call.table)
        },
        .records(.patch, "/v1/data/:table/:id", budget: RouteBudget.update) { call in
            let (body, caller) = try await call.body()
            return try await RecordRoutes(call, by: caller).update(call.id, in: call.table, body)
        },
        .records(.delete, "/v1/data/:table/:id", budget: RouteBudget.delete) { call in
            try await RecordRoutes(call).delete(call.id, in: call.table)
        },
        .records(.get, "/v1/data/:table/spec", budget: RouteBudget.spec) { call in
            try await RecordRoutes(call).spec(of: call.table)
        },
        .records(.get, "/v1/data/:table/openapi", isWrapped: false, budget: RouteBudget.spec) { call in
            try await RecordRoutes(call).openAPI(of: call.table, isWrapped: call.isProjectWrapped)
        },
    ]

    /// The change feed (docs/extensions.md, "Change feed").
    private static let changes: [Route] = [
        .records(.post, "/x1/changes", isWrapped: false, budget: RouteBudget.changes) { call in
            guard call.services.configuration.offersChanges else { throw Route.unknown }
            let (body, caller) = try await call.body()
            if call.services.configuration.offersStreams, call.wantsEvents {
                return try await call.stream(of: body, caller)
            }
            return try await RecordRoutes(call, by: caller).changes(body)
        }
    ]

    /// Signing in and out, and what users do to their own account (rest-api.md §8).
    private static let signIn: [Route] = [
        .accounts(.post, "/v1/auth/email/signup", takesTokens: false, budget: RouteBudget.hashing) { call in
            try await call.accounts.signUp(call.fields().fields, client: call.clientInfo)
        },
        .accounts(.post, "/v1/auth/email/signin", takesTokens: false, budget: RouteBudget.hashing) { call in
            try await call.accounts.signIn(call.fields().fields, client: call.clientInfo)
        },
        .accounts(.post, "/v1/auth/refresh", takesTokens: false, budget: RouteBudget.accountChange) { call in
            try await call.accounts.refresh(call.fields().fields, client: call.clientInfo)
        },
        .accounts(.get, "/v1/auth/me", budget: RouteBudget.account) { call in
            try await call.accounts.me(call.caller)
        },
        .accounts(.post, "/v1/auth/signout", budget: RouteBudget.accountRemoval) { call in
            try await call.accounts.signOut(call.caller)
        },
        .accounts(.get, "/v1/auth/sessions", budget: RouteBudget.accountList) { call in
            let items = try QueryItem.decode(call.query)
            try ListParameters.sessions.check(items)
            return try await call.accounts.sessions(call.caller, page: Query(queryItems: items).page)
        },
        .accounts(.delete, "/v1/auth/sessions/:id", budget: RouteBudget.accountRemoval) { call in
            try await call.accounts.endSession(call.id, call.caller)
        },
        .accounts(.post, "/v1/auth/password/change", budget: RouteBudget.hashing) { call in
            let (fields, caller) = try await call.fields()
            return try await call.accounts.changePassword(fields, caller, client: call.clientInfo)
        },
        .accounts(
            .post, "/v1/auth/password/reset/request", takesTokens: false, budget: RouteBudget.mailing
        ) { call in
            try await call.accounts.requestPasswordReset(
                call.fields().fields, client: call.clientInfo, requestID: call.requestID)
        },
        .accounts(
            .post, "/v1/auth/password/reset/confirm", takesTokens: false, budget: RouteBudget.hashing
        ) { call in
            try await call.accounts.confirmPasswordReset(call.fields().fields, client: call.clientInfo)
        },
        .accounts(.delete, "/v1/auth/withdraw", budget: RouteBudget.accountRemoval) { call in
            try await call.accounts.withdraw(call.caller)
        },
    ]

    /// What administrators do to users, and users to themselves (rest-api.md §8a), and the read-only view of users as a
    /// table (rest-api.md §2).
    private static let users: [Route] = [
        .accounts(.get, "/v1/users", usersScope: .list, budget: RouteBudget.accountList) { call in
            try await call.accounts.users(UserList(queryItems: QueryItem.decode(call.query)), call.caller)
        },
        .accounts(.post, "/v1/users", usersScope: .create, budget: RouteBudget.hashing) { call in
            let (fields, caller) = try await call.fields()
            return try await call.accounts.createUser(fields, caller)
        },
        .accounts(.get, "/v1/users/:id", usersScope: .read, budget: RouteBudget.account) { call in
            try await call.accounts.user(call.id, call.caller)
        },
        .accounts(.patch, "/v1/users/:id", usersScope: .update, budget: RouteBudget.accountChange) { call in
            let (fields, caller) = try await call.fields()
            return try await call.accounts.updateUser(call.id, fields, caller)
        },
        .accounts(.delete, "/v1/users/:id", usersScope: .delete, budget: RouteBudget.accountRemoval) { call in
            try await call.accounts.deleteUser(call.id, call.caller)
        },
        .accounts(.get, "/v1/users/:id/profile", usersScope: .read, budget: RouteBudget.account) { call in
            try await call.accounts.user(call.id, call.caller)
        },
        .accounts(.patch, "/v1/users/:id/profile", usersScope: .update, budget: RouteBudget.accountChange) { call in
            let (fields, caller) = try await call.fields()
            let answer = try await call.accounts.updateUser(call.id, fields, caller)
            try await call.environment.files.keepAvatar(named: fields, of: call.id, caller)
            return answer
        },
        .accounts(.patch, "/v1/users/:id/role", usersScope: .update, budget: RouteBudget.accountChange) { call in
            let (fields, caller) = try await call.fields()
            return try await call.accounts.changeRole(of: call.id, fields, caller)
        },
        .accounts(.get, "/v1/data/users", usersScope: .list, budget: RouteBudget.accountList) { call in
            try call.checkAdmin()
            return try await call.accounts.users(UserList(queryItems: QueryItem.decode(call.query)), call.caller)
        },
        .accounts(.get, "/v1/data/users/:id", usersScope: .read, budget: RouteBudget.account) { call in
            try call.checkAdmin()
            return try await call.accounts.user(call.id, call.caller)
        },
    ]

    /// A route of records.
    private static func records(
        _ method: HTTPRequest.Method, _ pattern: String, isWrapped: Bool = true,
        budget: @escaping @Sendable (ServerLimits) -> RouteBudget,
        _ answer: @escaping @Sendable (RouteCall) async throws -> RouteAnswer
    ) -> Route {
        Route(method, pattern, isWrapped: isWrapped, budget: budget, handler: .keyed(answer))
    }

    /// A route of accounts.
    private static func accounts(
        _ method: HTTPRequest.Method, _ pattern: String, takesTokens: Bool = true, usersScope: TableOperation? = nil,
        budget: @escaping @Sendable (ServerLimits) -> RouteBudget,
        _ answer: @escaping @Sendable (RouteCall) async throws -> AccountAnswer
    ) -> Route {
        Route(
            method, pattern, takesTokens: takesTokens, usersScope: usersScope, budget: budget,
            handler: .keyed { call in RouteAnswer(try await answer(call)) })
    }
}

extension RouteAnswer {
    /// An answer of the accounts. Tokens and personal data are for the client alone (RFC 6749 §5.1).
    fileprivate init(_ answer: AccountAnswer) {
        self.init(HTTPResponse.Status(code: answer.status), answer.body)
        headers[.cacheControl] = "no-store"
    }
}
