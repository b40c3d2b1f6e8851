import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// The total of a list, however its page lies in the result and however the rows are found (rest-api.md §4).
@Suite struct ListTotalTests {
    private static let tables: JSON = [
        "tables": [["name": "articles", "indexes": [["name": "by", "fields": ["kind": 1, "views": 1]]]]]
    ]

    /// Filters that the index answers, alone or with a second look, and that it doesn't; each matches 25 of 50.
    private static let filters = [
        #"{"kind":"a"}"#, #"{"kind":"a","views":{"$gte":0,"$lt":50}}"#, #"{"kind":{"$in":["a","x"]}}"#,
        #"{"kind":"a","other":{"$exists":true}}"#, #"{"other":1}"#, #"{"name":{"$regex":"^a"}}"#,
        #"{"tags":{"$contains":"a"}}"#,
    ]

    @Test("A page tells the whole result's size before, at and after its end", arguments: filters)
    func totals(filter: String) async throws {
        try await withServer(tables: Self.tables) { server in
            let records = (0..<50).map { number -> JSON in
                let kind = number.isMultiple(of: 2) ? "a" : "b"
                return [
                    "kind": .string(kind), "name": .string("\(kind)\(number)"), "views": .int(Int64(number)),
                    "other": number.isMultiple(of: 2) ? 1 : 2, "tags": [.string(kind), "z"],
                ]
            }
            #expect(try await server.admin.post("/v1/articles", .array(records)).status == 201)
            for sort in ["views", "name", "id"] {
                for (limit, offset, count) in [
                    (10, 0, 10), (24, 0, 24), (25, 0, 25), (26, 0, 25), (10, 15, 10),
                    (10, 20, 5), (10, 25, 0), (10, 1_000, 0), (1, 24, 1),
                ] {
                    let answer = try await server.guest.list(
                        "/v1/articles",
                        [
                            ("andFilters", filter), ("sortBy", sort), ("sortDirection", "asc"),
                            ("limit", "\(limit)"), ("offset", "\(offset)"),
                        ])
                    #expect(answer.items.count == count)
                    #expect(answer.json["pagination"]?["total"] == 25)
                    #expect(answer.json["pagination"]?["hasNext"] == .bool(offset + limit < 25))
                    if sort == "views" {
                        let views = answer.items.compactMap { $0["views"]?.intValue }
                        #expect(views == (0..<count).map { Int64(2 * (offset + $0)) })
                    }
                }
            }
        }
    }

    @Test("A kept connection sees records and indexes that came after it")
    func freshness() async throws {
        try await withServer(tables: Self.tables) { server in
            for number in 1...20 {
                #expect(try await server.admin.post("/v1/articles", ["kind": "a"]).status == 201)
                let answer = try await server.guest.list(
                    "/v1/articles", [("andFilters", #"{"kind":"a"}"#), ("limit", "1")])
                #expect(answer.json["pagination"]?["total"] == .int(Int64(number)))
            }
        }
    }
}
