import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// How many bytes one page may have: past it nothing is left out, the page is refused and says how many rows fit.
@Suite struct PageSizeTests {
    /// A page of 40 KB.
    private static let limits: ServerLimits = {
        var limits = ServerLimits()
        limits.bodyBytes = 1_000
        limits.pageBytes = 0
        return limits
    }()

    /// Runs a body with a server that has so many records, each with a text of so many bytes.
    private func withRecords(
        _ sizes: [Int], _ definition: JSONObject = [:], wraps: Bool = false,
        _ body: (TestServer, TestClient) async throws -> Void
    ) async throws {
        try await RecordStore.with(definition) { records in
            for (number, bytes) in sizes.enumerated() { try records.insert(number, bytes: bytes) }
            let server = try await TestServer.start(folder: records.folder) {
                $0.limits = Self.limits
                $0.accessTokens = PlainTokens()
                if wraps { $0.wrappedProjects = ["default"] }
            }
            try await body(server, TestClient(server.url, key: try records.key, token: "ada:admin"))
            try await server.stop()
        }
    }

    /// The bytes of a page's rows.
    private static func bytes(_ items: [JSON]) -> Int { items.reduce(0) { $0 + $1.serialized().count + 1 } }

    @Test(
        "A page past the limit is refused and names the largest limit that fits, which does fit",
        arguments: [false, true])
    func named(wraps: Bool) async throws {
        try await withRecords(Array(repeating: 800, count: 60), wraps: wraps) { _, client in
            let refused = try await client.get("/v1/t?limit=60")
            #expect(refused.status == 400 && refused.code == "data/page-too-large")
            #expect(refused.fields == ["limit"] && refused.rules == ["maximum"])
            let limit = try #require(refused.json["error"]?["largestLimit"]?.intValue)
            #expect(refused.message.contains("at most \(limit)"))
            let page = try await client.get("/v1/t?limit=\(limit)")
            let items = (wraps ? page.json["data"] : page.json)?["items"]?.arrayValue ?? []
            #expect(items.count == Int(limit) && Self.bytes(items) <= Self.limits.largestPage)
            let next = try await client.get("/v1/t?limit=\(limit + 1)")
            #expect(next.code == "data/page-too-large")
            #expect(next.json["error"]?["largestLimit"]?.intValue == limit)
            // The default limit takes what bodies hold.
            #expect(try await client.get("/v1/t").status == 200)
        }
    }

    @Test("The limit counts from the page's own first row, and what select or columns leave out doesn't count")
    func place() async throws {
        let sizes = Array(repeating: 100, count: 40) + Array(repeating: 3_000, count: 40)
        let columns: JSONObject = [
            "columnPermissions": ["text": ["read": "admin"]],
            "permissions": ["guest": ["read": true, "list": true]],
        ]
        try await withRecords(sizes, columns) { server, client in
            let small = try await client.get("/v1/t?limit=40&sortDirection=asc")
            #expect(small.status == 200)
            let far = try await client.get("/v1/t?limit=30&offset=38&sortDirection=asc")
            #expect(far.code == "data/page-too-large")
            let limit = try #require(far.json["error"]?["largestLimit"]?.intValue)
            #expect(try await client.get("/v1/t?limit=\(limit)&offset=38&sortDirection=asc").items.count == limit)
            #expect(try await client.get("/v1/t?limit=40&page=2&sortDirection=asc").code == "data/page-too-large")
            #expect(try await client.get("/v1/t?limit=40&select=createdAt").items.count == 40)
            #expect(try await server.guest.get("/v1/t?limit=40").items.count == 40)
        }
    }

    @Test("A single row is answered however large it is")
    func single() async throws {
        try await withRecords([50_000, 300_000, 10]) { _, client in
            for offset in 0..<3 {
                let page = try await client.get("/v1/t?limit=1&offset=\(offset)&sortDirection=asc")
                #expect(page.items.map(\.["id"]) == [.string(RecordStore.id(offset))])
            }
            #expect(try await client.get("/v1/t/\(RecordStore.id(1))").json["text"]?.stringValue?.utf8.count == 300_000)
            #expect(try await client.get("/v1/t").json["error"]?["largestLimit"] == 1)
        }
    }
}
