import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

@Suite struct AccountRouteTests {
    @Test(
        "A path of the accounts leads to its route",
        arguments: [
            ("/v1/auth/me/", "/v1/auth/me", ""), ("/v1/auth/sessions/a", "/v1/auth/sessions/:id", "a"),
            ("/v1/auth/sessions/", "/v1/auth/sessions", ""), ("/v1/users/", "/v1/users", ""),
            ("/v1/users/a%2Fb", "/v1/users/:id", "a/b"), ("/v1/users/a/profile", "/v1/users/:id/profile", "a"),
            ("/v1/users/a/role", "/v1/users/:id/role", "a"), ("/v1/data/users", "/v1/data/users", ""),
            ("/v1/data/users/a", "/v1/data/users/:id", "a"), ("/v1/data/users/spec", "/v1/data/users/:id", "spec"),
        ])
    func routes(path: String, pattern: String, id: String) throws {
        let match = try RouteTree.all.match(path.utf8)
        #expect(match.pattern == pattern)
        #expect(match.id == id)
        #expect(match.table.isEmpty)
    }

    @Test(
        "A path beside them is 404",
        arguments: [
            "/v1/auth", "/v1/auth/", "/v1/auth/email", "/v1/auth/email/signup/x", "/v1/auth/sessions/a/b",
            "/v1/auth/sessions//", "/v1/auth/password", "/v1/auth/password/reset", "/v1/auth/google/authorize",
            "/v1/users/a/b", "/v1/users//", "/v1/users//role", "/v1/users/a/role/x", "/v1/data/users/a/b",
            "/v1/data/users//",
        ])
    func unknown(path: String) {
        let error = #expect(throws: ErrorBody.self) { try RouteTree.all.match(path.utf8) }
        #expect(error?.code == .routeNotFound)
    }

    @Test(
        "Another method is 405 and told which there are",
        arguments: [
            ("GET", "/v1/auth/email/signup", "POST, OPTIONS"), ("POST", "/v1/auth/me", "GET, HEAD, OPTIONS"),
            ("GET", "/v1/auth/withdraw", "DELETE, OPTIONS"), ("DELETE", "/v1/users/x/role", "PATCH, OPTIONS"),
            ("POST", "/v1/data/users", "GET, HEAD, OPTIONS"), ("DELETE", "/v1/data/users/x", "GET, HEAD, OPTIONS"),
        ])
    func methods(method: String, path: String, allowed: String) async throws {
        try await withAccounts { server in
            let answer = try await server.admin.send(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == allowed)
        }
    }

    @Test(
        "A wrong body is a 400 that names the member",
        arguments: [
            ("/v1/auth/email/signin", #"{"email":"a@example.com","password":{"$ne":null}}"#, "password"),
            ("/v1/auth/email/signin", #"{"email":{"$gt":""},"password":"abc123"}"#, "email"),
            ("/v1/auth/email/signup", #"{"email":"no address","password":"abc123"}"#, "email"),
            ("/v1/auth/email/signup", #"{"email":"a@example.com","password":"abc"}"#, "password"),
            ("/v1/auth/email/signup", #"{"email":"a@example.com","password":"abc123","name":1}"#, "name"),
            ("/v1/auth/refresh", #"{"refreshToken":["x"]}"#, "refreshToken"),
            ("/v1/auth/refresh", "{}", "refreshToken"),
            ("/v1/auth/password/reset/confirm", #"{"email":"a@example.com","newPassword":"abc123"}"#, "token"),
            ("/v1/auth/email/signin", "[]", "body"), ("/v1/auth/email/signin", "{", "body"),
        ])
    func wrongBodies(path: String, body: String, field: String) async throws {
        try await withAccounts { server in
            let answer = try await server.guest.send("POST", path, body: Array(body.utf8))
            #expect(answer.status == 400)
            #expect(answer.fields == [field])
        }
    }

    @Test("Accounts need a key, and a body of JSON")
    func conditions() async throws {
        try await withAccounts { server in
            let bare = TestClient(server.url)
            #expect(try await bare.post("/v1/auth/email/signin", [:]).code == "data/invalid-header")
            let form = try await server.guest.send(
                "POST", "/v1/auth/email/signin", body: Array("email=a".utf8), type: "application/x-www-form-urlencoded")
            #expect(form.status == 415)
            let large = [UInt8](repeating: 0x20, count: ServerLimits().bodyBytes + 1)
            #expect(try await server.guest.send("POST", "/v1/auth/refresh", body: large).status == 413)
        }
    }
}
