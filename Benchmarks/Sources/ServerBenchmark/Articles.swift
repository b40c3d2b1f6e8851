import BkendCurl
import BkendServer
import BkendTransport
import BkendWire
import HTTPTypes
import Servers

/// The tables that are asked, and the requests to the first of them.
struct Articles {
    /// The server's data folder.
    let folder: String
    /// How many records each table has.
    let records: Int
    private let keys: DataFolder.Created
    /// How many records there are of each category, at least.
    var categories: Int { records / 50 }

    /// Makes a data folder with empty tables.
    init(records: Int, folder: String) throws {
        self.records = records
        self.folder = folder + "/data"
        let name = try EnvironmentName(
            project: EnvironmentName.defaultProject, environment: EnvironmentName.defaultEnvironment)
        keys = try DataFolder.create(at: self.folder, name: name, now: .systemNow)
        let tables = JSON.array([Self.definition] + RuledTable.all.map(\.definition))
        _ = try DataFolder.open(at: self.folder).apply(["tables": tables], to: name)
    }

    private static let definition: JSON = [
        "name": "articles", "indexes": [byCategory], "permissions": ["guest": ["read": true, "list": true]],
    ]

    /// The index that the lists use.
    static let byCategory: JSON = ["name": "by_category", "fields": ["category": 1, "views": -1]]

    /// The 20 most viewed records of a category.
    static func list(_ table: String, category: Int) -> String {
        "/v1/data/\(table)?sortBy=views&sortDirection=desc&limit=20"
            + "&andFilters=%7B%22category%22:%22category\(category)%22%7D"
    }

    /// The requests for one record each, taken in turn; set once the table is full.
    private(set) var gets: [String] = []
    /// The requests for the 20 most viewed records of a category each.
    var lists: [String] { (0..<categories).map { request("GET", Self.list("articles", category: $0)) } }

    /// Stores the records of the first table, and gives the answers that the plain route is to repeat: to a GET, and to
    /// a list.
    mutating func fill(port: Int) async throws -> (point: [UInt8], list: [UInt8]) {
        let transport = try CurlTransport()
        let sender = Sender(transport: transport, port: port)
        let ids = try await fill("articles", sender, key: keys.secretKey)
        gets = stride(from: 0, to: records, by: max(1, records / 1_000))
            .map { request("GET", "/v1/data/articles/\(ids[$0])") }
        let point = try await sender.send(.get, "/v1/data/articles/\(ids[0])", keys.publishableKey)
        let list = try await sender.send(.get, Self.list("articles", category: 7), keys.publishableKey)
        await transport.shutdown()
        let items = try JSON(parsing: list)
        guard (items["data"] ?? items)["items"]?.arrayValue?.count == 20 else {
            throw BenchmarkFailure("the list has not 20 rows: \(String(decoding: list.prefix(300), as: UTF8.self))")
        }
        return (point, list)
    }

    /// Stores the records of the tables with rules, each by who asks for them afterwards where that matters, and gives
    /// the requests to each.
    func fillRuled(port: Int) async throws -> [MixedRequests] {
        let transport = try CurlTransport()
        let sender = Sender(transport: transport, port: port)
        let account: JSON = ["method": "password", "email": "kim@example.com", "password": "abc123", "name": "Kim"]
        let answer = try JSON(
            parsing: try await sender.send(
                .post, "/v1/auth/email/signup", keys.publishableKey, body: account.serialized()))
        guard let token = (answer["data"] ?? answer)["accessToken"]?.stringValue else {
            throw BenchmarkFailure("nobody is signed in")
        }
        var all: [MixedRequests] = []
        for table in RuledTable.all {
            let own = table.isSignedIn ? token : nil
            let ids = try await fill(
                table.name, sender, key: own == nil ? keys.secretKey : keys.publishableKey, token: own)
            all.append(MixedRequests(table: table, ids: ids, articles: self, token: own))
        }
        await transport.shutdown()
        return all
    }

    private func fill(_ table: String, _ sender: Sender, key: String, token: String? = nil) async throws -> [String] {
        var ids: [String] = []
        for begin in stride(from: 0, to: records, by: 500) {
            let batch = JSON.array((begin..<min(begin + 500, records)).map { .object(record($0)) })
            let answer = try await sender.send(
                .post, "/v1/data/\(table)", key, token: token, body: batch.serialized())
            let stored = try JSON(parsing: answer)
            ids += (stored["data"] ?? stored)["items"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
        }
        guard ids.count == records else { throw BenchmarkFailure("\(ids.count) of \(records) records were stored") }
        return ids
    }

    /// Requests that create a record each, in the table of the mixed load that has no rules.
    func creates(_ numbers: Range<Int>) -> [String] {
        numbers.map { number in
            request("POST", "/v1/data/\(RuledTable.all[0].name)", body: JSON.object(record(number)).description)
        }
    }

    /// About half a kilobyte: strings, numbers, a boolean, an array and an object.
    func record(_ number: Int) -> JSONObject {
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

    /// A whole request with the publishable key.
    func request(_ method: String, _ path: String, token: String? = nil, body: String? = nil) -> String {
        var lines = [
            "\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "X-API-Key: \(keys.publishableKey)",
            "Accept: application/json",
        ]
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }
}
