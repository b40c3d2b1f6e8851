import BkendCurl
import BkendServer
import BkendTransport
import BkendWire
import HTTPTypes

/// The table that is asked, and the requests to it.
struct Articles {
    /// The server's data folder.
    let folder: String
    private let records: Int
    private let keys: DataFolder.Created
    /// How many records there are of each category, at least.
    private var categories: Int { records / 50 }

    /// Makes a data folder with an empty table.
    init(records: Int, folder: String) throws {
        self.records = records
        self.folder = folder + "/data"
        let name = try EnvironmentName(
            project: EnvironmentName.defaultProject, environment: EnvironmentName.defaultEnvironment)
        keys = try DataFolder.create(at: self.folder, name: name, now: .systemNow)
        _ = try DataFolder.open(at: self.folder).apply(Self.definition, to: name, now: .systemNow)
    }

    private static let definition: JSON = [
        "tables": [
            [
                "name": "articles",
                "indexes": [["name": "by_category", "fields": ["category": 1, "views": -1]]],
                "permissions": ["guest": ["read": true, "list": true]],
            ]
        ]
    ]

    private static let list = "/v1/data/articles?sortBy=views&sortDirection=desc&limit=20&andFilters="

    /// The requests for one record each, taken in turn; set once the table is full.
    private(set) var gets: [String] = []
    /// The requests for the 20 most viewed records of a category each.
    var lists: [String] {
        (0..<categories).map { request("\(Self.list)%7B%22category%22:%22category\($0)%22%7D") }
    }

    /// Stores the records, and gives the answers that the plain route is to repeat: to a GET, and to a list.
    mutating func fill(port: Int) async throws -> (point: [UInt8], list: [UInt8]) {
        let transport = try CurlTransport()
        let sender = Sender(transport: transport, port: port)
        var ids: [String] = []
        for begin in stride(from: 0, to: records, by: 500) {
            let batch = JSON.array((begin..<min(begin + 500, records)).map { .object(record($0)) })
            let answer = try await sender.send(.post, "/v1/data/articles", keys.secretKey, body: batch.serialized())
            let stored = try JSON(parsing: answer)
            ids += (stored["data"] ?? stored)["items"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
        }
        guard ids.count == records else { throw BenchmarkFailure("\(ids.count) of \(records) records were stored") }
        gets = stride(from: 0, to: records, by: max(1, records / 1_000)).map { request("/v1/data/articles/\(ids[$0])") }
        let point = try await sender.send(.get, "/v1/data/articles/\(ids[0])", keys.publishableKey)
        let list = try await sender.send(
            .get, Self.list + "%7B%22category%22:%22category7%22%7D", keys.publishableKey)
        await transport.shutdown()
        let items = try JSON(parsing: list)
        guard (items["data"] ?? items)["items"]?.arrayValue?.count == 20 else {
            throw BenchmarkFailure("the list has not 20 rows: \(String(decoding: list.prefix(300), as: UTF8.self))")
        }
        return (point, list)
    }

    /// About half a kilobyte: strings, numbers, a boolean, an array and an object.
    private func record(_ number: Int) -> JSONObject {
        [
            "title": .string("Article number \(100_000 + number)"),
            "body": .string(String(repeating: "What an article says about sync. ", count: 7)),
            "category": .string("category\(number % categories)"),
            "views": .int(Int64(number * 7_919 % 100_003)),
            "price": .double(Double(number % 1_000) / 8),
            "isPublished": .bool(number.isMultiple(of: 2)),
            "tags": ["swift", "database", .string("tag\(number % 10)")],
            "author": ["name": "Kim Minji", "city": "Seoul"],
        ]
    }

    private func request(_ path: String) -> String {
        """
        GET \(path) HTTP/1.1\r
        Host: 127.0.0.1\r
        X-API-Key: \(keys.publishableKey)\r
        Accept: application/json\r
        \r\n
        """
    }
}
