import BkendTesting
import BkendWire
import Synchronization
import Testing

@testable import BkendServer

/// Account routes side by side over the hostile storage: none relies on there being one writer.
@Suite("Accounts over the hostile storage") struct HostileAccountTests {
    private static let email = "ada@example.com"

    private static func withServer(_ body: (TestServer, Person) async throws -> Void) async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        let source = HostileSource(clock: { clock.now })
        try await withAccounts(clock: clock) {
            $0.storage = source
            $0.accountLimits.signUpPerClient = nil
        } _: { server in
            try await body(server, server.signUp(email))
        }
        #expect(source.faults.all.isEmpty, "\(source.faults.all)")
    }

    private static func together<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("Of several who sign up with one address at once, one gets it")
    func signUp() async throws {
        try await Self.withServer { server, _ in
            let statuses = try await Self.together(6) { _ in
                try await server.guest.post(
                    "/v1/auth/email/signup", ["email": "eve@example.com", "password": .string(Person.password)]
                ).status
            }
            #expect(statuses.filter { $0 == 201 }.count == 1)
            #expect(statuses.filter { $0 == 409 }.count == 5)
        }
    }

    @Test("Refreshes of one token at once give one pair")
    func refresh() async throws {
        try await Self.withServer { server, ada in
            let answers = try await Self.together(6) { _ in try await server.refresh(ada.refreshToken) }
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(Set(answers.compactMap { $0.json["refreshToken"]?.stringValue }).count == 1)
            #expect(Set(answers.compactMap { $0.json["accessToken"]?.stringValue }).count == 1)
        }
    }

    @Test("A sign-in beside a change of the password doesn't survive it")
    func signInBesideChange() async throws {
        try await Self.withServer { server, ada in
            let new = "another horse 2"
            async let change = ada.client.post(
                "/v1/auth/password/change",
                ["currentPassword": .string(Person.password), "newPassword": .string(new)])
            let signIns = try await Self.together(6) { _ in try await server.signIn(Self.email) }
            #expect(try await change.status == 200)
            for answer in signIns where answer.status == 200 {
                let token = answer.json["accessToken"]?.stringValue
                let client = TestClient(server.url, key: server.publishableKey, token: token)
                #expect(try await client.get("/v1/auth/me").status == 401)
            }
            #expect(try await server.signIn(Self.email, new).status == 200)
        }
    }

    @Test("Changes of one user at once are all kept, and sign-outs end what they name")
    func changes() async throws {
        try await Self.withServer { server, ada in
            let fields = ["name", "nickname", "image", "onboardingStatus"]
            let statuses = try await Self.together(fields.count) { number in
                try await ada.client.patch("/v1/users/\(ada.id)", [fields[number]: "x"]).status
            }
            #expect(statuses.allSatisfy { $0 == 200 })
            let user = try await ada.client.get("/v1/auth/me").json
            #expect(fields.allSatisfy { user[$0] == "x" })
            #expect(try await ada.client.post("/v1/auth/signout", [:]).status == 200)
            #expect(try await ada.client.get("/v1/auth/me").status == 401)
            #expect(try await server.refresh(ada.refreshToken).status != 200)
        }
    }
}

/// Counts what happens on several threads.
final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}
