import BkendAccounts
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

@Suite struct UserRouteTests {
    @Test("Every route of users asks for a scope")
    func scoped() {
        let users = Route.all.filter { $0.pattern.hasPrefix("/v1/users") || $0.pattern.hasPrefix("/v1/data/users") }
        #expect(users.count == 13)
        for route in users { #expect(route.usersScope != nil, "\(route.method) \(route.pattern)") }
    }

    @Test("Users manage themselves, and know nothing of others")
    func own() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let eve = try await server.signUp("eve@example.com")
            let path = "/v1/users/\(ada.id)"
            #expect(try await ada.client.get(path).json["email"] == "ada@example.com")
            let refused = try await ada.client.patch(path + "/profile", ["nickname": "Countess", "role": "admin"])
            #expect(refused.status == 400 && refused.fields == ["role"])
            let changed = try await ada.client.patch(path + "/profile", ["nickname": "Countess"])
            #expect(changed.status == 200)
            #expect(changed.json["nickname"] == "Countess")
            #expect(changed.json["role"] == "user")
            #expect(try await ada.client.get(path + "/profile").json == changed.json)
            for (method, route) in [("GET", path), ("DELETE", path), ("GET", path + "/profile"), ("GET", "/v1/users")] {
                let answer = try await eve.client.send(method, route)
                #expect(answer.status == 403)
                #expect(answer.code == "user/forbidden")
            }
            #expect(try await eve.client.patch(path, ["name": "x"]).status == 403)
            #expect(try await ada.client.patch(path + "/role", ["role": "admin"]).status == 403)
            #expect(try await server.guest.get(path).code == "common/authentication-required")
            #expect(try await eve.client.get("/v1/data/users").code == "data/system-table-access")
            #expect(try await eve.client.get("/v1/data/users/\(eve.id)").code == "data/system-table-access")
            #expect(try await ada.client.delete(path).json == ["success": true])
            #expect(try await ada.client.get(path).status == 401)
        }
    }

    @Test("A role counts from the next request on, in the records too")
    func roles() async throws {
        let permissions: JSON = ["user": ["create": true]]
        try await withAccounts(tables: ["tables": [["name": "posts", "permissions": permissions]]]) { server in
            let ada = try await server.signUp("ada@example.com")
            #expect(try await ada.client.get("/v1/posts").status == 403)
            let role = "/v1/users/\(ada.id)/role"
            #expect(try await server.admin.patch(role, ["role": "admin"]).json["role"] == "admin")
            #expect(try await ada.client.get("/v1/posts").status == 200)
            #expect(try await ada.client.get("/v1/users").items.count == 1)
            #expect(try await server.admin.patch(role, ["role": "user"]).status == 200)
            #expect(try await ada.client.get("/v1/posts").status == 403)
            #expect(try await server.admin.patch(role, ["role": "no role!"]).fields == ["role"])
        }
    }

    @Test("Administrators make, list, read and delete users")
    func administration() async throws {
        try await withAccounts { server in
            let made = try await server.admin.post(
                "/v1/users", ["email": "bob@example.com", "password": "abc123", "role": "editor"])
            #expect(made.status == 201)
            #expect(made.json["role"] == "editor")
            #expect(try await server.signIn("bob@example.com", "abc123").status == 200)
            _ = try await server.signUp("ada@example.com")
            let page = try await server.admin.list("/v1/users", [("limit", "1"), ("sortBy", "email")])
            #expect(page.items.map { $0["email"] } == ["bob@example.com"])
            #expect(page.text.contains(#""hasNext":true"#))
            #expect(try await server.admin.list("/v1/data/users", [("search", "ADA")]).items.count == 1)
            #expect(try await server.admin.get("/v1/data/users/\(made.id)").json["email"] == "bob@example.com")
            #expect(try await server.admin.list("/v1/users", [("includeAccounts", "true")]).items.count == 2)
            for path in ["/v1/users", "/v1/data/users"] {
                for (name, value, form) in [
                    ("andFilters", #"{"a":1}"#, ""), ("filter[role]", "admin", ""), ("email", "a@b.c", ""),
                    ("pageSize", "5", "; write limit=5."), ("q", "ada", "; write search=ada."),
                    ("orderBy", "email:asc", "; write sortBy=email&sortDirection=asc."), ("select", "id", ""),
                ] {
                    let answer = try await server.admin.list(path, [(name, value)])
                    #expect(answer.status == 400 && answer.code == "data/validation-error", "\(name)")
                    #expect(answer.fields == [name], "\(answer.message)")
                    #expect(form.isEmpty || answer.message.contains(form), "\(answer.message)")
                }
            }
            let sessions = try await server.signUp("eve@example.com").client
            #expect(try await sessions.get("/v1/auth/sessions?page=1&limit=5&offset=0").status == 200)
            for query in ["sortBy=id", "userId=x", "andFilters=%7B%7D", "search=x"] {
                #expect(try await sessions.get("/v1/auth/sessions?\(query)").status == 400, "\(query)")
            }
            #expect(try await server.admin.delete("/v1/users/\(made.id)").status == 200)
            #expect(try await server.admin.get("/v1/users/\(made.id)").code == "user/not-found")
        }
    }

    @Test(
        "A key's scopes bind the users' routes as those of a table",
        arguments: [
            ("users:read", "GET", "", false), ("users:list", "GET", "", true), ("posts:*", "GET", "", false),
            ("*:list", "GET", "", true), ("users:read", "DELETE", "/x", false), ("users:*", "DELETE", "/x", true),
            ("users:create", "PATCH", "/x/role", false), ("users:update", "PATCH", "/x/role", true),
        ])
    func scopes(scope: String, method: String, path: String, isAllowed: Bool) throws {
        let route = try #require(RouteTree.all.route("/v1/users" + path, method))
        let operation = try #require(route.usersScope)
        let caller = Caller(.admin, scopes: [try #require(KeyScope(scope))])
        if isAllowed {
            try caller.checkScopes(for: operation, on: "users")
        } else {
            let error = #expect(throws: ErrorBody.self) { try caller.checkScopes(for: operation, on: "users") }
            #expect(error?.code == .scopeInsufficient)
        }
        try Caller.secretKey.checkScopes(for: operation, on: "users")
    }
}
