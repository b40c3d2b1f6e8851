import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// Random filters and orders, asked of the real server over a real socket, against the reference evaluator.
///
/// `BKEND_SEED=… make test` repeats a run with other records and queries; the seed of a failure is in its message.
@Suite struct DifferentialTests {
    private static let seed = ProcessInfo.processInfo.environment["BKEND_SEED"].flatMap(UInt64.init) ?? 20_260_101

    private static let indexed: JSON = [
        "tables": [
            ["name": "plain"],
            [
                "name": "indexed",
                "indexes": [
                    ["name": "by_a", "fields": ["a": 1]], ["name": "by_b_y", "fields": ["b.y": -1]],
                    ["name": "by_c_a", "fields": ["c": 1, "b": -1]],
                    ["name": "by_a_x", "fields": ["a.x": 1], "sparse": true],
                ],
            ],
        ]
    ]

    @Test(
        "Random queries give the rows and the order that the reference evaluator gives",
        arguments: ["plain", "indexed"])
    func randomQueries(table: String) async throws {
        let server = try await TestServer.start(tables: Self.indexed)
        let client = try BkendClient(url: server.url, key: server.secretKey, options: .silent)
        var random = RandomQueries(seed: Self.seed)
        let records = client.table(table)
        let stored = try await records.createAll((0..<60).map { _ in random.record() }).map(\.json)
        for index in 0..<400 {
            let query = try random.query()
            let answer = try await records.matching(TableQuery(query)).page(limit: 100)
            let expected = ReferenceEvaluator(query: query).ids(of: stored)
            let given = answer.records.map(\.id)
            let items = try query.queryItems().map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            #expect(
                given == expected,
                "seed \(Self.seed), query \(index): \(items), \(Self.firstDifference(given, expected, in: stored))")
            #expect(answer.pagination.total == expected.count)
        }
        await client.shutdown()
        try await server.stop()
    }

    /// The first place where two answers part, with the records there.
    private static func firstDifference(_ given: [String], _ expected: [String], in stored: [JSONObject]) -> String {
        let place = zip(given, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(given.count, expected.count)
        func record(_ ids: [String]) -> String {
            guard ids.indices.contains(place) else { return "nothing" }
            return stored.first { $0["id"] == .string(ids[place]) }?.description ?? "a stranger"
        }
        return "at \(place) given \(record(given)), expected \(record(expected))"
    }
}
