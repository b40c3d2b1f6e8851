import BkendAccounts
import BkendStorage
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// rest-api.md §10: every code that the server can give is provoked once, and the others are named with the reason.
@Suite struct ContractErrorTests {
    /// Codes of routes that the server doesn't have yet (rest-api.md §9, §12), or that nothing leads to.
    static let impossible: [String: String] = [
        "auth/email-not-verified": "e-mail verification comes later",
        "auth/mfa-required": "MFA comes later", "file/access-denied": "files come later",
        "file/not-found": "files come later", "file/s3-key-already-exists": "files come later",
        "auth/unauthorized": "the server says more exactly what is missing: common/authentication-required",
        "data/environment-not-found": "a key carries its environment, so no request can name one",
    ]

    static let codes: Set<String> = [
        "data/validation-error", "data/invalid-header", "auth/invalid-email", "auth/invalid-password-format",
        "auth/weak-password", "auth/same-as-previous-password", "auth/invalid-request", "common/invalid-parameters",
        "auth/unauthorized", "auth/invalid-api-key", "auth/invalid-token-format", "auth/token-expired",
        "auth/invalid-token", "auth/invalid-credentials", "auth/invalid-refresh-token", "auth/session-expired",
        "common/authentication-required", "data/permission-denied", "data/scope-insufficient",
        "data/system-table-access", "data/project-access-denied", "auth/email-not-verified", "auth/account-banned",
        "auth/mfa-required", "file/access-denied", "user/forbidden", "data/table-not-found", "data/not-found",
        "data/environment-not-found", "auth/session-not-found", "user/not-found", "file/not-found",
        "data/duplicate-value", "auth/email-already-exists", "file/s3-key-already-exists", "common/not-found",
        "data/query-timeout", "common/payload-too-large", "common/unsupported-media-type", "common/internal-error",
        "common/insufficient-storage", "data/rate-limit-exceeded", "auth/too-many-requests",
        "auth/too-many-login-attempts",
    ]

    /// The request that provokes a code, and the status of its row.
    struct Provocation: Sendable {
        let code: String
        let status: Int
        let ask: @Sendable (ContractWorld) async throws -> Answer

        init(_ status: Int, _ code: String, _ ask: @escaping @Sendable (ContractWorld) async throws -> Answer) {
            self.code = code
            self.status = status
            self.ask = ask
        }
    }

    @Test("Every code of §10 has a row, or a reason why it can't occur")
    func whole() {
        let provoked = Set((Self.provocations + Self.special).map(\.code))
        #expect(provoked.union(Self.impossible.keys) == Self.codes)
        #expect(provoked.isDisjoint(with: Self.impossible.keys))
    }

    @Test("Each code comes with its status, in the one shape")
    func codes() async throws {
        try await ContractRow.check(Self.provocations.map(Self.row)) {
            $0.limits.bodyBytes = 20_000
            $0.accountLimits.signUpPerClient = nil
        }
    }

    @Test("So do those that need a server with other limits, or one that is broken")
    func specialCodes() async throws {
        for provocation in Self.special {
            try await ContractRow.check([Self.row(provocation)]) { configuration in
                switch provocation.code {
                case "data/query-timeout": configuration.limits.queryMilliseconds = 0
                case "common/insufficient-storage": configuration.databaseBytes = 800 << 10
                case "data/rate-limit-exceeded": configuration.rateLimit = RateLimit(20, perSeconds: 60)
                case "auth/too-many-requests":
                    configuration.accountLimits.signUpPerClient = RateLimit(3, perSeconds: 60)
                default: configuration.accessTokens = Broken()
                }
            }
        }
    }

    private struct Broken: AccessTokens {
        func caller(of token: Substring, in environment: EnvironmentName) async throws -> Caller {
            throw StorageFailure(.other, message: "the file is damaged")
        }
    }

    private static func row(_ provocation: Provocation) -> ContractRow {
        ContractRow("\(provocation.status) \(provocation.code)") { world in
            let answer = try await provocation.ask(world)
            return answer.status == provocation.status && answer.code == provocation.code
                && answer.json["statusCode"] == .int(Int64(provocation.status))
                && answer.json["message"]?.stringValue?.hasPrefix(provocation.code + ": ") == true
        }
    }

    private static func signUp(_ world: ContractWorld, _ email: String, _ password: JSON) async throws -> Answer {
        try await world.guest.post("/v1/auth/email/signup", ["email": .string(email), "password": password])
    }

    static let provocations: [Provocation] = [
        Provocation(400, "data/validation-error") { try await $0.admin.post("/v1/articles", [:]) },
        Provocation(400, "data/invalid-header") { try await $0.bare([:]).get("/v1/open") },
        Provocation(400, "auth/invalid-email") { try await signUp($0, "no address", "abc123") },
        Provocation(400, "auth/invalid-password-format") { try await signUp($0, "p@example.com", 5) },
        Provocation(400, "auth/weak-password") { try await signUp($0, "p@example.com", "abc") },
        Provocation(400, "auth/same-as-previous-password") { world in
            let body: JSON = ["currentPassword": .string(Person.password), "newPassword": .string(Person.password)]
            return try await world.ada.client.post("/v1/auth/password/change", body)
        },
        Provocation(400, "auth/invalid-request") { try await $0.guest.post("/v1/auth/refresh", [:]) },
        Provocation(400, "common/invalid-parameters") { try await $0.admin.get("/v1/data/%zz") },
        Provocation(401, "auth/invalid-api-key") { try await $0.bare(["X-API-Key": "pk_1"]).get("/v1/open") },
        Provocation(401, "auth/invalid-token-format") { world in
            try await TestClient(world.server.url, key: world.keys.publishableKey, token: "x").get("/v1/auth/me")
        },
        Provocation(401, "auth/invalid-token") { world in
            let parts = world.ada.accessToken.split(separator: ".")
            // Another first letter of the signature: whatever it was, and the last one has bits that say nothing.
            let token = "\(parts[0]).\(parts[1]).\(parts[2].hasPrefix("A") ? "B" : "A")\(parts[2].dropFirst())"
            return try await TestClient(world.server.url, key: world.keys.publishableKey, token: token).get(
                "/v1/auth/me")
        },
        Provocation(401, "auth/invalid-credentials") { try await $0.server.signIn("ada@example.com", "wrong 1") },
        Provocation(401, "auth/invalid-refresh-token") { try await $0.server.refresh("rt_nothing") },
        Provocation(401, "auth/session-expired") { world in
            let person = Person(try await world.server.signIn("eve@example.com"), world.server)
            _ = try await person.client.post("/v1/auth/signout", [:])
            return try await person.client.get("/v1/auth/me")
        },
        Provocation(401, "common/authentication-required") { try await $0.guest.get("/v1/auth/me") },
        Provocation(403, "data/permission-denied") { try await $0.guest.post("/v1/open", [:]) },
        Provocation(403, "data/scope-insufficient") { try await $0.scoped.get("/v1/open") },
        Provocation(403, "data/system-table-access") { try await $0.guest.get("/v1/_log") },
        Provocation(403, "data/project-access-denied") { world in
            try await TestClient(world.server.url, key: world.otherKeys.publishableKey, token: world.ada.accessToken)
                .get("/v1/open")
        },
        Provocation(403, "auth/account-banned") { world in
            let answer = try await signUp(world, "banned@example.com", .string(Person.password))
            try await world.server.disableUser(answer.json["user"]?["id"]?.stringValue ?? "")
            return try await world.server.signIn("banned@example.com")
        },
        Provocation(403, "user/forbidden") { try await $0.eve.client.get("/v1/users/\($0.ada.id)") },
        Provocation(404, "data/table-not-found") { try await $0.admin.get("/v1/nothing") },
        Provocation(404, "data/not-found") { try await $0.admin.get("/v1/open/nothing") },
        Provocation(404, "auth/session-not-found") { try await $0.ada.client.delete("/v1/auth/sessions/nothing") },
        Provocation(404, "user/not-found") { try await $0.admin.get("/v1/users/nothing") },
        Provocation(409, "data/duplicate-value") { world in
            _ = try await world.admin.post("/v1/articles", ["title": "u", "slug": "same"])
            return try await world.admin.post("/v1/articles", ["title": "u", "slug": "same"])
        },
        Provocation(409, "auth/email-already-exists") { try await signUp($0, "ADA@example.com", "abc123") },
        Provocation(404, "common/not-found") { try await $0.admin.get("/v2/open") },
        Provocation(413, "common/payload-too-large") { world in
            try await world.admin.post("/v1/open", ["s": .string(String(repeating: "a", count: 20_000))])
        },
        Provocation(415, "common/unsupported-media-type") { world in
            try await world.admin.send("POST", "/v1/open", body: Array("{}".utf8), type: "text/plain")
        },
        Provocation(429, "auth/too-many-login-attempts") { world in
            for _ in 0..<10 { _ = try await world.server.signIn("nobody@example.com", "wrong 1") }
            return try await world.server.signIn("nobody@example.com", "wrong 1")
        },
        Provocation(401, "auth/token-expired") { world in
            world.clock.set("2026-01-01T01:00:01.000Z")
            return try await world.ada.client.get("/v1/auth/me")
        },
    ]

    static let special: [Provocation] = [
        Provocation(400, "data/query-timeout") { world in
            _ = try await world.admin.post("/v1/open", .array((0..<500).map { ["n": .int(Int64($0))] }))
            return try await world.admin.list("/v1/open", [("andFilters", #"{"n":{"$regex":"z"}}"#)])
        },
        Provocation(507, "common/insufficient-storage") { world in
            let large = JSON.string(String(repeating: "a", count: 900_000))
            return try await world.admin.post("/v1/open", ["s": large])
        },
        Provocation(429, "data/rate-limit-exceeded") { world in
            for _ in 0..<20 { _ = try await world.guest.get("/v1/open") }
            return try await world.guest.get("/v1/open")
        },
        Provocation(429, "auth/too-many-requests") { try await signUp($0, "p@example.com", "abc123") },
        Provocation(500, "common/internal-error") { try await $0.ada.client.get("/v1/open") },
    ]
}
