import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// A reader must not learn a hidden field's value (rest-api.md §7). Two tables differ in the hidden values alone; whatever
/// a caller asks, both must answer alike.
@Suite struct HiddenFieldLeakTests {
    static let clock = TestClock("2026-01-01T00:00:00.000Z")

    static func table(_ name: String, rows: Bool) -> JSON {
        var table: JSONObject = [
            "name": .string(name),
            "schema": [
                "properties": [
                    "name": ["type": "string"], "salary": ["type": "int", "minimum": 0],
                    "secret": ["type": "object", "properties": ["word": ["type": "string"]]],
                    "code": ["type": "string"],
                ]
            ],
            "indexes": [
                ["name": "by_salary", "fields": ["salary": 1]], ["name": "by_word", "fields": ["secret.word": 1]],
            ],
            "permissions": [
                "user": ["create": true, "read": true, "list": true, "update": true], "guest": ["read": true],
            ],
            "columnPermissions": [
                "salary": ["read": "admin", "write": "admin"], "secret": ["read": "admin", "write": "admin"],
                "code": ["read": "self", "write": "admin"],
            ],
        ]
        if rows { table["rowFilters"] = [["expression": "user", "filter": ["salary": ["$gte": 0]]]] }
        return .object(table)
    }

    /// Everything that a caller can ask about a field by a query.
    static let queries: [(String, String)] = {
        var out: [(String, String)] = []
        let values = ["5", "9", "null", #""alpha""#, #""beta""#, #"{"word":"alpha"}"#, #"{"word":"beta"}"#]
        for field in ["salary", "secret", "secret.word", "code"] {
            for value in values {
                for name in ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$contains"] {
                    out.append(("andFilters", #"{"\#(field)":{"\#(name)":\#(value)}}"#))
                }
                out.append(("orFilters", #"{"\#(field)":\#(value),"name":"nobody"}"#))
                out.append(("andFilters", #"{"\#(field)":{"$in":[\#(value)]}}"#))
                out.append(("andFilters", #"{"\#(field)":{"$nin":[\#(value)]}}"#))
            }
            out.append(("andFilters", #"{"\#(field)":{"$regex":"^a"}}"#))
            out.append(("andFilters", #"{"\#(field)":{"$regex":"^B","$options":"i"}}"#))
            out += [
                ("andFilters", #"{"\#(field)":{"$exists":true}}"#), ("andFilters", #"{"\#(field)":{"$exists":false}}"#),
            ]
            out += [("andFilters[\(field)]", "alpha"), ("andFilters[\(field)]", "9"), ("sortBy", field)]
            out += [("select", field), ("fields", "\(field),name"), ("searchType", field)]
        }
        // Range probing, the channel that needs no operator but one.
        for bound in 0..<12 { out.append(("andFilters", #"{"salary":{"$gte":\#(bound)}}"#)) }
        return out + [("search", "alpha"), ("search", "beta"), ("search", "lph"), ("search", "eta")]
    }()

    @Test("Two tables that differ in hidden values alone answer every query alike", arguments: [false, true])
    func queries(rows: Bool) async throws {
        try await Self.withTwins(rows: rows) { server, _ in
            for client in [server.user("eve"), server.guest] {
                for (name, value) in Self.queries {
                    for direction in ["asc", "desc"] {
                        var query = [(name, value), ("sortDirection", direction)]
                        if name == "searchType" { query.append(("search", "alpha")) }
                        let answers = try await Self.both { try await client.list("/v1/\($0)", query) }
                        #expect(answers.0 == answers.1, "\(name)=\(value) \(direction)")
                        if name != "sortBy", direction == "asc" { break }
                    }
                }
            }
        }
    }

    @Test("Nor do reads, refused writes and their errors tell them apart")
    func writes() async throws {
        try await Self.withTwins(rows: false) { server, ids in
            let eve = server.user("eve")
            let bodies: [JSON] = [
                ["salary": 5], ["salary": 9], ["secret": ["word": "alpha"]], ["name": 5], ["salary": -1, "name": 5],
                ["code": "alpha"], ["name": "new"], [:],
            ]
            for position in 0..<2 {
                let reads = try await Self.both { try await eve.get("/v1/\($0)/\(ids[$0]?[position] ?? "")") }
                #expect(reads.0 == reads.1)
                for body in bodies {
                    let answers = try await Self.both {
                        try await eve.patch("/v1/\($0)/\(ids[$0]?[position] ?? "")", body)
                    }
                    #expect(answers.0 == answers.1, "\(body)")
                    let created = try await Self.both { try await eve.post("/v1/\($0)", body) }
                    #expect(created.0 == created.1, "\(body)")
                }
            }
        }
    }

    /// What a tightened schema refuses of every stored record.
    private static let tightened: JSON = [
        "salary": ["type": "int", "maximum": 1], "extra": ["type": "string", "required": true],
        "code": ["type": "string", "enum": ["gamma", "delta"]], "name": ["type": "string"],
        "secret": [
            "type": "object", "properties": ["word": ["type": "string", "maxLength": 1], "n": ["required": true]],
        ],
    ]

    @Test("After a schema was tightened, errors name neither hidden fields nor what they should be")
    func tightenedSchema() async throws {
        try await Self.withTwins(rows: false) { server, ids in
            guard var table = Self.table("left", rows: false).objectValue else { return }
            table["schema"] = ["properties": Self.tightened]
            table["columnPermissions"] = [
                "salary": ["read": "admin", "write": "admin"], "secret": ["read": "admin", "write": "admin"],
                "code": ["read": "self", "write": "admin"], "extra": ["read": "admin"],
            ]
            try server.apply(["tables": [.object(table)]])
            let id = ids["left"]?[0] ?? ""
            for client in [server.user("eve"), server.guest] {
                let answers = [
                    try await client.patch("/v1/left/\(id)", ["name": "new"]),
                    try await client.post("/v1/left", ["name": "new"]),
                    try await client.post("/v1/left", .array([["name": "new"]])),
                ]
                for answer in answers where answer.status != 403 {
                    #expect(answer.status == 400)
                    #expect(answer.rules == ["schema"], "\(answer.text)")
                    for word in ["salary", "secret", "extra", "word", "gamma", "maximum", "required", "enum"] {
                        #expect(!answer.text.contains(word), "\(word): \(answer.text)")
                    }
                }
            }
            // The owner reads `code`, and so learns of it; nobody else's field comes with it.
            let own = try await server.user("ann").patch("/v1/left/\(id)", ["name": "new"])
            #expect(own.fields == ["body", "code"], "\(own.text)")
            // What the caller wrote, it may hear of.
            let written = try await server.user("eve").post("/v1/left", ["name": "new", "extra": 5])
            #expect(written.fields.contains("extra") && written.status == 400)
            #expect(try await server.admin.patch("/v1/left/\(id)", ["name": "new"]).fields.count >= 4)
        }
    }

    @Test("A unique index over a hidden field is not named to who wrote another of its fields")
    func hiddenUniqueness() async throws {
        let table: JSON = [
            "name": "t", "indexes": [["fields": ["name": 1, "salary": 1], "unique": true]],
            "permissions": ["user": ["create": true, "update": true]],
            "columnPermissions": ["salary": ["read": "admin", "write": "admin"]],
        ]
        try await withServer(tables: ["tables": [table]]) { server in
            let eve = server.user("eve")
            _ = try await eve.post("/v1/t", ["name": "a"])
            let other = try await eve.post("/v1/t", ["name": "b"])
            for answer in [
                try await eve.post("/v1/t", ["name": "a"]), try await eve.patch("/v1/t/\(other.id)", ["name": "a"]),
            ] {
                #expect(answer.status == 409 && answer.fields == ["name"])
                #expect(!answer.text.contains("salary"))
            }
        }
    }

    @Test("The owner of a record sees what its rule shows to owners, in filters too")
    func owners() async throws {
        try await Self.withTwins(rows: false) { server, _ in
            let ann = server.user("ann")
            #expect(try await ann.get("/v1/left").items.map { $0["code"] } == [nil, "alpha"])
            let found = try await ann.list("/v1/left", [("andFilters", #"{"code":"alpha"}"#)])
            #expect(found.items.map { $0["name"] } == ["one"])
            #expect(try await ann.list("/v1/left", [("andFilters", #"{"code":"beta"}"#)]).items.isEmpty)
        }
    }

    /// Tables `a` and `b` with two records each; what is hidden is swapped.
    private static func withTwins(
        rows: Bool, _ body: (TestServer, [String: [String]]) async throws -> Void
    ) async throws {
        let tables: JSON = ["tables": [table("left", rows: rows), table("right", rows: rows)]]
        try await withServer(tables: tables) {
            $0.clock = clock
        } _: { server in
            var ids: [String: [String]] = [:]
            for (name, values) in [("left", [("alpha", 5), ("beta", 9)]), ("right", [("beta", 9), ("alpha", 5)])] {
                for (index, (word, salary)) in values.enumerated() {
                    let owner = server.user(["ann", "ben"][index], role: "admin")
                    let record: JSON = [
                        "name": .string(["one", "two"][index]), "salary": .int(Int64(salary)),
                        "secret": ["word": .string(word)], "code": .string(word),
                    ]
                    ids[name, default: []].append(try await owner.post("/v1/\(name)", record).id)
                }
            }
            try await body(server, ids)
        }
    }

    /// Both tables' answers, without what differs anyway: ids, and the tables' names in messages.
    private static func both(_ ask: (String) async throws -> Answer) async throws -> (JSON, JSON) {
        func plain(_ json: JSON, _ table: String) -> JSON {
            switch json {
            case .object(let object):
                let members = object.filter { !($0.key == "id" && $0.value.stringValue?.count == 24) }
                return .object(JSONObject(members.map { ($0.key, plain($0.value, table)) }))
            case .array(let values): return .array(values.map { plain($0, table) })
            case .string(let text): return .string(text.replacing(" \(table)", with: " TABLE"))
            default: return json
            }
        }
        let (first, second) = (try await ask("left"), try await ask("right"))
        return (
            ["status": .int(Int64(first.status)), "body": plain(first.json, "left")],
            ["status": .int(Int64(second.status)), "body": plain(second.json, "right")]
        )
    }
}
