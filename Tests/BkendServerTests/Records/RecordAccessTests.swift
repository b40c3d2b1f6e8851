import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// Who may do what, over real sockets (rest-api.md §7).
@Suite struct RecordAccessTests {
    static let tables: JSON = [
        "tables": [
            [
                "name": "posts",
                "permissions": [
                    "user": ["create": true], "self": ["read": true, "update": true, "delete": true],
                    "guest": ["read": true, "list": true],
                ],
            ],
            [
                "name": "people", "schema": ["properties": ["name": ["type": "string"]]],
                "permissions": ["user": ["create": true, "read": true, "update": true], "guest": ["read": true]],
                "columnPermissions": [
                    "salary": ["read": "admin", "write": "admin"], "phone": ["read": "self", "write": "self"],
                ],
            ],
            [
                "name": "tasks", "permissions": ["user": ["create": true, "read": true]],
                "columnPermissions": ["level": ["read": "admin"]],
                "rowFilters": [["expression": "user", "filter": ["level": ["$ne": "secret"]]]],
            ],
        ]
    ]

    @Test("A user owns what it created, and lists only that where self alone allows it")
    func own() async throws {
        try await withServer(tables: Self.tables) { server in
            let (ann, ben) = (server.user("ann"), server.user("ben"))
            let mine = try await ann.post("/v1/posts", ["a": 1])
            #expect(mine.json["createdBy"] == "ann")
            let other = try await ben.post("/v1/posts", ["a": 2])
            #expect(try await ann.get("/v1/posts").items.map { $0["createdBy"] } == ["ann"])
            #expect(try await server.guest.get("/v1/posts").items.count == 2)
            #expect(try await ann.get("/v1/posts/\(mine.id)").status == 200)
            #expect(try await ann.get("/v1/posts/\(other.id)").code == "data/permission-denied")
            #expect(try await ann.patch("/v1/posts/\(other.id)", ["a": 3]).status == 403)
            #expect(try await ann.delete("/v1/posts/\(other.id)").status == 403)
            #expect(try await ann.patch("/v1/posts/\(mine.id)", ["a": 3]).json["a"] == 3)
            #expect(try await server.guest.post("/v1/posts", ["a": 3]).status == 403)
            #expect(try await ann.delete("/v1/posts/\(mine.id)").status == 200)
            let boss = server.user("eve", role: "admin")
            #expect(try await boss.delete("/v1/posts/\(other.id)").status == 200)
        }
    }

    @Test("A write of a field that the caller may not read doesn't tell whether it held that value already")
    func writtenUnread() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        let tables: JSON = [
            "tables": [
                [
                    "name": "votes", "permissions": ["user": ["create": true, "read": true, "update": true]],
                    "columnPermissions": ["choice": ["read": "admin"], "note": ["read": "self"]],
                ]
            ]
        ]
        try await withServer(tables: tables, configure: { $0.clock = clock }) { server in
            let (ann, ben) = (server.user("ann"), server.user("ben"))
            for field in ["choice", "note"] {
                var answers: [Answer] = []
                for value in ["yes", "no"] {
                    let record = try await ann.post("/v1/votes", ["id": "x", "open": 1])
                    _ = try await server.admin.patch("/v1/votes/\(record.id)", [field: .string(value)])
                    answers.append(try await ben.patch("/v1/votes/\(record.id)", [field: "yes"]))
                    let stored = try await server.admin.get("/v1/votes/\(record.id)")
                    #expect(stored.json[field] == "yes")
                }
                #expect(answers.map { $0.json[field] } == [nil, nil])
                #expect(answers[0].json["updatedAt"] == answers[1].json["updatedAt"], "\(field)")
                #expect(answers[0].json["updatedAt"] == "2026-01-01T00:00:00.002Z")
            }
            // What the caller may read is no change when it is the same, as before.
            let own = try await ann.post("/v1/votes", ["note": "mine", "open": 1])
            let same = try await ann.patch("/v1/votes/\(own.id)", ["note": "mine", "open": 1])
            #expect(same.json["updatedAt"] == own.json["updatedAt"])
        }
    }

    @Test("A hidden field can't be read, filtered, sorted or searched")
    func hiddenFields() async throws {
        try await withServer(tables: Self.tables) { server in
            let ann = server.user("ann")
            let id = try await ann.post("/v1/people", ["name": "Ann", "phone": "x555"]).id
            _ = try await server.admin.patch("/v1/people/\(id)", ["salary": 9])
            _ = try await server.admin.post("/v1/people", ["name": "Ben", "phone": "x777", "salary": 1])
            #expect(try await ann.get("/v1/people/\(id)").json["phone"] == "x555")
            #expect(try await ann.get("/v1/people/\(id)").json["salary"] == nil)
            #expect(try await server.guest.get("/v1/people/\(id)").json["phone"] == nil)
            let list = try await ann.get("/v1/people").items
            #expect(list.map { $0["phone"] } == [nil, "x555"])
            #expect(list.allSatisfy { $0["salary"] == nil })
            func count(_ query: (String, String)...) async throws -> JSON? {
                try await ann.list("/v1/people", query).json["pagination"]?["total"]
            }
            #expect(try await count(("andFilters", #"{"salary":{"$gt":0}}"#)) == 0)
            #expect(try await count(("andFilters", #"{"salary":null}"#)) == 2)
            #expect(try await count(("andFilters", #"{"phone":{"$regex":"7"}}"#)) == 0)
            #expect(try await count(("andFilters", #"{"phone":"x555"}"#)) == 1)
            // All text is searched, ids and times too: no "x" is in them.
            #expect(try await count(("search", "x777")) == 0)
            #expect(try await count(("search", "x555")) == 1)
            let sorted = try await ann.list("/v1/people", [("sortBy", "salary"), ("sortDirection", "asc")]).items
            #expect(sorted.map { $0["name"] } == ["Ann", "Ben"])
            let select = try await ann.list("/v1/people", [("select", "salary,name")]).items
            #expect(select.allSatisfy { $0["salary"] == nil && $0["name"] != nil })
            let refused = try await ann.patch("/v1/people/\(id)", ["salary": 100])
            #expect(refused.status == 403)
            #expect(refused.fields == ["salary"])
        }
    }

    @Test("A row filter sees fields that the caller may not read, and the caller's query doesn't")
    func rowFiltersOverHiddenFields() async throws {
        try await withServer(tables: Self.tables) { server in
            _ = try await server.admin.post(
                "/v1/tasks", [["t": "a", "level": "secret"], ["t": "b", "level": "open"], ["t": "c"]])
            let user = server.user("ann")
            #expect(try await user.get("/v1/tasks").items.map { $0["t"] } == ["c", "b"])
            #expect(try await user.get("/v1/tasks").items.allSatisfy { $0["level"] == nil })
            let probing = try await user.list("/v1/tasks", [("andFilters", #"{"level":"open"}"#)])
            #expect(probing.items.isEmpty)
            let sorted = try await user.list("/v1/tasks", [("sortBy", "level"), ("sortDirection", "asc")])
            #expect(sorted.items.map { $0["t"] } == ["b", "c"])
            let selected = try await user.list("/v1/tasks", [("select", "level")])
            #expect(selected.items.allSatisfy { $0["level"] == nil })
            #expect(try await user.list("/v1/tasks", [("search", "open")]).fields == ["search"])
            #expect(try await user.list("/v1/tasks", [("search", "open"), ("searchType", "level")]).items.isEmpty)
            #expect(try await user.list("/v1/tasks", [("search", "b"), ("searchType", "t")]).items.count == 1)
            #expect(try await server.admin.get("/v1/tasks").items.count == 3)
        }
    }

    @Test("The spec is for administrators and for signed-in callers who may read")
    func spec() async throws {
        try await withServer(tables: Self.tables) { server in
            let spec = try await server.admin.get("/v1/data/people/spec")
            #expect(spec.json["tableName"] == "people")
            #expect(spec.json["schema"]?["properties"]?["name"]?["bsonType"] == "string")
            let names = (spec.json["indexes"]?.arrayValue ?? []).map { $0["name"] }
            #expect(names == ["_id_", "_createdAt_", "_updatedAt_", "_createdBy_", "_clientKey_"])
            #expect(spec.json["columnPermissions"] != nil)
            #expect(try await server.user("ann").get("/v1/people/spec").status == 200)
            #expect(try await server.guest.get("/v1/people/spec").status == 403)
        }
    }
}
