import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct PasswordRouteTests {
    @Test("A changed password ends every session, and is the only one that signs in")
    func change() async throws {
        try await withAccounts { server in
            let person = try await server.signUp("ada@example.com")
            let laptop = Person(try await server.signIn("ada@example.com"), server)
            func change(_ current: String, _ new: String) async throws -> Answer {
                try await person.client.post(
                    "/v1/auth/password/change", ["currentPassword": .string(current), "newPassword": .string(new)])
            }
            #expect(try await change("wrong password", "abc123").code == "auth/invalid-credentials")
            let same = try await change(Person.password, Person.password)
            #expect(same.code == "auth/same-as-previous-password")
            #expect(try await person.client.get("/v1/auth/me").status == 200)
            #expect(try await change(Person.password, "abc123").status == 200)
            #expect(try await person.client.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await laptop.client.get("/v1/auth/me").code == "auth/session-expired")
            #expect(try await server.signIn("ada@example.com").status == 401)
            #expect(try await server.signIn("ada@example.com", "abc123").status == 200)
        }
    }

    @Test("A forgotten password is reset by the token in the mail, which a stopping server still writes")
    func reset() async throws {
        try await withFolder { folder in
            try await withAccounts(folder: folder) { server in
                _ = try await server.signUp("ada@example.com")
                let known = try await server.guest.post("/v1/auth/password/reset/request", ["email": "ada@example.com"])
                let unknown = try await server.guest.post(
                    "/v1/auth/password/reset/request", ["email": "eve@example.com"])
                #expect(known.status == 200)
                #expect(known.body == unknown.body)
            }
            let mails = try FileManager.default.contentsOfDirectory(atPath: folder + "/mail")
            #expect(mails.count == 1)
            let file = try #require(mails.first)
            let mail = try String(contentsOfFile: "\(folder)/mail/\(file)", encoding: .utf8)
            #expect(mail.contains("To: ada@example.com\r\n"))
            let lines = mail.components(separatedBy: "\r\n")
            let place = try #require(lines.firstIndex { $0.hasSuffix("enter this code in the app:") })
            let token = lines[place + 2]
            try await withAccounts(folder: folder) { server async throws in
                func confirm(_ token: String) async throws -> Answer {
                    try await server.guest.post(
                        "/v1/auth/password/reset/confirm",
                        ["email": "ada@example.com", "token": .string(token), "newPassword": "abc123"])
                }
                #expect(try await confirm("another").code == "auth/invalid-token")
                #expect(try await confirm(token).status == 200)
                #expect(try await confirm(token).code == "auth/invalid-token")
                #expect(try await server.signIn("ada@example.com").status == 401)
                #expect(try await server.signIn("ada@example.com", "abc123").status == 200)
            }
        }
    }

    @Test("Requests of strangers keep no owner from a reset, from whatever address; withheld mails are counted")
    func strangers() async throws {
        let server = try await TestServer.start {
            $0.adminPort = 0
            $0.trustedProxies = TrustedProxies([AddressRange("127.0.0.1")].compactMap(\.self))
        }
        _ = try await server.signUp("ada@example.com")
        func ask(from address: String) async throws -> Answer {
            let body: JSON = ["email": "ada@example.com"]
            return try await server.guest.send(
                "POST", "/v1/auth/password/reset/request", ["X-Forwarded-For": address], body: body.serialized())
        }
        var statuses: [Int] = []
        for _ in 0..<7 { statuses.append(try await ask(from: "192.0.2.1").status) }
        #expect(statuses == [200, 200, 200, 200, 200, 429, 429])
        await server.mailed()
        for _ in 0..<5 { #expect(try await ask(from: "198.51.100.7").status == 200) }
        await server.mailed()
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/mail").count == 5)
        let metrics = try await TestClient(try #require(server.adminURL)).get("/metrics").text
        #expect(metrics.contains("\nbkend_mails_withheld_total 5\n"))
        try await server.stop()
    }

    @Test("A mail that can't be written is in the log with the request's id, and counted; the answer is the same")
    func failedMail() async throws {
        try await withFolder { folder in
            let log = LogLines()
            let server = try await TestServer.start(folder: folder) {
                $0.logger = log.logger(.info)
                $0.adminPort = 0
            }
            _ = try await server.signUp("ada@example.com")
            // A file where the folder was: what happens to a mail then doesn't depend on who runs the test.
            try FileManager.default.removeItem(atPath: folder + "/mail")
            try Data().write(to: URL(fileURLWithPath: folder + "/mail"))
            func ask(_ email: String, id: String) async throws -> Answer {
                let body: JSON = ["email": .string(email)]
                return try await server.guest.send(
                    "POST", "/v1/auth/password/reset/request", ["X-Request-Id": id], body: body.serialized())
            }
            let known = try await ask("ada@example.com", id: "reset-1")
            let unknown = try await ask("eve@example.com", id: "reset-2")
            #expect(known.status == 200 && known.body == unknown.body)
            let metrics = TestClient(try #require(server.adminURL))
            await server.mailed()
            let lines = try await metrics.get("/metrics").text.split(separator: "\n")
            #expect(lines.contains("bkend_mail_failures_total 1"))
            try await server.stop()
            let told = log.all.filter { $0.contains("a mail to reset a password could not be sent") }
            #expect(told.count == 1)
            #expect(told.first?.hasPrefix("error ") == true && told.first?.contains("request=reset-1") == true)
            #expect(told.first?.contains("ada@example.com") == false)
        }
    }

    @Test("Secrets of the accounts are for their owner alone, and a session outlives a restart")
    func files() async throws {
        try await withFolder { folder in
            var token = ""
            try await withAccounts(folder: folder) { token = try await $0.signUp("ada@example.com").accessToken }
            let manager = FileManager.default
            let keys = try manager.attributesOfItem(atPath: folder + "/signing-keys.json")
            #expect((keys[.posixPermissions] as? Int) == 0o600)
            #expect((try manager.attributesOfItem(atPath: folder + "/mail")[.posixPermissions] as? Int) == 0o700)
            try await withAccounts(folder: folder) { server async throws in
                let client = TestClient(server.url, key: server.publishableKey, token: token)
                #expect(try await client.get("/v1/auth/me").status == 200)
            }
        }
    }
}
