import BkendTesting
import BkendWire
import Foundation

@testable import BkendServer

/// Someone who has signed up or in, with a client that sends their token.
struct Person: Sendable {
    var id: String
    var accessToken: String
    var refreshToken: String
    var client: TestClient

    static let password = "correct horse 1"

    init(_ answer: Answer, _ server: TestServer) {
        id = answer.json["user"]?["id"]?.stringValue ?? ""
        accessToken = answer.json["accessToken"]?.stringValue ?? ""
        refreshToken = answer.json["refreshToken"]?.stringValue ?? ""
        client = TestClient(server.url, key: server.publishableKey, token: accessToken)
    }
}

extension TestServer {
    /// Signs a new user up.
    func signUp(_ email: String) async throws -> Person {
        let body: JSON = ["email": .string(email), "password": .string(Person.password), "name": "Test"]
        return Person(try await guest.post("/v1/auth/email/signup", body), self)
    }

    /// Tries to sign in.
    func signIn(_ email: String, _ password: String = Person.password) async throws -> Answer {
        try await guest.post("/v1/auth/email/signin", ["email": .string(email), "password": .string(password)])
    }

    /// Tries to refresh.
    func refresh(_ token: String) async throws -> Answer {
        try await guest.post("/v1/auth/refresh", ["refreshToken": .string(token)])
    }
}

/// Starts a server that verifies its own tokens, runs a body with it, and stops it.
func withAccounts(
    folder: String? = nil, tables: JSON? = nil, clock: TestClock? = nil,
    configure: (inout ServerConfiguration) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
) async throws {
    try await ServerPlaces.gate.pass {
        let server = try await TestServer.start(folder: folder, tables: tables) { configuration in
            if let clock { configuration.now = { clock.now } }
            FilesInS3.apply(to: &configuration)
            configure(&configuration)
        }
        do { try await body(server) } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }
}
