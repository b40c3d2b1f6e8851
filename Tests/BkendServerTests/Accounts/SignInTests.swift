import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct SignInTests {
    @Test("Signing up answers tokens and the user, and the token opens what users may do")
    func signUp() async throws {
        try await withAccounts { server in
            let answer = try await server.guest.post(
                "/v1/auth/email/signup",
                ["email": "ada@example.com", "password": "abc123", "name": "Ada", "role": "admin"])
            #expect(answer.status == 201)
            #expect(answer.headers["cache-control"] == "no-store")
            #expect(answer.json["tokenType"] == "Bearer")
            #expect(answer.json["expiresIn"] == .int(3_600))
            #expect(answer.json["user"]?["role"] == "user")
            let me = try await Person(answer, server).client.get("/v1/auth/me")
            #expect(me.status == 200)
            #expect(me.json == answer.json["user"])
            #expect(me.json["name"] == "Ada")
            let again = try await server.guest.post(
                "/v1/auth/email/signup", ["email": "ADA@example.com", "password": "abc123"])
            #expect(again.status == 409)
            #expect(again.code == "auth/email-already-exists")
        }
    }

    @Test("Signing in takes the right password alone, and an unknown address is answered as a wrong one")
    func signIn() async throws {
        try await withAccounts { server in
            let person = try await server.signUp("ada@example.com")
            let right = try await server.signIn("Ada@example.com")
            #expect(right.status == 200)
            #expect(Person(right, server).id == person.id)
            let wrong = try await server.signIn("ada@example.com", "wrong password")
            let unknown = try await server.signIn("eve@example.com", "wrong password")
            #expect(wrong.status == 401)
            #expect(wrong.code == "auth/invalid-credentials")
            #expect(wrong.body == unknown.body)
        }
    }

    @Test("Failed attempts end in 429 with the time to wait, and that time helps")
    func limits() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await withAccounts(clock: clock) { server in
            _ = try await server.signUp("ada@example.com")
            for _ in 0..<10 {
                #expect(try await server.signIn("ada@example.com", "wrong password").status == 401)
            }
            let refused = try await server.signIn("ada@example.com")
            #expect(refused.status == 429)
            #expect(refused.code == "auth/too-many-login-attempts")
            #expect(refused.headers["retry-after"] == "60")
            clock.set("2026-01-01T00:01:00.000Z")
            #expect(try await server.signIn("ada@example.com").status == 200)
        }
    }

    @Test("Signing out ends the session's access token and refresh token at once, and no other session")
    func signOut() async throws {
        try await withAccounts(tables: ["tables": [["name": "posts"]]]) { server in
            let phone = try await server.signUp("ada@example.com")
            let laptop = Person(try await server.signIn("ada@example.com"), server)
            #expect(try await phone.client.post("/v1/auth/signout", [:]).status == 200)
            #expect(try await phone.client.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await phone.client.get("/v1/posts").code == "auth/session-expired")
            #expect(try await server.refresh(phone.refreshToken).code == "auth/session-expired")
            #expect(try await laptop.client.get("/v1/auth/me").status == 200)
            #expect(try await server.guest.post("/v1/auth/signout", [:]).code == "common/authentication-required")
        }
    }

    @Test("Sessions are listed with what is known of the client, and ended one by one")
    func sessions() async throws {
        try await withAccounts { server in
            let laptop = try await server.signUp("ada@example.com")
            let other = try await server.signUp("eve@example.com")
            let body: JSON = ["email": "ada@example.com", "password": .string(Person.password)]
            let phone = Person(
                try await server.guest.send(
                    "POST", "/v1/auth/email/signin", ["User-Agent": "Phone/1"], body: body.serialized()), server)
            let list = try await laptop.client.get("/v1/auth/sessions?limit=10")
            #expect(list.items.count == 2)
            #expect(list.json["pagination"]?["total"] == .int(2))
            let session = try #require(list.items.first { $0["userAgent"] == "Phone/1" })
            #expect(session["ipAddress"] == "127.0.0.1")
            #expect(session["userId"] == .string(laptop.id))
            let path = "/v1/auth/sessions/\(session["id"]?.stringValue ?? "")"
            #expect(try await other.client.delete(path).code == "auth/session-not-found")
            #expect(try await laptop.client.delete(path).status == 200)
            #expect(try await phone.client.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await laptop.client.get("/v1/auth/sessions").items.count == 1)
            #expect(try await laptop.client.get("/v1/auth/sessions?page=0").status == 400)
        }
    }

    @Test("Whoever withdraws is gone, and the address is free again")
    func withdraw() async throws {
        try await withAccounts { server in
            let person = try await server.signUp("ada@example.com")
            #expect(try await person.client.delete("/v1/auth/withdraw").status == 200)
            #expect(try await person.client.get("/v1/auth/me").status == 401)
            #expect(try await server.signIn("ada@example.com").code == "auth/invalid-credentials")
            let next = try await server.signUp("ada@example.com")
            #expect(!next.id.isEmpty && next.id != person.id)
        }
    }
}
