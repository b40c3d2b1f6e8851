import BkendDocuments
import BkendWire
import GRDB
import Testing

@testable import BkendSync

@Suite struct StoreIndexTests {
    private static let author = [IndexDefinition.Field("author")]

    private static func article(_ number: Int) -> JSONObject {
        ["author": .string("a\(number % 50)"), "views": .int(Int64(number % 1_000)), "number": .int(Int64(number))]
    }

    private static func byAuthor(_ author: String, limit: Int = 20) -> Query {
        Query(
            filter: .condition(Condition("author", .equals(.string(author)))), sort: [Query.Sort("author")],
            page: Query.Page(offset: 0, limit: limit))
    }

    private static func fill(_ fixture: StoreFixture, _ numbers: Range<Int>) throws {
        try fixture.allowFolding("articles")
        try add(fixture, numbers)
    }

    private static func add(_ fixture: StoreFixture, _ numbers: Range<Int>) throws {
        try fixture.store.write { tx in for number in numbers { _ = try tx.writes.create("articles", article(number)) }
        }
    }

    private static func finish(_ store: StoreDatabase) throws {
        while try store.write({ try $0.indexes.fill() }) {}
    }

    /// What a whole collection's check finds, and the indexes' states.
    private static func check(_ fixture: StoreFixture, _ table: String = "articles") throws {
        try fixture.store.read { snapshot in
            let collection = try #require(try snapshot.collection(table))
            try collection.check(in: snapshot.db, finding: { Issue.record("\($0)") }, visit: { _, _ in })
        }
    }

    private static func used(_ query: Query, _ store: StoreDatabase) throws -> String? {
        try store.read { try $0.documents.explain(query, in: "articles")?.index }
    }

    @Test("An index is filled in parts between which others write, and then serves queries")
    func indexFilledParts() throws {
        let fixture = try StoreFixture()
        try Self.fill(fixture, 0..<5_000)
        let store = fixture.store
        try store.write { try $0.indexes.keep(Self.author, of: "articles") }
        #expect(try Self.used(Self.byAuthor("a7"), store) == nil)
        var random = SyncRandom(seed: 1)
        var parts = 0
        while try store.write({ try $0.indexes.fill() }) {
            parts += 1
            // Before the place that the filling has come to, and behind it.
            let ids = try store.read { snapshot in
                let query = Query(page: Query.Page(offset: 0, limit: .max), select: [])
                return try snapshot.documents.find(query, in: "articles").map { $0.id ?? "" }
            }
            for _ in 0..<50 {
                let id = ids[Int(random.next() % UInt64(ids.count))]
                switch random.next() % 3 {
                case 0: _ = try? fixture.delete(id, in: "articles")
                case 1: try? fixture.update(id, ["author": "other"], in: "articles")
                default: _ = try fixture.create(Self.article(Int(random.next() % 10_000)), in: "articles")
                }
            }
            #expect(try Self.used(Self.byAuthor("a7"), store) == nil)
            #expect(try store.read { try $0.indexes.all().map(\.state) } == [.building])
        }
        #expect(parts >= 2)
        #expect(try Self.used(Self.byAuthor("a7"), store) == "author_1")
        #expect(try store.read { try $0.indexes.all().map(\.state) } == [.ready])
        try Self.check(fixture)
        for author in ["a7", "other", "nobody"] {
            let found = try store.read {
                try $0.documents.find(Self.byAuthor(author, limit: .max), in: "articles").count
            }
            let counted = try store.read { snapshot in
                try snapshot.documents.find(Query(page: Query.Page(offset: 0, limit: .max)), in: "articles")
                    .filter { try $0.json["author"] == .string(author) }.count
            }
            #expect(found == counted)
        }
    }

    @Test("An index that was being filled when the process ended is gone on with by the next")
    func indexBeingFilled() throws {
        let fixture = try StoreFixture()
        try Self.fill(fixture, 0..<5_000)
        try fixture.store.write { try $0.indexes.keep(Self.author, of: "articles") }
        let hasMore = try fixture.store.write { try $0.indexes.fill() }
        #expect(hasMore)
        let next = try fixture.reopened()
        // Asked for once more, as at each opening, it isn't begun anew.
        try next.write { try $0.indexes.keep(Self.author, of: "articles") }
        let filled = try next.read { try $0.db.number("SELECT filled FROM sync_indexes") }
        #expect(filled == 2_000)
        // Another handle does its part.
        _ = try fixture.store.write { try $0.indexes.fill() }
        try Self.finish(next)
        #expect(try Self.used(Self.byAuthor("a7"), next) == "author_1")
        #expect(try Self.used(Self.byAuthor("a7"), fixture.store) == "author_1")
        try Self.check(fixture)
    }

    @Test("The server's indexes come with its spec, as plain ones, and go with it")
    func serversIndexesCome() throws {
        let fixture = try StoreFixture()
        try Self.fill(fixture, 0..<10)
        func learn(_ indexes: JSON) throws {
            let spec: JSONObject = ["schema": ["properties": [:]], "indexes": indexes]
            try fixture.store.write { try $0.setFacts(TableFacts(spec: spec), of: "articles") }
            try Self.finish(fixture.store)
        }
        func fields() throws -> [String] {
            try fixture.store.read { try $0.indexes.all(of: "articles") }.map {
                $0.fields.map(\.path).joined(separator: ",")
            }
        }
        try learn([
            ["name": "_id_", "fields": ["id": 1], "unique": true], ["name": "_createdAt_", "fields": ["createdAt": 1]],
            ["name": "one", "fields": ["author": 1], "unique": true],
            ["name": "two", "key": ["views": -1, "number": 1], "sparse": true],
            ["name": "key", "fields": ["clientKey": 1], "unique": true, "sparse": true],
            ["name": "text", "fields": ["title": "text"]],
        ])
        #expect(try fields() == ["author", "views,number"])
        #expect(try fixture.store.read { try $0.facts.of("articles")?.uniqueFields } == ["author"])
        #expect(try Self.used(Self.byAuthor("a7"), fixture.store) == "author_1")
        // Ten authors twice: nothing is unique here.
        try Self.add(fixture, 0..<10)
        try Self.check(fixture)
        // The app wants one of them too.
        try fixture.store.write { try $0.indexes.keep(Self.author, of: "articles") }
        try learn([])
        #expect(try fields() == ["author"])
        let isDropped = try fixture.store.write { try $0.indexes.drop(Self.author, of: "articles") }
        #expect(isDropped)
        #expect(try fields().isEmpty)
        #expect(try Self.used(Self.byAuthor("a7"), fixture.store) == nil)
        #expect(try fixture.store.read { try $0.collection("articles")?.indexes.count } == 3)
    }

    @Test("An index of a table without records is made with the first one")
    func indexTableWithout() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.indexes.keep(Self.author, of: "articles") }
        #expect(try fixture.store.read { try !$0.indexes.hasIndexesToFill })
        try Self.fill(fixture, 0..<3)
        #expect(try Self.used(Self.byAuthor("a1"), fixture.store) == "author_1")
        try fixture.store.write { try $0.ownership.wipe(losing: true) }
        try Self.fill(fixture, 0..<3)
        #expect(try Self.used(Self.byAuthor("a1"), fixture.store) == "author_1")
        try Self.check(fixture)
    }

    @Test("What can be no index, and one too many, are refused in words")
    func whatCanNo() throws {
        let fixture = try StoreFixture()
        func reason(_ paths: [String], _ table: String = "articles") -> StoreError.Reason? {
            refusal { try fixture.store.write { try $0.indexes.keep(paths.map { .init($0) }, of: table) } }
        }
        for paths in [[], [""], ["a..b"], ["$a"], ["a", "a"], (0..<33).map { "f\($0)" }] {
            guard case .invalidIndex = reason(paths) else {
                Issue.record("\(paths) was taken")
                continue
            }
        }
        // Every table has them.
        #expect(reason(["createdAt"]) == nil)
        #expect(try fixture.store.read { try $0.indexes.all().isEmpty })
        for number in 0..<StoreIndex.tableLimit { #expect(reason(["f\(number)"]) == nil) }
        #expect(reason(["f0"]) == nil)
        #expect(reason(["one more"]) == .tooManyIndexes(limit: 16))
        // A server that has more gets no more here.
        let spec: JSONObject = ["indexes": .array((0..<300).map { ["fields": ["g\($0)": 1]] })]
        try fixture.store.write { tx in
            for table in 0..<20 { try tx.setFacts(TableFacts(spec: spec), of: "t\(table)") }
        }
        #expect(try fixture.store.read { try $0.indexes.all(of: "t0").count } == StoreIndex.tableLimit)
        #expect(try fixture.store.read { try $0.indexes.all().count } == StoreIndex.storeLimit)
        // The app's own take the place of the server's, the first of which stay; and keep it.
        #expect(reason(["f"], "another") == nil)
        #expect(reason(["f"], "t0") == nil)
        let more: JSONObject = ["indexes": .array((0..<301).map { ["fields": ["g\($0)": 1]] })]
        try fixture.store.write { try $0.setFacts(TableFacts(spec: more), of: "t0") }
        let indexes = try fixture.store.read { try $0.indexes.all() }
        #expect(indexes.count == StoreIndex.storeLimit)
        #expect(indexes.count { $0.isAsked } == StoreIndex.tableLimit + 2)
        #expect(try fixture.store.read { try $0.indexes.all(of: "t0").count } == StoreIndex.tableLimit)
        // What gave way in the table comes back when the app's goes.
        #expect(try fixture.store.write { try $0.indexes.drop([.init("f")], of: "t0") })
        #expect(
            try fixture.store.read { try $0.indexes.all(of: "t0").count { $0.isSpecified } } == StoreIndex.tableLimit)
        #expect(reason(["f"], "t0") == nil)
        // A store full of the app's own takes no more.
        for table in 0..<20 {
            for number in 0..<StoreIndex.tableLimit { _ = reason(["own\(number)"], "u\(table)") }
        }
        #expect(try fixture.store.read { try $0.indexes.all().allSatisfy(\.isAsked) })
        #expect(reason(["one more"], "v") == .tooManyIndexes(limit: 128))
    }

    @Test("A record that can't be in an index is stored, and the index goes")
    func recordCantIndex() throws {
        let fixture = try StoreFixture()
        let tags = [IndexDefinition.Field("tags")]
        try fixture.store.write {
            try $0.indexes.keep(tags, of: "articles")
            try $0.indexes.keep(Self.author, of: "articles")
        }
        try Self.fill(fixture, 0..<3)
        let many: JSON = .array((0..<70_000 as Range<Int64>).map { .int($0) })
        try fixture.receive(["id": "r1", "createdBy": "u", "author": "a1", "tags": many], in: "articles")
        #expect(try fixture.visible("r1", in: "articles") != nil)
        let indexes = try fixture.store.read { try $0.indexes.all() }
        #expect(indexes.map(\.fields) == [Self.author, tags])
        #expect(indexes[0].state == .ready)
        guard case .refused(let flaw) = indexes[1].state else {
            Issue.record("\(indexes[1].state)")
            return
        }
        #expect(flaw.contains("65536"))
        try Self.check(fixture)
        // Tried again once it may work.
        try fixture.receive(["id": "r1", "createdBy": "u", "author": "a1", "tags": []], in: "articles", isFresh: true)
        try fixture.store.write { try $0.indexes.keep(tags, of: "articles") }
        try Self.finish(fixture.store)
        #expect(try fixture.store.read { try $0.indexes.all().map(\.state) } == [.ready, .ready])
        try Self.check(fixture)
    }

    @Test("Values of every type have their place in an index")
    func valuesEveryType() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.indexes.keep([.init("v")], of: "articles") }
        let values: [JSON] = [.null, 1, 2.5, "text", true, ["a": 1], [1, 2], [], "Text"]
        for value in values { _ = try fixture.create(["v": value], in: "articles") }
        _ = try fixture.create(["other": 1], in: "articles")
        for value in values {
            let query = Query(filter: .condition(Condition("v", .equals(value))), page: .init(offset: 0, limit: .max))
            let found = try fixture.store.read { try $0.documents.find(query, in: "articles") }
            #expect(try found.contains { try $0.json["v"] == value }, "\(value)")
        }
        try Self.check(fixture)
    }

    @Test("A store of an older format gets indexes")
    func storeOlderFormat() throws {
        let queue = try DocumentStorage.inMemory()
        func open(_ migrations: [String]) throws -> StoreDatabase {
            try StoreDatabase(
                over: queue, lock: nil, file: nil, environment: .still, changeLimit: 40, migrations: migrations)
        }
        _ = try open(Array(StoreSchema.migrations.prefix(2)))
        let store = try open(StoreSchema.migrations)
        try store.write { tx in
            _ = try tx.writes.create("articles", Self.article(1))
            try tx.indexes.keep(Self.author, of: "articles")
        }
        try Self.finish(store)
        #expect(try Self.used(Self.byAuthor("a1"), store) == "author_1")
    }
}
