import BkendAccounts
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// One sentence of rest-api.md, and the requests that show it.
struct ContractRow: Sendable {
    let name: String
    let holds: @Sendable (ContractWorld) async throws -> Bool

    init(_ name: String, _ holds: @escaping @Sendable (ContractWorld) async throws -> Bool) {
        self.name = name
        self.holds = holds
    }

    /// Shows every row to one server on SQLite, and to one on the hostile storage.
    static func check(_ rows: [ContractRow], configure: (inout ServerConfiguration) -> Void = { _ in }) async throws {
        try await ServerPlaces.gate.pass { try await show(rows, configure: configure) }
        // Where the bytes are has nothing to do with where the rows are.
        if FilesInS3.service != nil { return }
        let faults = HostileFaults()
        try await ServerPlaces.gate.pass {
            try await show(rows) {
                configure(&$0)
                $0.storage = HostileSource(faults, maximumBytes: $0.databaseBytes, clock: $0.now)
            }
        }
        #expect(faults.all.isEmpty, "\(faults.all)")
    }

    private static func show(
        _ rows: [ContractRow], configure: (inout ServerConfiguration) -> Void
    ) async throws {
        try await withFolder { folder in
            let name = try EnvironmentName(project: "default", environment: "dev")
            let home = try DataFolder.create(at: folder, name: name, now: .systemNow)
            let other = try DataFolder.addEnvironment("default", "prod", to: folder)
            let scoped = try DataFolder.addEnvironment("default", "dev", to: folder, scopes: #"["open:read"]"#)
            let clock = TestClock("2026-01-01T00:00:00.000Z")
            let server = try await TestServer.start(folder: folder, tables: ContractWorld.tables) {
                $0.now = { clock.now }
                FilesInS3.apply(to: &$0)
                configure(&$0)
            }
            do {
                try server.apply(ContractWorld.tables, to: other.name)
                let world = try await ContractWorld(server, home: home, other: other, scoped: scoped, clock: clock)
                for row in rows {
                    let holds = try await row.holds(world)
                    #expect(holds, "\(row.name)")
                }
            } catch {
                try? await server.stop()
                throw error
            }
            try await server.stop()
        }
    }
}

/// A server with tables, people and keys, for rows to ask.
struct ContractWorld: Sendable {
    let server: TestServer
    let clock: TestClock
    let keys: DataFolder.Created
    let otherKeys: DataFolder.Created
    /// A secret key.
    let admin: TestClient
    /// A publishable key alone.
    let guest: TestClient
    let ada: Person
    let eve: Person
    /// A user of the admin role.
    let boss: Person
    /// A publishable key that may read `open` alone.
    let scoped: TestClient
    /// A record of `articles` that Ada created.
    let record: Answer

    init(
        _ server: TestServer, home: DataFolder.Created, other: DataFolder.Created, scoped: DataFolder.Created,
        clock: TestClock
    ) async throws {
        self.server = server
        self.clock = clock
        keys = home
        otherKeys = other
        admin = TestClient(server.url, key: home.secretKey)
        guest = TestClient(server.url, key: home.publishableKey)
        self.scoped = TestClient(server.url, key: scoped.publishableKey)
        ada = try await Self.person("ada@example.com", server, home)
        eve = try await Self.person("eve@example.com", server, home)
        boss = try await Self.person("boss@example.com", server, home)
        _ = try await admin.patch("/v1/users/\(boss.id)/role", ["role": "admin"])
        record = try await ada.client.post("/v1/data/articles", ["title": "First", "views": 1])
    }

    private static func person(_ email: String, _ server: TestServer, _ keys: DataFolder.Created) async throws -> Person
    {
        let client = TestClient(server.url, key: keys.publishableKey)
        let answer = try await client.post(
            "/v1/auth/email/signup", ["email": .string(email), "password": .string(Person.password), "name": "Test"])
        var person = Person(answer, server)
        person.client = TestClient(server.url, key: keys.publishableKey, token: person.accessToken)
        return person
    }

    /// A client with other headers.
    func bare(_ headers: [String: String]) -> TestClient {
        var client = TestClient(server.url)
        client.headers = headers
        return client
    }

    /// The titles that a filter of `articles` finds, oldest first.
    func titles(_ parameters: (String, String)...) async throws -> [String] {
        let query = parameters + [("sortDirection", "asc"), ("limit", "100")]
        return try await admin.list("/v1/data/shelf", query).items.compactMap { $0["t"]?.stringValue }
    }

    /// The titles that a filter finds.
    func filtered(_ filter: String) async throws -> [String] { try await titles(("andFilters", filter)) }

    static let tables: JSON = [
        "tables": [
            [
                "name": "articles",
                "schema": [
                    "bsonType": "object", "required": ["title"],
                    "properties": [
                        "title": ["bsonType": "string", "minLength": 1, "maxLength": 20],
                        "category": ["bsonType": "string", "enum": ["notice", "event"]],
                        "views": ["bsonType": "int", "minimum": 0, "default": 0], "price": ["bsonType": "double"],
                        "isPublished": ["bsonType": "bool", "default": false], "when": ["bsonType": "date"],
                        "tags": ["bsonType": "array", "items": ["bsonType": "string"]],
                        "author": ["bsonType": "object", "properties": ["name": ["bsonType": "string"]]],
                        "slug": ["bsonType": "string", "unique": true, "pattern": "^[a-z-]+$"],
                        "parent": ["type": "reference", "table": "articles"],
                    ],
                ],
                "indexes": [["name": "by_category", "fields": ["category": 1, "createdAt": -1]]],
                "permissions": [
                    "user": ["create": true, "read": true, "list": true], "self": ["update": true, "delete": true],
                    "guest": ["read": true, "list": true],
                ],
                "columnPermissions": ["secret": ["read": "admin", "write": "admin"]],
            ],
            ["name": "open"], ["name": "shelf"], ["name": "_log"],
            ["name": "strict", "additionalProperties": false, "schema": ["properties": ["a": ["type": "int"]]]],
            ["name": "own", "permissions": ["user": ["create": true], "self": ["read": true, "list": true]]],
            [
                "name": "rows", "permissions": ["user": ["create": true, "read": true]],
                "rowFilters": [
                    ["expression": "user", "filter": ["status": "published"]],
                    ["expression": "user", "filter": ["createdBy": "$userId"]],
                ],
            ],
            [
                "name": "places",
                "indexes": [
                    ["name": "place", "fields": ["shop": 1, "shelf": 1], "unique": true, "sparse": true]
                ],
            ],
        ]
    ]
}
