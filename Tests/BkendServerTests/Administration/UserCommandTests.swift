import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct UserCommandTests {
    @Test("A user is made, promoted, given a password and deleted beside a running server, which knows at once")
    func life() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder)
            let app = TestClient(server.url, key: place.publishable)
            func signIn(_ password: String) async throws -> Answer {
                try await app.post(
                    "/v1/auth/email/signin", ["email": "ada@example.com", "password": .string(password)])
            }
            let made = try await CommandRun.run(
                ["user", "create", place.folder, "ada@example.com", "--name", "Ada", "--password-stdin", "--json"],
                input: Array("first secret\n".utf8))
            #expect(made.status == 0, "\(made.errors)")
            let id = try #require(try made.json["id"]?.stringValue)
            #expect(try made.json["role"] == "user" && made.json["name"] == "Ada")
            let tokens = try await signIn("first secret")
            #expect(tokens.status == 200)
            let user = TestClient(
                server.url, key: place.publishable, token: tokens.json["accessToken"]?.stringValue)
            #expect(try await user.get("/v1/users").status == 403)
            #expect(try await place.json(["user", "role"], "ADA@example.com", "admin")["role"] == "admin")
            #expect(try await user.get("/v1/users").status == 200)
            #expect(try await place.json(["user", "show"], id)["email"] == "ada@example.com")
            let list = try await place.json(["user", "list"])
            #expect(list["items"]?.arrayValue?.count == 1 && list["pagination"]?["total"] == 1)
            #expect(try await place.json(["user", "list"], "--search", "nobody")["items"] == [])

            let reset = try await CommandRun.run(
                ["user", "password-reset", place.folder, id, "--password-stdin", "--json"],
                input: Array("second secret".utf8))
            #expect(try reset.json["done"] == "passwordSet")
            #expect(try await user.get("/v1/auth/me").status == 401)
            #expect(try await signIn("first secret").status == 401)
            #expect(try await signIn("second secret").status == 200)
            let mails = { try FileManager.default.contentsOfDirectory(atPath: place.folder + "/mail").count }
            let before = try mails()
            #expect(try await place.json(["user", "password-reset"], id)["done"] == "mailWritten")
            #expect(try mails() == before + 1)

            #expect(try await CommandRun.run("user", "delete", place.folder, id).status == 1)
            #expect(try await signIn("second secret").status == 200)
            #expect(try await place.json(["user", "delete"], id, "--yes")["deleted"] == true)
            #expect(try await signIn("second secret").status == 401)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("A user is disabled and enabled beside a running server, which refuses tokens and sign-in at once")
    func disabling() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "posts"]]])
            let server = try await ServeProcess.start(place.folder)
            let app = TestClient(server.url, key: place.publishable)
            func signIn(_ password: String = "first secret") async throws -> Answer {
                try await app.post(
                    "/v1/auth/email/signin", ["email": "ada@example.com", "password": .string(password)])
            }
            _ = try await app.post("/v1/auth/email/signup", ["email": "ada@example.com", "password": "first secret"])
            let tokens = try await signIn().json
            let user = TestClient(server.url, key: place.publishable, token: tokens["accessToken"]?.stringValue)
            #expect(try await user.get("/v1/posts").status == 200)

            let disabled = try await place.json(["user", "disable"], "ADA@example.com")
            #expect(disabled["email"] == "ada@example.com" && disabled["disabledAt"]?.stringValue != nil)
            #expect(try await user.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await user.get("/v1/posts").code == "auth/session-expired")
            let refresh = try await app.post("/v1/auth/refresh", ["refreshToken": tokens["refreshToken"] ?? ""])
            #expect(refresh.code == "auth/session-expired")
            let refused = try await signIn()
            #expect(refused.status == 403 && refused.code == "auth/account-banned")
            #expect(try await signIn("second secret").code == "auth/invalid-credentials")
            #expect(try await place.json(["user", "list"])["items"]?[0] == disabled)
            #expect(try await CommandRun.run("user", "list", place.folder).output.contains(" disabled\n"))
            let mail = try await CommandRun.run("user", "password-reset", place.folder, "ada@example.com")
            #expect(mail.status == 1 && mail.errors.contains("disabled"))

            let enabled = try await place.json(["user", "enable"], "ada@example.com")
            #expect(enabled["disabledAt"] == nil)
            #expect(try await !CommandRun.run("user", "list", place.folder).output.contains(" disabled\n"))
            #expect(try await user.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await signIn().status == 200)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("What can't be is one line, and the status of its kind")
    func refusals() async throws {
        try await Workplace.with { place in
            _ = try await place.json(["user", "create"], "ada@example.com")
            for (arguments, input, status) in [
                (["show", place.folder, "nobody"], "", 66), (["disable", place.folder, "nobody"], "", 66),
                (["enable", place.folder, "nobody@example.com"], "", 66),
                (["create", place.folder, "no-address"], "", 65),
                (["create", place.folder, "ada@example.com"], "", 65),
                (["create", place.folder, "b@example.com", "--password-stdin"], "short\n", 65),
                (["create", place.folder, "b@example.com", "--password-stdin"], "", 65),
                (["role", place.folder, "ada@example.com", "no role"], "", 65),
                (["password-reset", place.folder, "ada@example.com", "--password-stdin"], "\n", 65),
            ] as [([String], String, Int32)] {
                let run = try await CommandRun.run(["user"] + arguments, input: Array(input.utf8))
                #expect(run.status == status && run.output == "", "\(arguments): \(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            }
            #expect(try await place.json(["user", "list"])["pagination"]?["total"] == 1)
        }
    }
}
