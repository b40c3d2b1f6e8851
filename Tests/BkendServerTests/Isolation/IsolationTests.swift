import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Nothing of one environment is reachable through another's key or token (rest-api.md §1), on any route.
@Suite struct IsolationTests {
    /// A request aimed at what the first environment holds.
    struct Row {
        var method: String
        var path: String
        var body: JSON?
    }

    /// What the first environment holds.
    struct Target {
        var record: String
        var user: String
        var session: String
        var refreshToken: String
        /// A private file: its id and its key; and a key whose bytes wait to be registered, with its address.
        var file = "f"
        var fileKey = "images/\(String(repeating: "0", count: 32))/f.png"
        var pending = "p"
        var address = "/storage/images/\(String(repeating: "0", count: 32))/p.png?sig=x"
        var email = "ada@example.com"
        var password = Person.password
    }

    static func rows(_ target: Target) -> [Row] {
        let signIn: JSON = ["email": .string(target.email), "password": .string(target.password)]
        let reset: JSON = [
            "email": .string(target.email), "token": "guessed", "newPassword": "another horse 2",
        ]
        let parts: JSON = [
            "key": .string(target.fileKey), "uploadId": "x", "partNumber": 1,
            "parts": [["partNumber": 1, "etag": "x"]],
        ]
        return [
            Row(method: "GET", path: "/health"), Row(method: "GET", path: "/v1/data/t"),
            Row(method: "GET", path: "/v1/t"),
            Row(method: "GET", path: "/v1/data/t?search=marker"),
            Row(method: "POST", path: "/v1/data/t", body: ["text": "from outside"]),
            Row(method: "GET", path: "/v1/data/t/\(target.record)"),
            Row(method: "PATCH", path: "/v1/data/t/\(target.record)", body: ["text": "from outside"]),
            Row(method: "DELETE", path: "/v1/data/t/\(target.record)"),
            Row(method: "GET", path: "/v1/data/t/spec"), Row(method: "GET", path: "/v1/data/t/openapi"),
            Row(method: "GET", path: "/v1/data/only_first"), Row(method: "GET", path: "/v1/data/only_first/spec"),
            Row(method: "GET", path: "/v1/data/only_first/openapi"),
            Row(
                method: "POST", path: "/x1/changes",
                body: ["subscriptions": [["name": "a", "table": "t"], ["name": "b", "table": "only_first"]]]),
            Row(method: "POST", path: "/v1/auth/email/signin", body: signIn),
            Row(method: "POST", path: "/v1/auth/refresh", body: ["refreshToken": .string(target.refreshToken)]),
            Row(method: "GET", path: "/v1/auth/me"), Row(method: "POST", path: "/v1/auth/signout", body: [:]),
            Row(method: "GET", path: "/v1/auth/sessions"),
            Row(method: "DELETE", path: "/v1/auth/sessions/\(target.session)"),
            Row(
                method: "POST", path: "/v1/auth/password/change",
                body: ["currentPassword": .string(target.password), "newPassword": "another horse 2"]),
            Row(method: "POST", path: "/v1/auth/password/reset/request", body: ["email": .string(target.email)]),
            Row(method: "POST", path: "/v1/auth/password/reset/confirm", body: reset),
            Row(method: "GET", path: "/v1/users"),
            Row(method: "POST", path: "/v1/users", body: ["email": "from.outside@example.com"]),
            Row(method: "GET", path: "/v1/users/\(target.user)"),
            Row(method: "PATCH", path: "/v1/users/\(target.user)", body: ["name": "from outside"]),
            Row(method: "DELETE", path: "/v1/users/\(target.user)"),
            Row(method: "GET", path: "/v1/users/\(target.user)/profile"),
            Row(method: "PATCH", path: "/v1/users/\(target.user)/profile", body: ["name": "from outside"]),
            Row(method: "PATCH", path: "/v1/users/\(target.user)/role", body: ["role": "admin"]),
            Row(method: "GET", path: "/v1/data/users"), Row(method: "GET", path: "/v1/data/users/\(target.user)"),
            Row(
                method: "POST", path: "/v1/files/presigned-url",
                body: ["filename": "from outside.png", "contentType": "image/png"]),
            Row(
                method: "POST", path: "/v1/files",
                body: [
                    "fileId": .string(target.pending), "originalName": "from outside.png", "mimeType": "image/png",
                    "size": 6,
                ]),
            Row(method: "POST", path: "/v1/files/\(target.pending)/complete", body: [:]),
            Row(method: "GET", path: "/v1/files"), Row(method: "GET", path: "/v1/files/buckets"),
            Row(method: "GET", path: "/v1/files/\(target.file)"),
            Row(method: "PATCH", path: "/v1/files/\(target.file)", body: ["originalName": "from outside.png"]),
            Row(method: "PATCH", path: "/v1/files/\(target.file)/visibility", body: ["visibility": "public"]),
            Row(method: "POST", path: "/v1/files/\(target.file)/download-url", body: [:]),
            Row(method: "GET", path: "/v1/files/\(target.file)/download-url"),
            Row(method: "GET", path: "/v1/files/\(target.file)/download"),
            Row(method: "DELETE", path: "/v1/files/\(target.file)"),
            Row(method: "GET", path: "/storage/\(target.fileKey)"),
            Row(method: "GET", path: "/img/10x10/smart/\(target.fileKey)"),
            Row(
                method: "POST", path: "/v1/files/multipart/init",
                body: ["filename": "from outside.png", "contentType": "image/png", "fileSize": 10]),
            Row(method: "POST", path: "/v1/files/multipart/presigned-url", body: parts),
            Row(method: "POST", path: "/v1/files/multipart/complete", body: parts),
            Row(method: "POST", path: "/v1/files/multipart/abort", body: parts),
            Row(
                method: "POST", path: "/v1/files/multipart/initiate",
                body: ["filename": "from outside.png", "contentType": "image/png", "fileSize": 10]),
            Row(method: "POST", path: "/v1/files/multipart/x/part-url", body: parts),
            Row(method: "POST", path: "/v1/files/multipart/x/complete", body: parts),
            Row(method: "POST", path: "/v1/files/multipart/x/abort", body: parts),
            Row(method: "POST", path: "/v1/files/upload", body: ["from": "outside"]),
            Row(
                method: "POST", path: "/v1/users/\(target.user)/avatar/upload-url",
                body: ["filename": "from outside.png"]),
            Row(
                method: "PATCH", path: "/v1/users/\(target.user)/avatar", body: ["s3Key": .string(target.fileKey)]),
            Row(method: "DELETE", path: "/v1/users/\(target.user)/avatar"),
            Row(method: "GET", path: "/v1/data/files"), Row(method: "GET", path: "/v1/data/files/\(target.file)"),
            // Last: with the stranger's own token it succeeds, on the stranger.
            Row(
                method: "POST", path: "/v1/auth/email/signup",
                body: ["email": .string(target.email), "password": "another horse 2"]),
            Row(method: "DELETE", path: "/v1/auth/withdraw"),
            // An address is good without a key, and for its key alone.
            Row(method: "PUT", path: target.address.replacing(".png?", with: "x.png?"), body: ["from": "outside"]),
        ]
    }

    @Test("Every route of the table has a row")
    func whole() {
        let target = Target(record: "r", user: "u", session: "s", refreshToken: "rt")
        let rows = Self.rows(target).map { RouteTree.all.route($0.path, $0.method) }
        #expect(!rows.contains { $0 == nil })
        let without = Route.all.filter { route in !rows.contains { $0 === route } }
        #expect(without.map { "\($0.method) \($0.pattern)" } == [])
    }

    static let tables: JSON = [
        "tables": [
            [
                "name": "t",
                "permissions": [
                    "user": ["create": true, "read": true, "update": true, "delete": true],
                    "guest": ["create": true, "read": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    @Test(
        "Neither another environment's nor another project's key, with or without a token of either, reaches anything",
        arguments: [("default", "prod"), ("shop", "dev")])
    func strangers(project: String, environment: String) async throws {
        try await withFolder { folder in
            let home = try DataFolder.create(
                at: folder, name: try EnvironmentName(project: "default", environment: "dev"), now: .systemNow)
            let other = try DataFolder.addEnvironment(project, environment, to: folder)
            try await withAccounts(folder: folder, tables: Self.tables) { server in
                try server.apply(["tables": [["name": "only_first"]]])
                try server.apply(Self.tables, to: other.name)
                try await Self.attack(server, home: home, other: other)
            }
        }
    }

    private static func attack(
        _ server: TestServer, home: DataFolder.Created, other: DataFolder.Created
    ) async throws {
        let admin = TestClient(server.url, key: home.secretKey)
        let ada = try await server.signUp("ada@example.com")
        let record = try await ada.client.post("/v1/t", ["text": "marker"])
        let session = try await ada.client.get("/v1/auth/sessions").items.first?["id"]?.stringValue ?? ""
        var target = Target(record: record.id, user: ada.id, session: session, refreshToken: ada.refreshToken)
        let file = try await ada.upload("marker.png", Array("marker".utf8))
        let pending = try await ada.put("marker.png", Array("marker".utf8))
        target.file = file.id
        target.fileKey = file.json["key"]?.stringValue ?? ""
        target.pending = pending.json["fileId"]?.stringValue ?? ""
        target.address = pending.address
        let stranger = try await TestClient(server.url, key: other.publishableKey).post(
            "/v1/auth/email/signup", ["email": "eve@example.com", "password": .string(Person.password)])
        let eve = stranger.json["accessToken"]?.stringValue ?? ""
        #expect(stranger.status == 201)

        let callers: [(String, TestClient, isForeignToken: Bool)] = [
            ("publishable key", TestClient(server.url, key: other.publishableKey), false),
            ("secret key", TestClient(server.url, key: other.secretKey), false),
            ("publishable key, own token", TestClient(server.url, key: other.publishableKey, token: eve), false),
            (
                "publishable key, foreign token",
                TestClient(server.url, key: other.publishableKey, token: ada.accessToken), true
            ),
            ("secret key, foreign token", TestClient(server.url, key: other.secretKey, token: ada.accessToken), true),
            ("home key, stranger's token", TestClient(server.url, key: home.publishableKey, token: eve), true),
        ]
        for (name, client, isForeignToken) in callers {
            for row in rows(target) {
                let isHome = name.hasPrefix("home")
                let route = try #require(RouteTree.all.route(row.path, row.method))
                // With the home key alone these need no token, and so pass a foreign one over.
                let isOpen = !route.takesTokens
                if isHome, isOpen { continue }
                let answer = try await client.send(row.method, row.path, body: row.body?.serialized())
                #expect(!answer.text.contains("marker"), "\(name): \(row.method) \(row.path)")
                #expect(!answer.text.contains(ada.id), "\(name): \(row.method) \(row.path)")
                if row.method == "PUT" { #expect(answer.status == 403, "\(name): \(answer.text)") }
                if isForeignToken, !isOpen {
                    #expect(answer.code == "data/project-access-denied", "\(name): \(row.method) \(row.path)")
                }
            }
        }
        // Nothing at home has changed.
        #expect(try await ada.client.get("/v1/files/\(file.id)").body == file.body)
        #expect(try await ada.client.get("/v1/files").items.count == 1)
        #expect(try await ada.client.get("/v1/files/\(file.id)/download").text == "marker")
        #expect(try await admin.get("/v1/t/\(record.id)").body == record.body)
        #expect(try await admin.get("/v1/t").json["pagination"]?["total"] == 1)
        #expect(try await ada.client.get("/v1/auth/me").json["role"] == "user")
        #expect(try await admin.get("/v1/users").items.count == 1)
        #expect(try await ada.client.get("/v1/auth/sessions").items.count == 1)
        #expect(try await server.refresh(ada.refreshToken).status == 200)
        #expect(try await server.signIn(target.email).status == 200)
        let completed = try await ada.client.post("/v1/files/\(target.pending)/complete", [:])
        #expect(completed.status == 201 || completed.status == 200, "\(completed.text)")
        #expect(try await ada.client.get("/v1/files/\(target.pending)/download").text == "marker")
    }
}
