import BkendWire
import Foundation

extension FuzzWorld {
    /// A request that the server should serve; or one that makes what such a request needs, with its route.
    mutating func valid(_ route: FuzzedRoute, _ random: inout FuzzRandom) -> (FuzzedRoute, FuzzRequest) {
        if route.pattern.hasPrefix("/v1/data/:table") { return validData(route, &random) }
        if route.isOfFiles { return validFile(route, &random) }
        var request = FuzzRequest(route.method, route.pattern)
        request.headers = [("X-API-Key", publishableKey)]
        switch (route.method, route.pattern) {
        case (_, "/health"): return (route, request)
        case (_, "/x1/changes"): return validChanges(route, request, &random)
        case (_, "/v1/auth/email/signup"): return signUp(&random)
        case (_, "/v1/auth/email/signin"):
            guard let account = random.pick(accounts.filter { !$0.password.isEmpty }) else { return signUp(&random) }
            request.body = ["email": .string(account.email), "password": .string(account.password)]
        case (_, "/v1/auth/refresh"):
            guard let account = signedIn(&random) else { return signInAgain(&random) }
            request.body = ["refreshToken": .string(account.refresh)]
        case (_, "/v1/auth/password/reset/request"):
            guard let account = random.pick(accounts) else { return signUp(&random) }
            request.body = ["email": .string(account.email)]
        case (_, "/v1/auth/password/reset/confirm"):
            for account in accounts.shuffled(using: &random) {
                guard let token = mailedToken(to: account.email) else { continue }
                request.body = [
                    "email": .string(account.email), "token": .string(token),
                    "newPassword": .string("password \(number)"),
                ]
                return (route, request)
            }
            return valid(FuzzedRoute("POST", "/v1/auth/password/reset/request"), &random)
        case (_, "/v1/users") where route.method == "POST":
            request.headers = [("X-API-Key", secretKey)]
            request.body = [
                "name": "Made", "email": .string(unique("made") + "@example.com"), "password": "made password",
            ]
        case (_, "/v1/users"), (_, "/v1/data/users"):
            request.headers = [("X-API-Key", secretKey)]
            request.query = [("limit", "\(Int.random(in: 1...100, using: &random))")]
            if random.once(in: 3) { request.query.append(("search", random.text())) }
        default: return validOfUser(route, request, &random)
        }
        return (route, request)
    }

    private mutating func validOfUser(
        _ route: FuzzedRoute, _ request: FuzzRequest, _ random: inout FuzzRandom
    ) -> (FuzzedRoute, FuzzRequest) {
        var request = request
        guard let account = signedIn(&random) else { return signInAgain(&random) }
        request.headers.append(("Authorization", "Bearer \(account.access)"))
        request.path = request.path.replacing(":id", with: account.id)
        switch (route.method, route.pattern) {
        case ("POST", "/v1/auth/password/change"):
            request.body = [
                "currentPassword": .string(account.password), "newPassword": .string(unique("new password ")),
            ]
        case ("DELETE", "/v1/auth/sessions/:id"):
            // The session's id stands in the token, between its points.
            guard let session = Self.session(in: account.access) else { return signInAgain(&random) }
            request.path = "/v1/auth/sessions/\(session)"
        case ("PATCH", "/v1/users/:id/role"):
            request.headers = [("X-API-Key", secretKey)]
            request.body = ["role": .string(random.pick(["user", "editor", "guest"]) ?? "user")]
        case ("PATCH", "/v1/users/:id"): request.body = ["name": .string(unique("Name "))]
        case ("PATCH", "/v1/users/:id/profile"):
            request.body = ["name": .string(unique("Name "))]
        case (_, "/v1/data/users/:id"): request.headers = [("X-API-Key", secretKey)]
        default: break
        }
        return (route, request)
    }

    private mutating func validData(
        _ route: FuzzedRoute, _ random: inout FuzzRandom
    ) -> (FuzzedRoute, FuzzRequest) {
        let table = random.pick(Self.tables) ?? "open"
        var request = FuzzRequest(route.method, route.pattern.replacing(":table", with: table))
        let isOpen = table == "open" || table == "strict"
        let isAdmin = route.pattern.hasSuffix("/spec") || route.pattern.hasSuffix("/openapi") || !isOpen
        request.headers = [("X-API-Key", isAdmin ? secretKey : publishableKey)]
        if route.pattern.hasSuffix("/:id") {
            guard let id = random.pick(records[table] ?? []) else {
                return validData(FuzzedRoute("POST", "/v1/data/:table"), &random)
            }
            request.path = "/v1/data/\(table)/\(id)"
        }
        switch route.method {
        case "POST":
            let many = random.once(in: 20) ? random.count() : 0
            request.body =
                many > 0
                ? .array((0..<min(many, 1_000)).map { _ in record(table, &random) }) : record(table, &random)
        case "PATCH":
            request.body =
                table == "strict" ? ["views": .int(Int64.random(in: 0...100, using: &random))] : ["text": "changed"]
            if table == "open", random.once(in: 5) { request.body = ["grown": .string(random.text())] }
        case "GET" where route.pattern == "/v1/data/:table": request.query = query(&random)
        default: break
        }
        return (route, request)
    }

    private mutating func record(_ table: String, _ random: inout FuzzRandom) -> JSON {
        switch table {
        case "strict":
            return [
                "title": "A title", "slug": .string(unique("slug-")), "kind": "kind number 7", "kinds": ["kind 1"],
                "when": "2025-01-08T09:30:00Z", "author": ["name": "Ann"],
            ]
        case "narrow": return ["text": .string(unique("text ")), "secret": "short"]
        default:
            return [
                "n": .int(Int64.random(in: 0...100, using: &random)), "tags": ["a", "b"], "deep": ["a": ["b": [1, 2]]],
                "text": .string(String(repeating: "long ", count: random.once(in: 50) ? 100_000 : 10)),
            ]
        }
    }

    private func query(_ random: inout FuzzRandom) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if random.once(in: 2) { query.append(("limit", "\(Int.random(in: 1...100, using: &random))")) }
        if random.once(in: 3) { query.append(("page", "\(Int.random(in: 1...20, using: &random))")) }
        if random.once(in: 3) { query.append(("sortBy", random.pick(["n", "deep.a", "createdAt", "title"]) ?? "id")) }
        if random.once(in: 4) { query.append(("search", random.pick(["a", "title", "é", "text"]) ?? "a")) }
        if random.once(in: 3) {
            let filter = random.pick([
                #"{"n":{"$gte":10}}"#, #"{"tags":"a"}"#, #"{"text":{"$regex":"^long"}}"#, #"{"n":{"$in":[1,2,null]}}"#,
                #"{"deep.a.b":{"$ne":3},"n":{"$exists":true}}"#, #"{"text":{"$contains":"ong"}}"#,
            ])
            query.append((random.once(in: 2) ? "andFilters" : "orFilters", filter ?? "{}"))
        }
        if random.once(in: 5) { query.append(("select", "n,title")) }
        return query
    }

    private mutating func signUp(_ random: inout FuzzRandom) -> (FuzzedRoute, FuzzRequest) {
        var request = FuzzRequest("POST", "/v1/auth/email/signup")
        request.headers = [("X-API-Key", publishableKey)]
        request.body = [
            "email": .string(unique("user") + "@example.com"), "password": .string(unique("password ")), "name": "User",
        ]
        return (FuzzedRoute("POST", "/v1/auth/email/signup"), request)
    }

    /// Brings an account back that has no tokens.
    private mutating func signInAgain(_ random: inout FuzzRandom) -> (FuzzedRoute, FuzzRequest) {
        let out = accounts.filter { $0.access.isEmpty && !$0.password.isEmpty }
        guard let account = random.pick(out) else { return signUp(&random) }
        var request = FuzzRequest("POST", "/v1/auth/email/signin")
        request.headers = [("X-API-Key", publishableKey)]
        request.body = ["email": .string(account.email), "password": .string(account.password)]
        return (FuzzedRoute("POST", "/v1/auth/email/signin"), request)
    }

    private func signedIn(_ random: inout FuzzRandom) -> Account? {
        random.pick(accounts.filter { !$0.access.isEmpty })
    }

    private static func session(in token: String) -> String? {
        let parts = token.split(separator: ".")
        guard parts.count == 3 else { return nil }
        var text = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
        while !text.count.isMultiple(of: 4) { text += "=" }
        guard let data = Data(base64Encoded: text), let claims = try? JSON(parsing: Array(data)) else { return nil }
        return claims["sid"]?.stringValue
    }
}
