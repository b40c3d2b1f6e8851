import BkendWire
import Testing

@testable import BkendServer

@Suite struct SigningKeyCommandTests {
    @Test("Rotation reaches a running server: old tokens stay good with overlap, and are refused without")
    func rotation() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder)
            let app = TestClient(server.url, key: place.publishable)
            let signedUp = try await app.post(
                "/v1/auth/email/signup", ["email": "a@example.com", "password": "abc123", "name": "A"])
            #expect(signedUp.status == 201)
            func me(_ tokens: Answer) async throws -> Int {
                let token = tokens.json["accessToken"]?.stringValue
                return try await TestClient(server.url, key: place.publishable, token: token).get("/v1/auth/me").status
            }
            let before = try await place.json(["signing-key", "list"])
            let after = try await place.json(["signing-key", "rotate"])
            #expect(after.arrayValue?.count == 2)
            #expect(after[1]?["id"] == before[0]?["id"])
            #expect(after[1]?["verifiesUntil"] != .null)
            #expect(after[0]?.objectValue?.keys == ["id", "createdAt", "verifiesUntil"])
            #expect(try await me(signedUp) == 200)
            let refreshed = try await app.post(
                "/v1/auth/refresh", ["refreshToken": signedUp.json["refreshToken"] ?? .null])
            #expect(refreshed.status == 200)
            #expect(try await me(refreshed) == 200)
            #expect(try await place.json(["signing-key", "rotate"], "--overlap", "0").arrayValue?.count == 1)
            #expect(try await me(signedUp) == 401)
            #expect(try await me(refreshed) == 401)
            #expect(try await CommandRun.run("signing-key", "rotate", place.folder, "--overlap", "1y").status == 64)
            #expect(try await server.end().status == 0)
        }
    }
}
