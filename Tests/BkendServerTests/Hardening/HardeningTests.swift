import BkendAccounts
import BkendStorage
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// What attackers try, and the server's answer to each. Passwords' hashing, forged tokens and sign-in's timing are tested
/// where they live, in `BkendAccountsTests`.
@Suite struct HardeningTests {
    static let tables: JSON = [
        "tables": [["name": "t", "schema": ["properties": ["k": ["type": "int", "unique": true]]]]]
    ]

    // MARK: Tokens

    private static func base64(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    @Test("A token without a signature, with another algorithm or key, or altered claims opens nothing")
    func forgedTokens() async throws {
        try await withAccounts(tables: Self.tables) { server in
            let person = try await server.signUp("ada@example.com")
            let parts = person.accessToken.split(separator: ".").map(String.init)
            let claims = try #require(Data(base64Encoded: Self.padded(parts[1])))
            let admin = String(decoding: claims, as: UTF8.self).replacing(person.id, with: "someone-else")
            let forged = [
                "\(Self.base64(#"{"alg":"none","typ":"JWT"}"#)).\(parts[1]).",
                "\(Self.base64(#"{"alg":"none","typ":"JWT"}"#)).\(parts[1]).\(parts[2])",
                "\(Self.base64(#"{"alg":"HS512","typ":"JWT"}"#)).\(parts[1]).\(parts[2])",
                "\(Self.base64(#"{"alg":"HS256","typ":"JWT","kid":"other"}"#)).\(parts[1]).\(parts[2])",
                "\(parts[0]).\(Self.base64(admin)).\(parts[2])", "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])",
                // Another first letter; the last one has bits that say nothing.
                "\(parts[0]).\(parts[1]).\(parts[2].hasPrefix("A") ? "B" : "A")\(parts[2].dropFirst())",
            ]
            for token in forged {
                for path in ["/v1/auth/me", "/v1/t", "/v1/users"] {
                    let answer = try await TestClient(server.url, key: server.publishableKey, token: token).get(path)
                    #expect(answer.status == 401, "\(path) \(token.prefix(60))")
                    #expect(!answer.text.contains(token))
                }
            }
            #expect(try await person.client.get("/v1/auth/me").status == 200)
        }
    }

    private static func padded(_ text: String) -> String {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)
    }

    @Test("Neither passwords, refresh tokens nor secret keys lie in the folder's files as they are")
    func nothingReadable() async throws {
        try await withFolder { folder in
            var secrets: [String] = []
            try await withAccounts(folder: folder, tables: Self.tables) { server in
                let person = try await server.signUp("ada@example.com")
                secrets = [Person.password, person.refreshToken, person.accessToken, server.secretKey]
            }
            let files = try #require(FileManager.default.enumerator(atPath: folder)?.allObjects as? [String])
            #expect(files.count > 4)
            for file in files {
                guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else { continue }
                for secret in secrets { #expect(data.range(of: Data(secret.utf8)) == nil, "\(file)") }
                #expect(try CommandTests.mode("\(folder)/\(file)") & 0o077 == 0, "\(file)")
            }
        }
    }

    // MARK: Bodies and queries

    @Test("A password that is a query object is a 400, and so is anything that is no text")
    func queryObjectAsPassword() async throws {
        try await withAccounts { server in
            _ = try await server.signUp("ada@example.com")
            for password in [["$ne": JSON.null] as JSON, ["$gt": ""], ["$regex": ".*"], [], true, 1, nil] {
                let answer = try await server.guest.post(
                    "/v1/auth/email/signin", ["email": "ada@example.com", "password": password])
                #expect(answer.status == 400, "\(password)")
                #expect(answer.fields == ["password"], "\(password)")
            }
            let email = try await server.guest.post(
                "/v1/auth/email/signin", ["email": ["$ne": nil], "password": "abc123"])
            #expect(email.status == 400)
        }
    }

    @Test("Nobody becomes an administrator by what a body says")
    func roleInBodies() async throws {
        try await withAccounts(tables: Self.tables) { server in
            let answer = try await server.guest.post(
                "/v1/auth/email/signup", ["email": "ada@example.com", "password": "abc123", "role": "admin", "id": "x"])
            let person = Person(answer, server)
            #expect(answer.json["user"]?["role"] == "user")
            #expect(person.id != "x")
            let path = "/v1/users/\(person.id)"
            for change in [["role": "admin"], ["user.role": "admin"], ["$set": ["role": "admin"]]] as [JSON] {
                _ = try await person.client.patch(path, change)
                _ = try await person.client.patch(path + "/profile", change)
            }
            #expect(try await person.client.patch(path + "/role", ["role": "admin"]).status == 403)
            #expect(try await server.guest.patch(path + "/role", ["role": "admin"]).status == 401)
            #expect(try await person.client.get("/v1/auth/me").json["role"] == "user")
            let created = try await person.client.post(
                "/v1/t", ["createdBy": "eve", "id": "0123456789abcdef01234567", "createdAt": "2001-01-01T00:00:00Z"])
            #expect(created.json["createdBy"] == .string(person.id))
            #expect(created.id != "0123456789abcdef01234567")
            #expect(created.json["createdAt"]?.stringValue?.hasPrefix("2001") == false)
        }
    }

    @Test("A publishable key alone administers nothing")
    func publishableKeys() async throws {
        try await withAccounts(tables: Self.tables) { server in
            let person = try await server.signUp("ada@example.com")
            for (method, path) in [
                ("GET", "/v1/users"), ("POST", "/v1/users"), ("GET", "/v1/users/\(person.id)"),
                ("DELETE", "/v1/users/\(person.id)"), ("PATCH", "/v1/users/\(person.id)/role"),
                ("GET", "/v1/data/users"), ("GET", "/v1/data/users/\(person.id)"), ("GET", "/v1/data/t/spec"),
                ("GET", "/v1/data/t/openapi"), ("DELETE", "/v1/data/t/x"), ("PATCH", "/v1/data/t/x"),
            ] {
                let answer = try await server.guest.send(method, path, body: Array("{}".utf8))
                #expect([401, 403].contains(answer.status), "\(method) \(path)")
            }
        }
    }

    @Test("Filters past their limits are refused, by depth, conditions, list and pattern")
    func filterLimits() async throws {
        try await withServer(tables: Self.tables) { server in
            let deep = String(repeating: #"{"a":"#, count: 20) + "1" + String(repeating: "}", count: 20)
            let many = (0..<201).map { #""f\#($0)":1"# }.joined(separator: ",")
            let list = (0..<1_001).map(String.init).joined(separator: ",")
            for filter in [
                deep, "{\(many)}", #"{"k":{"$in":[\#(list)]}}"#,
                #"{"k":{"$regex":"\#(String(repeating: "a", count: 1_001))"}}"#,
            ] {
                let answer = try await server.admin.list("/v1/t", [("andFilters", filter)])
                #expect(answer.status == 400)
                #expect(answer.code == "data/validation-error")
            }
        }
    }

    @Test("A pattern made to backtrack for ever is stopped, and the server goes on")
    func hostilePattern() async throws {
        try await withServer(tables: ["tables": [["name": "t"]]]) { server in
            _ = try await server.admin.post("/v1/t", ["s": .string(String(repeating: "a", count: 40) + "!")])
            let answer = try await server.admin.list("/v1/t", [("andFilters", #"{"s":{"$regex":"^(a+)+$"}}"#)])
            #expect(answer.status == 400)
            #expect(try await server.admin.get("/v1/t").items.count == 1)
        }
    }

    // MARK: Failures

    /// Fails as a broken disk would, with everything in its message that no client may read.
    private struct Failing: AccessTokens {
        func caller(of token: Substring, in environment: EnvironmentName) async throws -> Caller {
            throw StorageFailure(
                .other,
                message: "disk I/O error at /srv/bkend/secret.sqlite: SELECT * FROM account_users, ada@example.com")
        }
    }

    @Test("A 500 carries no path, no SQL and no value; the id in its header finds it in the log")
    func internalErrors() async throws {
        let server = try await TestServer.start(tables: Self.tables) { $0.accessTokens = Failing() }
        let answer = try await server.user("ann").get("/v1/t")
        try await server.stop()
        #expect(answer.status == 500)
        #expect(answer.code == "common/internal-error")
        #expect(answer.headers["x-request-id"]?.isEmpty == false)
        for word in ["/srv", "sqlite", "SELECT", "account", "ada", "disk"] { #expect(!answer.text.contains(word)) }
    }

    @Test("A full database answers 507, keeps what it has, and takes deletes and reads")
    func fullDatabase() async throws {
        try await withFolder { folder in
            var ids: [String] = []
            let full = try await TestServer.start(folder: folder, tables: ["tables": [["name": "t"]]]) {
                $0.databaseBytes = 512 << 10
            }
            let client = TestClient(full.url, key: full.secretKey)
            let text = JSON.string(String(repeating: "a", count: 20_000))
            var answer = try await client.post("/v1/t", ["s": text])
            while answer.status == 201, ids.count < 100 {
                ids.append(answer.id)
                answer = try await client.post("/v1/t", ["s": text])
            }
            #expect(answer.status == 507)
            #expect(answer.code == "common/insufficient-storage")
            let many = try await client.post("/v1/t", .array([["s": "small"], ["s": text], ["s": text]]))
            #expect(many.status == 507)
            let list = try await client.get("/v1/t?limit=100")
            #expect(list.items.count == ids.count)
            #expect(try await client.delete("/v1/t/\(ids[0])").status == 200)
            #expect(try await client.delete("/v1/t/\(ids[1])").status == 200)
            #expect(try await client.post("/v1/t", ["s": text]).status == 201)
            try await full.stop()
            let again = try await TestServer.start(folder: folder)
            let later = TestClient(again.url, key: full.secretKey)
            #expect(try await later.get("/v1/t?limit=100").json["pagination"]?["total"] == .int(Int64(ids.count - 1)))
            try await again.stop()
        }
    }

    // MARK: Connections

    /// What comes, the status, the code.
    private static let unreadable: [(String, Int, String)] = {
        let field = "X-Long: " + String(repeating: "a", count: 40_000)
        let fields = (0..<150).map { "X-\($0): 1" }.joined(separator: "\r\n")
        return [
            ("GET /v1/t HTTP/1.1 and more\r\n\r\n", 400, "common/bad-request"),
            ("BREW /v1/t HTTP/1.1\r\n\r\n", 400, "common/bad-request"),
            ("GET /v1/t HTTP/3.7\r\nHost: x\r\n\r\n", 400, "common/bad-request"),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400, "common/bad-request"),
            ("GET /v1/t HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400, "common/bad-request"),
            ("POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n", 400, "common/bad-request"),
            ("GET /v1/t HTTP/1.1\r\nHost: x\r\n\(field)\r\n\r\n", 431, "common/headers-too-large"),
            ("GET /v1/t HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n", 431, "common/headers-too-large"),
        ]
    }()

    @Test(
        "What is no HTTP is answered in the one shape of errors, after the requests before it, and ends the connection",
        arguments: unreadable)
    func notHTTP(text: String, status: Int, code: String) async throws {
        try await withServer(tables: Self.tables) { server async throws in
            let client = server.admin
            let good = client.request("GET", "/v1/t")
            for before in [0, 2] {
                let (answers, rest) = try await blocking {
                    let connection = try RawConnection(port: client.port)
                    try connection.send(Array((0..<before).map { _ in good }.joined()) + Array(text.utf8))
                    let answers = try (0...before).map { _ in try connection.answer() }
                    return (answers, try connection.readToEnd())
                }
                #expect(answers.dropLast().allSatisfy { $0?.status == 200 })
                let last = try #require(answers.last ?? nil)
                #expect(last.status == status && last.code == code, "\(last.status) \(last.text)")
                #expect(last.json["statusCode"] == .int(Int64(status)))
                #expect(last.headers["content-type"] == "application/json; charset=utf-8")
                #expect(last.headers["connection"] == "close")
                #expect(rest.isEmpty)
            }
            #expect(try await client.get("/v1/t").status == 200)
        }
    }

    @Test("Header fields past their limits end the connection, not the server")
    func headerLimits() async throws {
        try await withServer(tables: Self.tables) { server async throws in
            let client = server.admin
            let long = ["X-Long": String(repeating: "a", count: 40_000)]
            let many = Dictionary(uniqueKeysWithValues: (0..<150).map { ("X-H\($0)", "1") })
            for headers in [long, many] {
                let request = client.request("GET", "/v1/t", headers)
                let status = try? await blocking {
                    let connection = try RawConnection(port: client.port)
                    try connection.send(request)
                    return try connection.answer()?.status
                }
                #expect(status != 200)
            }
            #expect(try await client.get("/v1/t").status == 200)
        }
    }

    @Test(
        "Two requests smuggled as one are read as HTTP has it, or refused",
        arguments: [
            "Content-Length: 5\r\nContent-Length: 6\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            "Content-Length: -1\r\n", "Content-Length: +5\r\n", "Content-Length: 5x\r\n",
            "Transfer-Encoding: xchunked\r\n",
        ])
    func smuggling(headers: String) async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.admin
            let head =
                "POST /v1/t HTTP/1.1\r\nHost: x\r\nX-API-Key: \(server.secretKey)\r\n\(headers)\r\n0\r\n\r\n"
                + "DELETE /v1/t/x HTTP/1.1\r\nHost: x\r\nX-API-Key: \(server.secretKey)\r\n\r\n"
            let statuses = try await blocking {
                let connection = try RawConnection(port: client.port)
                try connection.send(head)
                return try? connection.answer()?.status
            }
            #expect(statuses != 201)
            #expect(try await client.get("/v1/t").json["pagination"]?["total"] == 0)
        }
    }
}
