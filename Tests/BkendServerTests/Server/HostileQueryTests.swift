import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// Queries made to keep a server busy: each ends with a 400 that says which limit it met, and the server goes on.
@Suite struct HostileQueryTests {
    static let tables: JSON = [
        "tables": [["name": "t", "indexes": [["name": "n", "fields": ["n": 1]]]]]
    ]

    static func nested(_ levels: Int) -> String {
        #"{"n":"# + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
    }

    static func conditions(_ count: Int) -> String {
        "{" + (0..<count).map { #""f\#($0)":1"# }.joined(separator: ",") + "}"
    }

    static func list(_ name: String, _ count: Int) -> String {
        #"{"n":{"\#(name)":[\#(Array(repeating: "1", count: count).joined(separator: ","))]}}"#
    }

    static func pattern(_ length: Int) -> String {
        #"{"s":{"$regex":"\#(String(repeating: "a", count: length))"}}"#
    }

    static func path(_ parts: Int) -> String { Array(repeating: "a", count: parts).joined(separator: ".") }

    @Test("A filter at each limit is answered, one past it is told which limit it met")
    func limits() async throws {
        let cases: [(within: [(String, String)], past: [(String, String)], field: String, message: String)] = [
            (
                [("andFilters", Self.nested(15))], [("orFilters", Self.nested(16))], "orFilters",
                "nested deeper than 16 levels"
            ),
            (
                [("andFilters", Self.conditions(100)), ("orFilters", Self.conditions(100))],
                [("andFilters", Self.conditions(100)), ("orFilters", Self.conditions(101))], "orFilters",
                "a query may hold at most 200 conditions"
            ),
            (
                [("andFilters", Self.list("$in", 1_000))], [("andFilters", Self.list("$in", 1_001))],
                "andFilters.n.$in", "may hold at most 1000 values"
            ),
            (
                [("andFilters", Self.list("$nin", 1_000))], [("andFilters", Self.list("$nin", 1_001))],
                "andFilters.n.$nin", "may hold at most 1000 values"
            ),
            (
                [("andFilters", Self.pattern(1_000))], [("andFilters", Self.pattern(1_001))],
                "andFilters.s.$regex", "a pattern may have at most 1000 bytes"
            ),
            (
                [("sortBy", Self.path(32))], [("sortBy", Self.path(33))], "sortBy.\(Self.path(33))",
                "a path may have at most 32 parts"
            ),
            (
                [("search", String(repeating: "a", count: 1_000))], [("search", String(repeating: "a", count: 1_001))],
                "search", "may have at most 1000 bytes"
            ),
        ]
        try await withServer(tables: Self.tables) { server in
            for (within, past, field, message) in cases {
                #expect(try await server.guest.list("/v1/t", within).status == 200, "\(field)")
                let answer = try await server.guest.list("/v1/t", past)
                #expect(answer.status == 400, "\(field)")
                #expect(answer.code == "data/validation-error", "\(field)")
                #expect(answer.fields == [field])
                #expect(answer.message.contains(message), "\(answer.message)")
            }
        }
    }

    @Test(
        "A pattern that backtracks without end meets its limit",
        arguments: ["^(a+)+$", "(a|aa)+$", #"^(\w+\s?)*$"#, "(?=(a+)+$)a"])
    func backtracking(pattern: String) async throws {
        // On a busy machine a million steps may take longer than a query.
        try await withServer(tables: Self.tables) {
            $0.limits.queryMilliseconds = 120_000
        } _: { server in
            let text = String(repeating: "a", count: 60) + "!"
            let records: JSON = [["s": .string(text)], ["s": [.string(text)]], ["s": "a"]]
            #expect(try await server.admin.post("/v1/t", records).status == 201)
            let filter = JSON.object(["s": ["$regex": .string(pattern)]]).description
            for name in ["andFilters", "orFilters"] {
                let answer = try await server.guest.list("/v1/t", [(name, filter)])
                #expect(answer.status == 400)
                #expect(answer.code == "data/validation-error")
                #expect(answer.fields == ["$regex"])
                #expect(answer.rules == ["pattern"])
                #expect(answer.message.contains("more work than one match may take"))
            }
            let harmless = try await server.guest.list("/v1/t", [("andFilters", #"{"s":{"$regex":"^a$"}}"#)])
            #expect(harmless.items.count == 1)
        }
    }

    /// Filters whose answer takes far longer than the limit: many matches of a pattern, each within a match's own limit,
    /// and a look at every element of long arrays, in which SQLite itself must be interrupted.
    static let slow = [#"{"s":{"$regex":"^(a+)+$"}}"#, #"{"v":{"$ne":-1,"$nin":[-2,-3]}}"#]

    @Test("A query past its time is interrupted, and its connection answers the next one", arguments: slow)
    func interruption(filter: String) async throws {
        try await withServer(tables: Self.tables) {
            $0.limits.queryMilliseconds = 250
            ($0.limits.bodyBytes, $0.limits.bodyValues) = (8 << 20, 2_000_000)
        } _: { server in
            let texts = JSON.array(Array(repeating: .string(String(repeating: "a", count: 14) + "!"), count: 20))
            let numbers = JSON.array(Array(repeating: 1, count: 1_000))
            let records = (0..<1_000).map { JSON.object(["n": .int($0), "s": texts, "v": numbers]) }
            #expect(try await server.admin.post("/v1/t", .array(records)).status == 201)
            // More often than there are connections for long reads, so that each has been interrupted.
            for _ in 0..<12 {
                let answer = try await server.guest.list("/v1/t", [("andFilters", filter)])
                #expect(answer.status == 400)
                #expect(answer.code == "data/query-timeout")
                #expect(answer.message.contains("longer than this server allows"))
            }
            for _ in 0..<12 {
                // A pattern takes the same connections.
                let query = [("andFilters", #"{"n":7,"s":{"$regex":"!"}}"#)]
                let answer = try await server.guest.list("/v1/t", query)
                #expect(answer.status == 200)
                #expect(answer.items.map { $0["n"] } == [7])
            }
            #expect(try await server.guest.list("/v1/t", [("limit", "1")]).json["pagination"]?["total"] == 1_000)
        }
    }
}
