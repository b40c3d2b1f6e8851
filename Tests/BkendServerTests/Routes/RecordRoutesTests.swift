import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// The record operations over real sockets (rest-api.md §2, §3).
@Suite struct RecordRoutesTests {
    static let tables: JSON = [
        "tables": [
            [
                "name": "articles",
                "schema": [
                    "properties": [
                        "title": ["type": "string", "required": true, "maxLength": 20],
                        "views": ["type": "int", "default": 0], "when": ["type": "date"],
                        "slug": ["type": "string", "unique": true],
                    ]
                ],
            ]
        ]
    ]

    @Test(
        "A record with a client key stays writable when its table takes no other fields any more; new ones are refused it"
    )
    func clientKeyStays() async throws {
        func tables(open: Bool) -> JSON {
            let schema: JSON = ["properties": ["title": ["type": "string"]], "additionalProperties": .bool(open)]
            return ["tables": [["name": "notes", "schema": schema]]]
        }
        try await withServer(tables: tables(open: true)) { server in
            let keyed = try await server.admin.post("/v1/data/notes", ["title": "One", "clientKey": "~1"]).id
            let other = try await server.admin.post("/v1/data/notes", ["title": "Two", "rest": 1]).id
            _ = try server.apply(tables(open: false))
            let changed = try await server.admin.patch("/v1/data/notes/\(keyed)", ["title": "Changed"])
            #expect(changed.status == 200 && changed.json["clientKey"] == "~1" && changed.json["title"] == "Changed")
            for body in [["clientKey": "~2"], ["clientKey": "~1"], ["clientKey": .null]] as [JSON] {
                #expect(try await server.admin.patch("/v1/data/notes/\(keyed)", body).status == 400)
            }
            #expect(try await server.admin.patch("/v1/data/notes/\(other)", ["title": "x"]).status == 400)
            #expect(try await server.admin.post("/v1/data/notes", ["title": "Three", "clientKey": "~3"]).status == 400)
        }
    }

    @Test(
        "A record is created, read, changed and deleted, on both path forms",
        arguments: ["/v1/data/articles", "/v1/articles"])
    func lifeOfARecord(path: String) async throws {
        try await withServer(tables: Self.tables) { server in
            let created = try await server.admin.post(
                path, ["title": "Hello", "when": "2025-01-08", "extra": [1.50, "é"]])
            #expect(created.status == 201)
            #expect(created.id.utf8.count == 24)
            #expect(created.json["views"] == 0)
            #expect(created.json["when"] == "2025-01-08T00:00:00.000Z")
            #expect(created.json["createdBy"] == "")
            #expect(created.json["createdAt"] == created.json["updatedAt"])
            let read = try await server.guest.get("\(path)/\(created.id)")
            #expect(read.status == 200)
            #expect(read.body == created.body)
            let changed = try await server.admin.patch("\(path)/\(created.id)", ["views": 2, "when": nil])
            #expect(changed.status == 200)
            #expect(changed.json["title"] == "Hello")
            #expect(changed.json["when"] == .some(.null))
            #expect(try await server.guest.get("\(path)/\(created.id)").body == changed.body)
            let deleted = try await server.admin.delete("\(path)/\(created.id)")
            #expect(deleted.text == #"{"success":true}"#)
            let gone = try await server.guest.get("\(path)/\(created.id)")
            #expect(gone.status == 404)
            #expect(gone.code == "data/not-found")
            #expect(try await server.admin.delete("\(path)/\(created.id)").status == 404)
            #expect(try await server.admin.patch("\(path)/\(created.id)", ["views": 1]).status == 404)
        }
    }

    @Test("An array creates all its records or none")
    func arrays() async throws {
        try await withServer(tables: Self.tables) { server in
            let all = try await server.admin.post("/v1/articles", [["title": "a"], ["title": "b"]])
            #expect(all.status == 201)
            #expect(all.items.map { $0["title"] } == ["a", "b"])
            let ids = all.items.compactMap { $0["id"]?.stringValue }
            #expect(ids == ids.sorted() && Set(ids).count == 2)
            let none = try await server.admin.post("/v1/articles", [["title": "c"], ["views": "x"]])
            #expect(none.status == 400)
            #expect(none.fields == ["[1].views", "[1].title"])
            let duplicate = try await server.admin.post(
                "/v1/articles", [["title": "d", "slug": "s"], ["title": "e", "slug": "s"]])
            #expect(duplicate.status == 409)
            #expect(try await server.guest.get("/v1/articles").json["pagination"]?["total"] == 2)
            #expect(try await server.admin.post("/v1/articles", []).text == #"{"items":[]}"#)
        }
    }

    @Test("A value taken by another record is a 409 that names the field and says it already exists")
    func duplicates() async throws {
        try await withServer(tables: Self.tables) { server in
            _ = try await server.admin.post("/v1/articles", ["title": "a", "slug": "x"])
            let second = try await server.admin.post("/v1/articles", ["title": "b", "slug": "x"])
            #expect(second.status == 409)
            #expect(second.code == "data/duplicate-value")
            #expect(second.fields == ["slug"])
            #expect(second.json["message"]?.stringValue?.contains("already exists") == true)
            let third = try await server.admin.post("/v1/articles", ["title": "c"])
            #expect(try await server.admin.patch("/v1/articles/\(third.id)", ["slug": "x"]).status == 409)
            #expect(try await server.admin.get("/v1/articles/\(third.id)").json["slug"] == nil)
        }
    }

    @Test("System fields in a body are ignored")
    func systemFields() async throws {
        try await withServer(tables: Self.tables) { server in
            let forged: JSON = [
                "id": "mine", "createdBy": "me", "createdAt": "x", "updatedAt": 5, "title": "t",
            ]
            let created = try await server.admin.post("/v1/articles", forged)
            #expect(created.status == 201)
            #expect(created.id != "mine")
            #expect(created.json["createdBy"] == "")
            let patched = try await server.admin.patch("/v1/articles/\(created.id)", ["id": "x", "updatedAt": "y"])
            #expect(patched.status == 200)
            #expect(patched.body == created.body)
        }
    }

    @Test("updatedAt moves with every effective update, stays with others, and never goes back")
    func updatedAt() async throws {
        let clock = TestClock("2025-01-08T00:00:00.000Z")
        try await withServer(tables: Self.tables) {
            $0.clock = clock
        } _: { server in
            let id = try await server.admin.post("/v1/articles", ["title": "t", "views": 1]).id
            func patch(_ fields: JSON) async throws -> JSON? {
                try await server.admin.patch("/v1/articles/\(id)", fields).json["updatedAt"]
            }
            #expect(try await patch(["views": 2]) == "2025-01-08T00:00:00.001Z")
            clock.set("2025-01-08T01:00:00.000Z")
            #expect(try await patch(["views": 2]) == "2025-01-08T00:00:00.001Z")
            #expect(try await patch(["views": 2.0, "title": "t"]) == "2025-01-08T00:00:00.001Z")
            #expect(try await patch(["views": 3]) == "2025-01-08T01:00:00.000Z")
            clock.set("2024-01-01T00:00:00.000Z")
            #expect(try await patch(["views": 4]) == "2025-01-08T01:00:00.001Z")
            #expect(try await server.admin.get("/v1/articles/\(id)").json["createdAt"] == "2025-01-08T00:00:00.000Z")
        }
    }

    @Test("A change is refused when what results breaks the schema")
    func patchValidatesTheResult() async throws {
        try await withServer(tables: Self.tables) { server in
            let id = try await server.admin.post("/v1/articles", ["title": "t"]).id
            let refused = try await server.admin.patch("/v1/articles/\(id)", ["title": nil, "views": "x"])
            #expect(refused.status == 400)
            #expect(refused.fields == ["title", "views"])
            #expect(refused.rules == ["required", "type"])
            #expect(try await server.admin.get("/v1/articles/\(id)").json["title"] == "t")
        }
    }

    @Test("A list answer is compact and pages through everything")
    func list() async throws {
        try await withServer(tables: Self.tables) { server in
            let records = (0..<25).map { JSON.object(["title": .string("t\($0)"), "views": .int(Int64($0))]) }
            _ = try await server.admin.post("/v1/articles", .array(records))
            let first = try await server.guest.get("/v1/articles")
            #expect(first.items.count == 20)
            #expect(first.items.first?["title"] == "t24")
            #expect(first.text.contains(#""hasNext":true"#))
            let expected: JSON = [
                "total": 25, "page": 1, "limit": 20, "totalPages": 2, "hasNext": true, "hasPrev": false,
            ]
            #expect(first.json["pagination"] == expected)
            let last = try await server.guest.list("/v1/data/articles", [("page", "2")])
            #expect(last.items.count == 5)
            #expect(last.json["pagination"]?["hasNext"] == false)
            let filtered = try await server.guest.list(
                "/v1/articles",
                [
                    ("andFilters", #"{"views":{"$gte":10}}"#), ("sortBy", "views"), ("sortDirection", "asc"),
                    ("limit", "2"),
                    ("select", "views"),
                ])
            #expect(filtered.items.map { $0["views"] } == [10, 11])
            #expect(filtered.items[0]["title"] == nil)
            #expect(filtered.items[0].objectValue?.keys == ["id", "views", "createdBy", "createdAt", "updatedAt"])
            #expect(filtered.json["pagination"]?["total"] == 15)
            let bracket = try await server.guest.list("/v1/articles", [("andFilters[views]", "7")])
            #expect(bracket.items.map { $0["title"] } == ["t7"])
            let search = try await server.guest.list("/v1/articles", [("search", "T2"), ("searchType", "title")])
            #expect(search.json["pagination"]?["total"] == 6)
            // All text is searched, the times too: no hour is 24.
            let anywhere = try await server.guest.list("/v1/articles", [("search", "T24")])
            #expect(anywhere.items.map { $0["title"] } == ["t24"])
        }
    }

    @Test("Dates in filters are compared in their stored form")
    func dateFilters() async throws {
        try await withServer(tables: Self.tables) { server in
            _ = try await server.admin.post("/v1/articles", ["title": "t", "when": "2025-01-08T00:00:00.000Z"])
            for value in ["2025-01-08", "2025-01-08T00:00:00Z", "2025-01-08T02:00:00+02:00"] {
                let filter = JSON.object(["when": .string(value)]).description
                #expect(try await server.guest.list("/v1/articles", [("andFilters", filter)]).items.count == 1)
            }
        }
    }

    @Test("With --dynamic a first record makes its table, by those who may create")
    func dynamicTables() async throws {
        try await withServer {
            $0.isDynamic = true
        } _: { server in
            let refused = try await server.guest.post("/v1/notes", ["a": 1])
            #expect(refused.status == 403)
            #expect(try await server.admin.get("/v1/notes").code == "data/table-not-found")
            #expect(try await server.admin.post("/v1/notes", ["a": 1]).status == 201)
            #expect(try await server.user("u1").post("/v1/notes", ["a": 2]).json["createdBy"] == "u1")
            #expect(try await server.guest.get("/v1/notes").items.count == 2)
        }
        try await withServer { server in
            let refused = try await server.admin.post("/v1/notes", ["a": 1])
            #expect(refused.code == "data/table-not-found")
        }
    }
}
