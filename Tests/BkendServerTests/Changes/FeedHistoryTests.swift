import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer
@testable import RouteFuzz

/// A client that follows the feed has what its list has, whatever happened in between and however its pages were cut; and
/// it is told of nothing that its lists never showed.
@Suite struct FeedHistoryTests {
    /// Who reads, and of what.
    struct Reader: CustomTestStringConvertible {
        let name: String
        let caller: Caller
        var filter: JSONObject?
        var testDescription: String { name }

        /// The filter as a list takes it.
        var queryItems: [QueryItem] { filter.map { [QueryItem("andFilters", JSON.object($0).description)] } ?? [] }

        /// What a list shows, by id.
        func list(in store: EnvironmentStore) throws -> [String: JSON] {
            let answers = AnswerAccount(AnswerBudget(bytes: 1 << 24), client: nil)
            let text = try store.engine.readNow { session in
                try RecordOperations(session.existingTable("t"), caller: caller).list(
                    queryItems + [QueryItem("limit", "100")], into: AnswerBody(on: answers), atMost: 1 << 24, .untimed,
                    explaining: false, in: session
                ).body
            }
            let items = try JSON(parsing: Array(text.buffer.readableBytesView))["items"]?.arrayValue ?? []
            return Dictionary(uniqueKeysWithValues: items.map { ($0["id"]?.stringValue ?? "", $0) })
        }
    }

    private static let callers: [(String, Caller)] = [
        ("admin", .secretKey), ("guest", .guest), ("ada", Caller(userID: "ada")), ("bob", Caller(userID: "bob")),
        ("moderator", Caller(userID: "mo", role: "moderator")),
    ]
    private static let filters: [(String, JSONObject?)] = [
        ("all", nil), ("small", ["n": ["$lt": 5]]), ("secret", ["secret": ["$gte": 5]]),
        ("absent", ["secret": ["$exists": false]]), ("tagged", ["tags": ["$in": ["a"]]]),
    ]
    static let readers = callers.flatMap { caller in
        filters.map { Reader(name: "\(caller.0), \($0.0)", caller: caller.1, filter: $0.1) }
    }

    /// Rules of every kind that a list has.
    static let rules: [(String, JSONObject)] = [
        ("open", [:]),
        ("permissions", ["permissions": ["guest": ["list": true], "user": ["list": true], "self": ["list": true]]]),
        ("own", ["permissions": ["user": ["create": true], "self": ["list": true, "read": true]]]),
        (
            "row filters",
            [
                "rowFilters": [
                    ["filter": ["public": true], "expression": "guest | user"],
                    ["filter": ["owner": "$userId"], "expression": "user"],
                ]
            ]
        ),
        (
            "hidden fields",
            [
                "columnPermissions": [
                    "secret": ["read": "role:moderator"], "n": ["read": "user"], "tags": ["read": "self"],
                ]
            ]
        ),
        (
            "row filters over hidden fields",
            [
                "columnPermissions": ["secret": ["read": "role:moderator"]],
                "rowFilters": [["filter": ["secret": ["$lt": 7]], "expression": "guest"]],
            ]
        ),
    ]

    @Test("Following the feed comes to what a list shows, and tells nothing else", arguments: rules, [1, 2, 3])
    func histories(rule: (String, JSONObject), seed: UInt64) async throws {
        try await RecordStore.with(rule.1) { place in
            var random = FuzzRandom(seed: seed)
            var copies: [FeedCopy] = []
            for reader in Self.readers { if let copy = try FeedCopy(reader, place.store) { copies.append(copy) } }
            for _ in 0..<40 {
                try Self.change(place.store, &random)
                for index in copies.indices {
                    try copies[index].noteList()
                    if Int.random(in: 0..<4, using: &random) == 0 { try copies[index].follow(&random) }
                }
            }
            for index in copies.indices { try copies[index].finish(&random) }
        }
    }

    /// A write of one to three changes.
    static func change(_ store: EnvironmentStore, _ random: inout FuzzRandom) throws {
        let count = Int.random(in: 1...3, using: &random)
        var draws: [(id: String, record: JSONObject?)] = []
        for _ in 0..<count {
            let number = Int.random(in: 0..<12, using: &random)
            // A record that comes and goes within one write is shown by no list.
            if draws.contains(where: { $0.id == RecordStore.id(number) }) { continue }
            guard Int.random(in: 0..<5, using: &random) > 0 else {
                draws.append((RecordStore.id(number), nil))
                continue
            }
            var record: JSONObject = [
                "n": .int(Int64.random(in: 0..<10, using: &random)), "public": .bool(Bool.random(using: &random)),
                "owner": .string(["ada", "bob"].randomElement(using: &random) ?? ""),
            ]
            if Bool.random(using: &random) { record["secret"] = .int(Int64.random(in: 0..<10, using: &random)) }
            if Bool.random(using: &random) { record["tags"] = .array(["a", "b"].shuffled(using: &random)) }
            draws.append((RecordStore.id(number), record))
        }
        let creators = ["ada", "bob", ""]
        try store.engine.writeNow(locking: []) { session in
            let table = try session.existingTable("t")
            for (id, record) in draws {
                let old = try session.documentForWriting(id, in: table)
                let owner = creators[(Int(id.suffix(2), radix: 16) ?? 0) % 3]
                let stamp = RecordOperations.moved(
                    try old?.json["updatedAt"]?.stringValue, now: session.now
                ).description
                let note = ChangeNote(author: "ada", owner: owner, stamp: stamp)
                guard let record else {
                    if let old { try session.apply([.delete(id: id, old: old.bytes, note)], to: table) }
                    continue
                }
                let system: [(String, JSON)] = [
                    ("id", .string(id)), ("createdBy", .string(owner)), ("createdAt", "2026-01-01T00:00:00.000Z"),
                    ("updatedAt", .string(stamp)),
                ]
                let text = JSONObject(system + record.map { ($0.key, $0.value) }).serialized()
                if let old {
                    try session.apply([.replace(id: id, old: old.bytes, new: text, note)], to: table)
                } else {
                    try session.apply([.insert(NewDocument(id: id, checked: text), note)], to: table)
                }
            }
        }
    }
}

/// What a client that follows the feed has, beside what its lists have shown.
private struct FeedCopy {
    private let reader: FeedHistoryTests.Reader
    private let store: EnvironmentStore
    private var cursor: String
    private var records: [String: JSON]
    /// Every id that a list of this reader has ever shown.
    private var shown: Set<String>
    /// Some have a budget that any record passes, or no time.
    private let budget: FeedBudget

    /// A client that begins; nil for one that may list nothing, which the feed refuses as the list does.
    init?(_ reader: FeedHistoryTests.Reader, _ store: EnvironmentStore) throws {
        self.reader = reader
        self.store = store
        budget =
            [
                FeedBudget(bytes: 1 << 20, time: .seconds(3_600)), FeedBudget(bytes: 200, time: .seconds(3_600)),
                FeedBudget(bytes: 1 << 20, time: .zero),
            ][reader.name.utf8.count % 3]
        records = [:]
        shown = []
        cursor = ""
        do { _ = try list() } catch let refusal as ErrorBody {
            #expect(try page(nil, limit: 1)["error"]?["code"]?.stringValue == refusal.code.rawValue)
            return nil
        }
        // The cursor is taken before the list is read.
        cursor = try #require(try page(nil, limit: 1)["cursor"]?.stringValue)
        records = try list()
        shown = Set(records.keys)
    }

    /// Notes what the list shows now, after each write: what the feed tells must have been there once.
    mutating func noteList() throws { shown.formUnion(try list().keys) }

    /// Asks once, and applies what comes.
    mutating func follow(_ random: inout FuzzRandom) throws {
        let page = try page(cursor, limit: Int.random(in: 1...5, using: &random))
        let upserts = page["upserts"]?.arrayValue ?? []
        for record in upserts {
            let id = try #require(record["id"]?.stringValue)
            #expect(shown.contains(id), "\(reader.name): \(id) was told and never shown")
            records[id] = record
        }
        for removed in page["removed"]?.arrayValue ?? [] {
            let id = try #require(removed["id"]?.stringValue)
            #expect(shown.contains(id), "\(reader.name): \(id) was told as removed and never shown")
            #expect(removed["at"]?.stringValue.flatMap(Timestamp.init) != nil)
            records[id] = nil
        }
        cursor = try #require(page["cursor"]?.stringValue)
        hasMore = page["hasMore"] == true
    }

    private var hasMore = true

    /// Follows to the end: what is here is what the list shows.
    mutating func finish(_ random: inout FuzzRandom) throws {
        hasMore = true
        while hasMore { try follow(&random) }
        #expect(records == (try list()), "\(reader.name)")
    }

    private func list() throws -> [String: JSON] { try reader.list(in: store) }

    private func page(_ since: String?, limit: Int) throws -> JSON {
        var subscription: JSONObject = ["name": "s", "table": "t", "limit": .int(Int64(limit))]
        if let filter = reader.filter { subscription["andFilters"] = .object(filter) }
        if let since { subscription["since"] = .string(since) }
        let request = try FeedRequest(["subscriptions": [.object(subscription)]])
        let answers = AnswerAccount(AnswerBudget(bytes: 1 << 24), client: nil)
        return try store.engine.readNow { session in
            var reader = FeedReader(caller: reader.caller)
            reader.budget = budget
            let pages = try reader.pages(request, .untimed, in: session)
            var out = AnswerBody(on: answers)
            try pages[0].write("s", time: session.now, into: &out)
            return try JSON(parsing: Array(out.buffer.readableBytesView))
        }
    }
}
