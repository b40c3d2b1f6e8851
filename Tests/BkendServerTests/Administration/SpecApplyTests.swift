import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// `apply` takes what `/spec` answers, and it means the table that it was asked of.
@Suite struct SpecApplyTests {
    static let tables: JSON = [
        "tables": [
            ["name": "bare"], ["name": "_system"],
            [
                "name": "full", "additionalProperties": false, "searchIndex": true,
                "schema": [
                    "required": ["title"],
                    "properties": [
                        "title": ["type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^<]*$"],
                        "slug": ["type": "string", "unique": true], "owner": ["type": "reference", "table": "bare"],
                        "views": ["type": "int", "minimum": 0, "default": 0], "price": ["type": "number"],
                        "kind": ["type": "string", "enum": ["a", "b"]], "when": ["type": "date"],
                        "tags": ["type": "array", "items": ["type": "string"], "maxLength": 5],
                        "author": [
                            "type": "object", "additionalProperties": false,
                            "properties": ["name": ["type": "string", "required": true], "key": ["unique": true]],
                        ],
                    ],
                ],
                "indexes": [["name": "by_kind", "fields": ["kind": 1, "createdAt": -1]], ["fields": ["views": -1]]],
                "permissions": ["user": ["create": true, "list": false], "self": ["update": true]],
                "expressionPermissions": ["read": "user | guest", "update": "self & user"],
                "columnPermissions": ["price": ["read": "admin", "write": "admin"]],
                "rowFilters": [["expression": "user", "filter": ["kind": "a"]]],
            ],
            ["name": "closed", "permissions": [:]],
        ]
    ]

    @Test("The spec of a table is applied to it without a change, and makes the same table elsewhere")
    func roundTrip() async throws {
        try await withServer(tables: Self.tables) { server in
            let other = try await TestServer.start { $0.accessTokens = PlainTokens() }
            let names = ["bare", "_system", "full", "closed"]
            for name in names {
                let spec = try await server.admin.get("/v1/data/\(name)/spec").json
                #expect(spec["tableName"] == .string(name))
                #expect(try server.apply(spec) == [], "\(name)")
                #expect(try server.apply(["success": true, "data": spec]) == [], "\(name)")
                #expect(try other.apply(spec).count == 1)
                let second = try await other.admin.get("/v1/data/\(name)/spec").json
                #expect(second == spec, "\(name)")
            }
            // As an export script collects them.
            var specs: [JSON] = []
            for name in names { specs.append(try await server.admin.get("/v1/data/\(name)/spec").json) }
            #expect(try server.apply(.array(specs)) == [])
            #expect(try server.apply(["tables": .array(specs)]) == [])
            // A system table stays closed to users.
            #expect(try await other.user("ann").post("/v1/_system", ["a": 1]).code == "data/system-table-access")
            try await other.stop()
        }
    }

    @Test("The command takes the file that a client saved; mistakes in it are named")
    func command() async throws {
        try await Workplace.with { place in
            let spec: JSON = [
                "tableName": "notes", "schema": ["bsonType": "object", "properties": ["n": ["bsonType": "int"]]],
                "indexes": [
                    ["name": "_id_", "key": ["_id": 1]], ["name": "_createdAt_", "key": ["createdAt": 1]],
                    ["name": "by_n", "key": ["n": 1]],
                ],
                "permissions": ["user": ["create": true]],
            ]
            #expect(try await place.apply(spec).output.contains("table notes: created, 1 field, 1 index"))
            #expect(try await place.apply(spec).output == "no changes\n")
            #expect(try await place.apply(spec, "--check").status == 0)
            var wrong = spec.objectValue ?? [:]
            wrong["indexes"] = [["name": "_mine", "key": ["n": 1]]]
            let refused = try await place.apply(.object(wrong))
            #expect(refused.status == 65 && refused.errors.contains("_mine"))
            wrong["rowFilter"] = []
            #expect(try await place.apply(.object(wrong)).errors.contains("rowFilter"))
            #expect(try await place.apply([:]).errors.contains("array of tables"))
        }
    }
}
