import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct RefreshRouteTests {
    @Test("A refresh rotates the pair, within ten seconds answers the same again, and later takes it for theft")
    func rotation() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await withAccounts(clock: clock) { server in
            let person = try await server.signUp("ada@example.com")
            let laptop = Person(try await server.signIn("ada@example.com"), server)
            clock.set("2026-01-01T00:30:00.000Z")
            let first = try await server.refresh(person.refreshToken)
            #expect(first.status == 200)
            let next = Person(first, server)
            #expect(next.refreshToken != person.refreshToken)
            #expect(next.accessToken != person.accessToken)
            #expect(try await next.client.get("/v1/auth/me").status == 200)
            clock.set("2026-01-01T00:30:09.000Z")
            #expect(try await server.refresh(person.refreshToken).body == first.body)
            clock.set("2026-01-01T00:30:30.000Z")
            let theft = try await server.refresh(person.refreshToken)
            #expect(theft.status == 401)
            #expect(theft.code == "auth/invalid-refresh-token")
            #expect(try await next.client.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await laptop.client.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await server.refresh(next.refreshToken).status == 401)
        }
    }

    @Test("A server that was told to says in each success how long its grace is, also to web pages")
    func announced() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        let tables: JSON = ["tables": [["name": "posts"]]]
        try await withAccounts(
            tables: tables, clock: clock,
            configure: {
                $0.refreshGraceSeconds = 20
                $0.announcesRefreshGrace = true
                $0.offersChanges = false
            }
        ) { server in
            let person = try await server.signUp("ada@example.com")
            let origin = ["Origin": "https://app.example.com"]
            for (method, path) in [
                ("GET", "/v1/posts"), ("GET", "/v1/auth/me"), ("GET", "/health"), ("HEAD", "/v1/posts"),
            ] {
                let answer = try await person.client.send(method, path, origin)
                #expect(answer.status == 200)
                #expect(answer.headers["x-bkend-extensions"] == "refresh-grace=20", "\(method) \(path)")
                #expect(answer.headers["access-control-expose-headers"]?.contains("X-Bkend-Extensions") == true)
            }
            #expect(try await person.client.get("/v1/posts/none").headers["x-bkend-extensions"] == nil)
            let first = try await server.refresh(person.refreshToken)
            #expect(first.headers["x-bkend-extensions"] == "refresh-grace=20")
            clock.set("2026-01-01T00:00:19.000Z")
            #expect(try await server.refresh(person.refreshToken).body == first.body)
            clock.set("2026-01-01T00:00:20.000Z")
            #expect(try await server.refresh(person.refreshToken).status == 401)
        }
    }

    @Test("A server that wasn't told to, or has no grace, announces none", arguments: [(10, false), (0, true)])
    func unannounced(seconds: Int, isAnnounced: Bool) async throws {
        try await withAccounts(
            configure: {
                $0.refreshGraceSeconds = seconds
                $0.announcesRefreshGrace = isAnnounced
                $0.offersChanges = false
            }
        ) { server in
            let person = try await server.signUp("ada@example.com")
            let answer = try await person.client.send("GET", "/v1/auth/me", ["Origin": "https://app.example.com"])
            #expect(answer.status == 200)
            #expect(answer.headers["x-bkend-extensions"] == nil)
            #expect(answer.headers["access-control-expose-headers"]?.contains("X-Bkend") == false)
            #expect(try await server.refresh(person.refreshToken).status == 200)
            #expect(try await server.refresh(person.refreshToken).status == (seconds == 0 ? 401 : 200))
        }
    }

    @Test("An access token lives an hour; the expired one may come along with its refresh")
    func expiry() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await withAccounts(tables: ["tables": [["name": "posts"]]], clock: clock) { server in
            let person = try await server.signUp("ada@example.com")
            clock.set("2026-01-01T01:00:00.000Z")
            #expect(try await person.client.get("/v1/auth/me").code == "auth/token-expired")
            #expect(try await person.client.get("/v1/posts").code == "auth/token-expired")
            let refreshed = try await person.client.post(
                "/v1/auth/refresh", ["refreshToken": .string(person.refreshToken)])
            #expect(refreshed.status == 200)
            #expect(try await Person(refreshed, server).client.get("/v1/posts").status == 200)
        }
    }

    @Test("What is no token, or not of this server, is a 401")
    func foreignTokens() async throws {
        try await withAccounts(tables: ["tables": [["name": "posts"]]]) { server in
            var tampered = try await server.signUp("ada@example.com").accessToken
            tampered = String(tampered.dropLast(4)) + (tampered.hasSuffix("AAAA") ? "BBBB" : "AAAA")
            for (token, code) in [
                ("nonsense", "auth/invalid-token-format"), ("aaa.bbb.ccc", "auth/invalid-token-format"),
            ] {
                for path in ["/v1/posts", "/v1/auth/me"] {
                    #expect(try await server.guest.send("GET", path, ["Authorization": "Bearer \(token)"]).code == code)
                }
            }
            let answer = try await server.guest.send("GET", "/v1/posts", ["Authorization": "Bearer \(tampered)"])
            #expect(answer.status == 401)
            #expect(try await server.refresh("rt_x").code == "auth/invalid-refresh-token")
        }
    }

    @Test("A token of another environment is refused with 403 on every route, and its refresh token is unknown")
    func environments() async throws {
        try await withFolder { first in
            try await withFolder { second in
                // One signing key for both, so that nothing but the audience can tell the tokens apart.
                let tables: JSON = ["tables": [["name": "posts"]]]
                let name = try EnvironmentName(project: "shop", environment: "dev")
                _ = try DataFolder.create(at: second, name: name, now: .systemNow)
                try await withAccounts(folder: first, tables: tables) { server in
                    let person = try await server.signUp("ada@example.com")
                    let keys = "/signing-keys.json"
                    try FileManager.default.copyItem(atPath: first + keys, toPath: second + keys)
                    try await withAccounts(folder: second, tables: tables) { other in
                        let stranger = TestClient(other.url, key: other.publishableKey, token: person.accessToken)
                        let paths = [
                            ("GET", "/v1/posts"), ("GET", "/v1/posts/x"), ("DELETE", "/v1/posts/x"),
                            ("GET", "/v1/posts/spec"), ("GET", "/v1/auth/me"), ("GET", "/v1/auth/sessions"),
                            ("DELETE", "/v1/auth/sessions/x"), ("DELETE", "/v1/auth/withdraw"),
                            ("POST", "/v1/auth/signout"), ("GET", "/v1/users"), ("GET", "/v1/users/\(person.id)"),
                            ("DELETE", "/v1/users/\(person.id)"), ("GET", "/v1/data/users"),
                        ]
                        for (method, path) in paths {
                            let answer = try await stranger.send(method, path)
                            #expect(answer.status == 403, "\(method) \(path)")
                            #expect(answer.code == "data/project-access-denied", "\(method) \(path)")
                        }
                        #expect(try await other.refresh(person.refreshToken).code == "auth/invalid-refresh-token")
                        #expect(try await other.signIn("ada@example.com").code == "auth/invalid-credentials")
                    }
                    #expect(try await person.client.get("/v1/posts").status == 200)
                }
            }
        }
    }
}
