import BkendTesting
import BkendWire
import Logging
import Testing

@testable import BkendServer

/// `serve --explain`: how a list's records were found.
@Suite struct ExplainTests {
    private static let tables: JSON = [
        "tables": [
            [
                "name": "things",
                "indexes": [
                    ["name": "nach Größe 😀", "fields": ["size": 1]], ["name": "kind", "fields": ["kind": 1]],
                ],
            ]
        ]
    ]

    private static let secret = #"{"colour":"secretly blue"}"#

    @Test("An admin reads in a header how the records were found")
    func adminReadsHeader() async throws {
        try await withServer(tables: Self.tables, configure: { $0.explainsQueries = true }) { server in
            for (query, plan) in [
                (
                    [("andFilters", #"{"kind":"a"}"#)],
                    #"{"source":"index","index":"kind","ranges":1,"served":1,"recheck":false,"sort":false,"fullScan":false}"#
                ),
                (
                    [("andFilters", #"{"size":{"$gt":1}}"#), ("sortBy", "size")],
                    #"{"source":"index","index":"nach Gr\u00f6\u00dfe \ud83d\ude00","ranges":1,"served":1,"#
                        + #""recheck":false,"sort":false,"fullScan":false}"#
                ),
                (
                    [("andFilters", Self.secret)],
                    #"{"source":"idOrder","served":0,"recheck":true,"sort":false,"fullScan":true}"#
                ),
                (
                    [("andFilters", #"{"id":{"$in":[]}}"#)],
                    #"{"source":"nothing","served":1,"recheck":false,"sort":false,"fullScan":false}"#
                ),
            ] {
                let answer = try await server.admin.list("/v1/things", query)
                #expect(answer.status == 200)
                #expect(answer.headers["x-bkend-explain"] == plan)
            }
            let other = try await server.user("boss", role: "admin").list("/v1/things", [])
            #expect(other.headers["x-bkend-explain"] != nil)
        }
    }

    @Test("Nobody else reads it, and no one without the flag")
    func nobodyElseReads() async throws {
        try await withServer(tables: Self.tables, configure: { $0.explainsQueries = true }) { server in
            for caller in [server.guest, server.user("ann")] {
                let answer = try await caller.list("/v1/things", [("andFilters", #"{"kind":"a"}"#)])
                #expect(answer.status == 200)
                #expect(answer.headers["x-bkend-explain"] == nil)
            }
        }
        try await withServer(tables: Self.tables) { server in
            let answer = try await server.admin.list("/v1/things", [("andFilters", #"{"kind":"a"}"#)])
            #expect(answer.status == 200)
            #expect(answer.headers["x-bkend-explain"] == nil)
        }
    }

    @Test("A full scan has a line in the log at debug, without the filter's values")
    func fullScanLine() async throws {
        let lines = LogLines()
        let configure = { @Sendable (settings: inout ServerSettings) in
            settings.explainsQueries = true
            settings.logger = lines.logger(.debug)
        }
        try await withServer(tables: Self.tables, configure: configure) { server in
            _ = try await server.guest.list("/v1/things", [("andFilters", #"{"kind":"a"}"#)])
            #expect(!lines.all.contains { $0.contains("full scan") })
            _ = try await server.guest.list("/v1/things", [("andFilters", Self.secret)])
            let about = lines.all.filter { $0.contains("full scan") }
            #expect(about.count == 1)
            #expect(about.first?.hasPrefix("debug ") == true && about.first?.contains("table=things") == true)
            #expect(!lines.all.contains { $0.contains("secretly") })
        }
    }
}
