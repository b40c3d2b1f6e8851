import BkendAccounts
import BkendTesting
import BkendWire
import Foundation
import Synchronization
import Testing

@testable import BkendServer

/// A body may take half a minute to come. Who asks is who asks then, not when the head came.
@Suite struct SlowBodyTests {
    /// Takes a token once, and refuses it from then on.
    private final class Once: AccessTokens {
        private let calls = Mutex(0)

        func caller(of token: Substring, in environment: EnvironmentName) async throws -> Caller {
            let isFirst = calls.withLock { calls in
                calls += 1
                return calls == 1
            }
            guard isFirst else { throw ErrorBody(.sessionExpired, "the session has ended") }
            return Caller(userID: "ada")
        }
    }

    @Test("A session that ends before the body is there writes no record", arguments: ["POST", "PATCH"])
    func records(method: String) async throws {
        let server = try await TestServer.start(tables: ["tables": [["name": "t", "permissions": Self.permissions]]]) {
            $0.accessTokens = Once()
        }
        let record = try await server.admin.post("/v1/t", ["a": 1])
        let path = method == "POST" ? "/v1/t" : "/v1/t/\(record.id)"
        let answer = try await server.user("ada").send(method, path, body: Array(#"{"a":2}"#.utf8))
        #expect(answer.code == "auth/session-expired")
        let list = try await server.admin.get("/v1/t")
        #expect(list.items.map { $0["a"] } == [1])
        try await server.stop()
    }

    @Test("Who sends a body to an account's route is looked up after it was parsed, which may have to wait")
    func lookedUpAfterParsing() async throws {
        let server = try await TestServer.start { $0.accessTokens = Once() }
        let answer = try await server.user("ada").send("PATCH", "/v1/users/x/role", body: Array("[]".utf8))
        #expect(answer.code == "auth/invalid-request")
        try await server.stop()
    }

    private static let permissions: JSON = ["user": ["create": true, "update": true]]

    /// The answer to a request whose last bytes come after `meanwhile`.
    private static func answer(
        _ request: [UInt8], _ server: TestServer, _ client: TestClient, meanwhile: () async throws -> Void
    ) async throws -> Answer? {
        let metrics = TestClient(try #require(server.adminURL))
        let port = client.port
        let go = DispatchSemaphore(value: 0)
        async let answer = blocking {
            let connection = try RawConnection(port: port)
            try connection.send(Array(request.dropLast(4)))
            go.wait()
            try connection.send(Array(request.suffix(4)))
            return try connection.answer()
        }
        do {
            while try await !metrics.get("/metrics").text.contains("\nbkend_requests_in_flight 1\n") {
                await Task.yield()
            }
            try await meanwhile()
        } catch {
            go.signal()
            throw error
        }
        go.signal()
        return try await answer
    }

    @Test("A key that is revoked while a body is on its way signs nobody up")
    func revokedKey() async throws {
        let server = try await TestServer.start { $0.adminPort = 0 }
        let client = server.guest
        let body = Array(#"{"email":"eve@example.com","password":"\#(Person.password)","name":"Eve"}"#.utf8)
        let request = client.request("POST", "/v1/auth/email/signup", body: body)
        let refused = try await Self.answer(request, server, client) { () async throws in
            #expect(try server.revoke(server.publishableKey))
        }
        #expect(refused?.code == "auth/invalid-api-key")
        #expect(try await server.admin.get("/v1/users").items.isEmpty)
        try await server.stop()
    }

    @Test("A user who is disabled while a body is on its way changes nothing by it")
    func accounts() async throws {
        let server = try await TestServer.start(tables: ["tables": [["name": "t"]]]) { $0.adminPort = 0 }
        let ada = try await server.signUp("ada@example.com")
        for path in ["/v1/users/\(ada.id)", "/v1/t"] {
            let person = path == "/v1/t" ? Person(try await server.signIn("ada@example.com"), server) : ada
            let body = Array(#"{"name":"Eve"}"#.utf8)
            let request = person.client.request(path == "/v1/t" ? "POST" : "PATCH", path, body: body)
            let refused = try await Self.answer(request, server, person.client) { try await server.disableUser(ada.id) }
            #expect(refused?.code == "auth/session-expired")
            #expect(try await server.admin.get("/v1/users/\(ada.id)").json["name"] == "Test")
            #expect(try await server.admin.get("/v1/t").items.isEmpty)
            try await server.enableUser(ada.id)
        }
        try await server.stop()
    }
}
