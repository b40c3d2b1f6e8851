import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// `POST /x1/changes` over HTTP.
@Suite struct FeedRouteTests {
    private static let tables: JSON = [
        "tables": [["name": "notes"], ["name": "logs"], ["name": "own", "permissions": ["self": ["list": true]]]]
    ]

    /// On a busy machine a page would end before it is full, and a pattern would take its time.
    private static func unhurried(_ settings: inout ServerSettings) {
        settings.limits.changesMilliseconds = 60_000
        settings.limits.queryMilliseconds = 60_000
    }

    /// Asks for the changes of subscriptions, each a name, a table and more.
    private static func ask(_ client: TestClient, _ subscriptions: JSONObject...) async throws -> Answer {
        let named = subscriptions.enumerated().map { index, more in
            JSON.object(JSONObject([("name", .string("s\(index)"))] + more.map { ($0.key, $0.value) }))
        }
        return try await client.post("/x1/changes", ["subscriptions": .array(named)])
    }

    private static func page(_ answer: Answer, _ index: Int = 0) -> JSON {
        answer.json["subscriptions"]?[index] ?? .null
    }

    private static func cursor(_ client: TestClient, _ table: String = "notes") async throws -> JSON {
        page(try await ask(client, ["table": .string(table)]))["cursor"] ?? .null
    }

    @Test("A client is told what was created, changed and deleted since its cursor, each record once")
    func changes() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let first = try await client.post("/v1/notes", ["n": 1])
            let since = try await Self.cursor(client)
            let second = try await client.post("/v1/notes", ["n": 2])
            _ = try await client.patch("/v1/notes/\(second.id)", ["n": 3])
            _ = try await client.delete("/v1/notes/\(first.id)")
            let third = try await client.post("/v1/notes", ["n": 4])
            _ = try await client.delete("/v1/notes/\(third.id)")
            let answer = try await Self.ask(client, ["table": "notes", "since": since])
            let page = Self.page(answer)
            #expect(answer.status == 200)
            #expect(page["name"] == "s0" && page["since"] == since && page["hasMore"] == false)
            #expect(page["upserts"]?.arrayValue?.map { $0["n"] } == [3])
            let removed = page["removed"]?.arrayValue ?? []
            #expect(removed.compactMap { $0["id"]?.stringValue } == [first.id, third.id])
            let stamp = try #require(first.json["updatedAt"]?.stringValue.flatMap(Timestamp.init))
            #expect(try #require(removed[0]["at"]?.stringValue.flatMap(Timestamp.init)) > stamp)
            let cursor = try #require(page["cursor"])
            let again = Self.page(try await Self.ask(client, ["table": "notes", "since": cursor]))
            #expect(again["upserts"] == [] && again["removed"] == [])
        }
    }

    @Test("A record that leaves a filter is told as removed, and one that comes into it with its text")
    func filter() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let (a, b) = (try await client.post("/v1/notes", ["n": 1]), try await client.post("/v1/notes", ["n": 9]))
            let small: JSON = ["n": ["$lt": 5]]
            let since = try #require(
                Self.page(try await Self.ask(client, ["table": "notes", "andFilters": small]))["cursor"])
            _ = try await client.patch("/v1/notes/\(a.id)", ["n": 8])
            _ = try await client.patch("/v1/notes/\(b.id)", ["n": 2])
            let other = try await client.post("/v1/notes", ["n": 7])
            _ = try await client.delete("/v1/notes/\(other.id)")
            let page = Self.page(
                try await Self.ask(client, ["table": "notes", "andFilters": small, "since": since]))
            #expect(page["upserts"]?.arrayValue?.map { $0["id"] } == [.string(b.id)])
            #expect(page["removed"]?.arrayValue?.map { $0["id"] } == [.string(a.id)])
        }
    }

    @Test("A write says where its change stands; one that changes nothing says nothing, and a page covers it")
    func positions() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let made = try await client.post("/v1/notes", [["n": 1], ["n": 2]])
            let since = try await Self.cursor(client)
            let id = made.items[0]["id"]?.stringValue ?? ""
            let changed = try await client.send(
                "PATCH", "/v1/notes/\(id)", ["Origin": "https://app.example"], body: Array(#"{"n":5}"#.utf8))
            let same = try await client.patch("/v1/notes/\(id)", ["n": 5])
            let deleted = try await client.delete("/v1/notes/\(id)")
            let refused = try await client.patch("/v1/notes/\(id)", ["n": 6])
            let positions = [made, changed, deleted].map { Self.number($0.headers["x-bkend-position"]) }
            #expect(positions == positions.sorted() && positions.allSatisfy { $0 > 0 })
            #expect(same.headers["x-bkend-position"] == nil && refused.headers["x-bkend-position"] == nil)
            let page = Self.page(try await Self.ask(client, ["table": "notes", "since": since]))
            #expect(Self.number(page["asOf"]?.stringValue) >= positions[2])
            #expect(changed.headers["access-control-expose-headers"]?.contains("X-Bkend-Position") == true)
        }
    }

    private static func number(_ position: String?) -> Int64 {
        position.flatMap { $0.hasPrefix("1:") ? Int64($0.dropFirst(2)) : nil } ?? -1
    }

    @Test("A page ends between two writes, at its limit; a write that is larger than that is told in several pages")
    func limits() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            var since = try await Self.cursor(client)
            let batch = (0..<5).map { JSON.object(["n": .int(Int64($0))]) }
            _ = try await client.post("/v1/notes", ["n": 100])
            _ = try await client.post("/v1/notes", .array(batch))
            var pages: [[JSON?]] = []
            var hasMore = true
            while hasMore, pages.count < 10 {
                let page = Self.page(
                    try await Self.ask(client, ["table": "notes", "since": since, "limit": 3]))
                pages.append((page["upserts"]?.arrayValue ?? []).map { $0["n"] })
                since = page["cursor"] ?? .null
                hasMore = page["hasMore"] == true
            }
            #expect(pages == [[100], [0, 1, 2], [3, 4]])
        }
    }

    @Test("Subscriptions of one table end at one position, and each table at its own")
    func together() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let small: JSON = ["n": ["$lt": 5]]
            let starts = try await Self.ask(
                client, ["table": "notes"], ["table": "notes", "andFilters": small], ["table": "logs"])
            for number in 0..<6 { _ = try await client.post("/v1/notes", ["n": .int(Int64(number))]) }
            _ = try await client.post("/v1/logs", ["n": 1])
            let since = (0..<3).map { Self.page(starts, $0)["cursor"] ?? .null }
            let answer = try await Self.ask(
                client, ["table": "notes", "since": since[0], "limit": 2],
                ["table": "notes", "andFilters": small, "since": since[1]], ["table": "logs", "since": since[2]])
            let pages = (0..<3).map { Self.page(answer, $0) }
            #expect(pages.map { $0["upserts"]?.arrayValue?.count } == [2, 2, 1])
            #expect(pages.map { $0["hasMore"] } == [true, true, false])
            #expect(pages[0]["asOf"] == pages[1]["asOf"])
        }
    }

    @Test("A record that is larger than an answer is told by itself")
    func largeRecord() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            var since = try await Self.cursor(client)
            let text = String(repeating: "x", count: 700_000)
            for number in 0..<3 {
                _ = try await client.post("/v1/notes", ["n": .int(Int64(number)), "text": .string(text)])
            }
            _ = try await client.patch(
                "/v1/notes/\(try await client.get("/v1/notes?limit=1").items[0]["id"]?.stringValue ?? "")",
                ["more": .string(text)])
            var told: [Int] = []
            for _ in 0..<4 {
                let page = Self.page(try await Self.ask(client, ["table": "notes", "since": since]))
                told.append(page["upserts"]?.arrayValue?.count ?? 0)
                since = page["cursor"] ?? .null
                if page["hasMore"] == false { break }
            }
            #expect(told.allSatisfy { $0 == 1 } && told.count == 3)
        }
    }

    // MARK: Cursors that don't hold

    private static func reason(_ answer: Answer) -> JSON? { page(answer)["error"]?["reason"] }

    @Test("A cursor ends with the rules, the fields' types, the filter, the caller and its role; an index leaves it")
    func expiry() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let since = try await Self.cursor(server.admin)
            try server.apply(["tables": [["name": "notes", "indexes": [["fields": ["n": 1]]]]]])
            #expect(Self.reason(try await Self.ask(server.admin, ["table": "notes", "since": since])) == nil)
            let others = [
                try await Self.ask(server.guest, ["table": "notes", "since": since]),
                try await Self.ask(server.user("ada"), ["table": "notes", "since": since]),
                try await Self.ask(server.admin, ["table": "notes", "since": since, "andFilters": ["n": 1]]),
                try await Self.ask(server.admin, ["table": "logs", "since": since]),
                try await Self.ask(server.admin, ["table": "notes", "since": "1.0.0.x"]),
                try await Self.ask(server.admin, ["table": "notes", "since": "nonsense"]),
            ]
            #expect(others.map(Self.reason) == Array(repeating: "changed", count: others.count))
            let role = try await Self.cursor(server.user("ada", role: "editor"))
            let demoted = try await Self.ask(server.user("ada"), ["table": "notes", "since": role])
            #expect(Self.reason(demoted) == "changed")
            try server.apply([
                "tables": [["name": "notes", "rowFilters": [["filter": ["n": 1], "expression": "guest"]]]]
            ])
            let after = try await Self.ask(server.admin, ["table": "notes", "since": since])
            #expect(Self.reason(after) == "changed")
            #expect(Self.page(after)["error"]?["code"] == "data/cursor-expired")
            #expect((0...60).contains(Self.page(after)["error"]?["retryAfter"]?.intValue ?? -1))
        }
    }

    @Test("A cursor of another history is found, also where the positions are there again")
    func restored() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            _ = try await server.admin.post("/v1/notes", ["n": 1])
            let backup = try await server.backup()
            let old = try await Self.cursor(server.admin)
            _ = try await server.admin.post("/v1/notes", ["n": 2])
            let lost = try await Self.cursor(server.admin)
            try await server.restore(backup)
            #expect(Self.reason(try await Self.ask(server.admin, ["table": "notes", "since": lost])) == "changed")
            _ = try await server.admin.post("/v1/notes", ["n": 3])
            #expect(Self.reason(try await Self.ask(server.admin, ["table": "notes", "since": lost])) == "changed")
            let page = Self.page(try await Self.ask(server.admin, ["table": "notes", "since": old]))
            #expect(page["upserts"]?.arrayValue?.map { $0["n"] } == [3])
        }
    }

    @Test("A cursor with a position of the client's own choice is none")
    func forged() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let made = try await server.admin.post("/v1/notes", ["n": 1])
            _ = try await server.admin.delete("/v1/notes/\(made.id)")
            let cursor = try #require(try await Self.cursor(server.admin).stringValue)
            var parts = cursor.split(separator: ".").map(String.init)
            (parts[1], parts[2]) = ("0", "0")
            let forged = JSON.string(parts.joined(separator: "."))
            #expect(Self.reason(try await Self.ask(server.admin, ["table": "notes", "since": forged])) == "changed")
        }
    }

    // MARK: Budgets

    @Test("A large record that many subscriptions have is told to some at a time, and to each in the end")
    func manySubscriptions() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let start = try await Self.cursor(client)
            _ = try await client.post("/v1/notes", ["text": .string(String(repeating: "x", count: 700_000))])
            var since = [JSON](repeating: start, count: 8)
            var told = [Int](repeating: 0, count: 8)
            for _ in 0..<8 where told.contains(0) {
                let open = told.indices.filter { told[$0] == 0 }
                let body = open.map { place in
                    JSON.object(["name": .string("\(place)"), "table": "notes", "since": since[place]])
                }
                let answer = try await client.post("/x1/changes", ["subscriptions": .array(body)])
                #expect(answer.body.count < 1_600_000)
                for (index, place) in open.enumerated() {
                    let page = Self.page(answer, index)
                    told[place] += page["upserts"]?.arrayValue?.count ?? 0
                    #expect(told[place] == 1 || page["hasMore"] == true)
                    since[place] = page["cursor"] ?? .null
                }
            }
            #expect(told == Array(repeating: 1, count: 8))
        }
    }

    @Test("A subscription that can't be tried on a record, or on what it was, fails by itself")
    func patterns() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let hard: JSON = ["text": ["$regex": "^(a|aa)+$"]]
            let starts = try await Self.ask(client, ["table": "notes", "andFilters": hard], ["table": "notes"])
            let since = [Self.page(starts)["cursor"] ?? .null, Self.page(starts, 1)["cursor"] ?? .null]
            let made = try await client.post(
                "/v1/notes", ["text": .string(String(repeating: "a", count: 5_000) + "b")])
            func ask() async throws -> [JSON] {
                let answer = try await Self.ask(
                    client, ["table": "notes", "andFilters": hard, "since": since[0]],
                    ["table": "notes", "since": since[1]])
                #expect(answer.status == 200)
                return [Self.page(answer), Self.page(answer, 1)]
            }
            let there = try await ask()
            #expect(there[0]["error"]?["code"] == "data/validation-error")
            #expect(there[1]["upserts"]?.arrayValue?.count == 1)
            _ = try await client.delete("/v1/notes/\(made.id)")
            let gone = try await ask()
            #expect(gone[0]["error"]?["reason"] == "changed")
            #expect(gone[1]["removed"]?.arrayValue?.count == 1)
        }
    }

    // MARK: Refusals

    @Test("A subscription that the caller may not list, or whose table isn't there, is refused by itself")
    func refused() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let answer = try await Self.ask(
                server.guest, ["table": "own"], ["table": "none"], ["table": "notes", "andFilters": ["n": ["$no": 1]]],
                ["table": "notes"])
            let codes = (0..<4).map { Self.page(answer, $0)["error"]?["code"]?.stringValue }
            #expect(codes == ["data/permission-denied", "data/table-not-found", "data/validation-error", nil])
            #expect(Self.page(answer, 3)["cursor"] != nil)
        }
    }

    @Test(
        "What isn't a request is refused with the place",
        arguments: [
            ("{}", "subscriptions"), (#"{"subscriptions":[]}"#, "subscriptions"), ("[]", "body"),
            (#"{"subscriptions":[1]}"#, "subscriptions[0]"),
            (#"{"subscriptions":[{"name":"","table":"t"}]}"#, "subscriptions[0].name"),
            (#"{"subscriptions":[{"name":"a"}]}"#, "subscriptions[0].table"),
            (#"{"subscriptions":[{"name":"a","table":"t","since":5}]}"#, "subscriptions[0].since"),
            (#"{"subscriptions":[{"name":"a","table":"t","limit":0}]}"#, "subscriptions[0].limit"),
            (#"{"subscriptions":[{"name":"a","table":"t","limit":1001}]}"#, "subscriptions[0].limit"),
            (#"{"subscriptions":[{"name":"a","table":"t","andFilters":"x"}]}"#, "subscriptions[0].andFilters"),
            (#"{"subscriptions":[{"name":"a","table":"t","where":{}}]}"#, "subscriptions[0].where"),
            (#"{"subscriptions":[{"name":"a","table":"t"},{"name":"a","table":"u"}]}"#, "subscriptions"),
        ])
    func badRequests(body: String, field: String) async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let answer = try await server.admin.send("POST", "/x1/changes", body: Array(body.utf8))
            #expect(answer.status == 400 && answer.code == "data/validation-error")
            #expect(answer.fields == [field])
        }
    }
}
