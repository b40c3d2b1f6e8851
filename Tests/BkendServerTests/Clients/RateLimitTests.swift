import BkendAccounts
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// Limits of requests (rest-api.md §1), over real sockets.
@Suite struct RateLimitTests {
    static let tables: JSON = ["tables": [["name": "t"]]]

    static func withLimit(
        _ count: Int, clock: TestClock, proxies: [String] = [], _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = try await TestServer.start(tables: tables) { configuration in
            configuration.rateLimit = RateLimit(count, perSeconds: 60)
            configuration.trustedProxies = TrustedProxies(proxies.compactMap(AddressRange.init))
            configuration.now = { clock.now }
        }
        do { try await body(server) } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    @Test("Answers count down to 429 data/rate-limit-exceeded with Retry-After, and time helps")
    func countdown() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await Self.withLimit(3, clock: clock) { server in
            for left in ["2", "1", "0"] {
                let answer = try await server.guest.get(left == "1" ? "/v1/t/none" : "/v1/t")
                #expect(answer.headers["x-ratelimit-limit"] == "3")
                #expect(answer.headers["x-ratelimit-remaining"] == left)
            }
            let refused = try await server.guest.get("/v1/t")
            #expect(refused.status == 429)
            #expect(refused.code == "data/rate-limit-exceeded")
            #expect(refused.headers["retry-after"] == "20")
            #expect(refused.headers["x-ratelimit-limit"] == "3")
            #expect(refused.headers["x-ratelimit-remaining"] == "0")
            // Another key has its own count; health and preflights have none.
            #expect(try await server.admin.get("/v1/t").status == 200)
            #expect(try await server.guest.get("/health").status == 200)
            #expect(try await server.guest.send("OPTIONS", "/v1/t").status == 204)
            clock.set("2026-01-01T00:00:20.000Z")
            #expect(try await server.guest.get("/v1/t").status == 200)
            #expect(try await server.guest.get("/v1/t").status == 429)
        }
    }

    @Test("Requests without a good key share one count, so that keys can't be tried at will")
    func badKeys() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await Self.withLimit(3, clock: clock) { server in
            let guesses = (0..<4).map { "sk_" + String(repeating: "\($0)", count: 64) }
            var statuses: [Int] = []
            for guess in guesses { statuses.append(try await TestClient(server.url, key: guess).get("/v1/t").status) }
            #expect(statuses == [401, 401, 401, 429])
            #expect(try await TestClient(server.url).get("/v1/t").status == 429)
            #expect(try await server.guest.get("/v1/t").status == 200)
        }
    }

    @Test("Behind a trusted proxy each client has its own count, of requests and of sign-ins")
    func proxies() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await Self.withLimit(12, clock: clock, proxies: ["127.0.0.0/8"]) { server async throws in
            let body = (["email": "a@example.com", "password": "wrong password"] as JSON).serialized()
            func signIn(_ client: String) async throws -> Answer {
                try await server.guest.send(
                    "POST", "/v1/auth/email/signin", ["X-Forwarded-For": "9.9.9.9, \(client)"], body: body)
            }
            for _ in 0..<10 { #expect(try await signIn("1.1.1.1").status == 401) }
            #expect(try await signIn("1.1.1.1").code == "auth/too-many-login-attempts")
            #expect(try await signIn("2.2.2.2").status == 401)
            #expect(try await signIn("1.1.1.1").status == 429)
            #expect(try await signIn("1.1.1.1").code == "data/rate-limit-exceeded")
            #expect(try await signIn("2.2.2.2").status == 401)
        }
        try await Self.withLimit(2, clock: clock) { server in
            for (number, status) in [200, 200, 429].enumerated() {
                let answer = try await server.guest.send("GET", "/v1/t", ["X-Forwarded-For": "1.1.1.\(number)"])
                #expect(answer.status == status)
            }
        }
    }

    @Test("Without a limit there are no headers of one")
    func off() async throws {
        let server = try await TestServer.start(tables: Self.tables) { $0.rateLimit = nil }
        let answer = try await server.guest.get("/v1/t")
        try await server.stop()
        #expect(answer.status == 200)
        #expect(answer.headers["x-ratelimit-limit"] == nil)
    }

    @Test(
        "A rate is a count and a time",
        arguments: [
            ("100/second", RateLimit(100, perSeconds: 1)), ("50/minute", RateLimit(50, perSeconds: 60)),
            ("5/hour", RateLimit(5, perSeconds: 3_600)), ("10/90s", RateLimit(10, perSeconds: 90)),
            ("10/15m", RateLimit(10, perSeconds: 900)), ("", nil), ("10", nil), ("0/second", nil), ("-1/s", nil),
            ("1/0s", nil), ("1/day", nil), ("1/2/3", nil), ("1/s", nil),
        ])
    func rates(text: String, limit: RateLimit?) { #expect(RateLimit(text) == limit) }
}
