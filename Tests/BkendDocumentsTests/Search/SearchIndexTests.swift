import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct SearchIndexTests {
    @Test("A search answers the same with and without an index", arguments: DifferentialTests.seeds)
    func searchAnswersSame(seed: UInt64)
        throws
    {
        var random = SeededGenerator(seed: seed)
        try DocumentStorage.inMemory().write { db in
            var indexed = try BkendDocuments.Collection.create("indexed", in: db)
            let plain = try BkendDocuments.Collection.create("plain", in: db)
            let all = [indexed, plain]
            func each(_ body: (BkendDocuments.Collection) throws -> Void) throws {
                for collection in all { try body(collection) }
            }
            // A third of the rounds has more fields than have numbers of their own.
            let width = seed % 3 == 0 ? 80 : 4
            var documents = (0..<40).map { RandomText.document("id\($0)", width: width, using: &random) }
            let late = documents.count / 2
            for document in documents[..<late] { try each { try $0.insert(document, in: db) } }
            try indexed.createIndex(IndexDefinition(name: "n", fields: [.init("n")]), in: db)
            try indexed.enableSearch(in: db)
            for document in documents[late...] { try each { try $0.insert(document, in: db) } }
            for position in documents.indices {
                let id = "id\(position)"
                let new = RandomText.document(id, width: width, using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0: try each { collection throws in #expect(try collection.delete(id: id, in: db)) }
                case 1: try each { collection throws in #expect(try collection.replace(new, in: db)) }
                case 2: try each { _ = try $0.patch(id: id, set: new, in: db) }
                default: continue
                }
                documents[position] = new
            }
            if Bool.random(using: &random) { indexed.limits = PlannerLimits(probe: 3, walk: 10, budget: 5) }
            var served = 0
            for _ in 0..<120 {
                let query = RandomText.query(documents, width: width, using: &random)
                let hiding = RandomText.visibility(width: width, using: &random)
                let plan = try indexed.explain(query, hiding: hiding, in: db)
                if case .search = plan.source { served += 1 }
                let expected = try plain.ids(query, hiding: hiding, in: db)
                #expect(
                    try indexed.ids(query, hiding: hiding, in: db) == expected,
                    "seed \(seed): \(String(describing: query.search)), \(query.filter), hiding \(hiding): \(plan)")
                let count = try indexed.count(query.filter, search: query.search, hiding: hiding, in: db)
                #expect(count == (try plain.count(query.filter, search: query.search, hiding: hiding, in: db)))
            }
            #expect(served > 10, "seed \(seed): few searches went through the index")
            try indexed.disableSearch(in: db)
            try indexed.enableSearch(in: db)
            let query = Query(search: .init("aba"), page: .init(1, limit: .max))
            #expect(try indexed.ids(query, in: db) == (try plain.ids(query, in: db)))
        }
    }

    @Test("Every part of every text is found", arguments: SearchTests.documents.indices)
    func everyPartEvery(position: Int) throws {
        try withCollection(SearchTests.documents) { collection, db throws in
            try collection.enableSearch(in: db)
            for (name, value) in SearchTests.documents[position] {
                guard let text = value.stringValue else { continue }
                let scalars = Array(text.unicodeScalars)
                for start in scalars.indices {
                    for end in scalars.indices[start...] {
                        var part = String.UnicodeScalarView()
                        part.append(contentsOf: scalars[start...end])
                        let search = Query.Search(String(part), in: name)
                        let scan = try DocumentMatcher(.all, search: search, hiding: .all)
                        let bytes = SearchTests.documents[position].serialized()
                        let expected = bytes.withUnsafeBufferPointer { scan.matches($0) == true }
                        let found = try collection.ids(Query(search: search), in: db)
                        #expect(found.contains("\(position + 1)") == expected, "\(String(part).debugDescription)")
                    }
                }
            }
        }
    }

    @Test("The plan names the search index where it is used")
    func planNamesSearch() throws {
        try withCollection([["id": "1", "t": "some text", "n": 1]]) { collection, db throws in
            func source(_ search: Query.Search, _ filter: Filter = .all) throws -> QueryPlan.Source {
                try collection.explain(Query(filter: filter, search: search), in: db).source
            }
            #expect(try source(.init("text")) == .idOrder(bounded: false))
            try collection.enableSearch(in: db)
            #expect(collection.isSearchable)
            #expect(try source(.init("text")) == .search(trigrams: 2))
            #expect(try source(.init("TEXT", in: "t")) == .search(trigrams: 2))
            let plan = try collection.explain(Query(search: .init("text"), sort: [.init("n")]), in: db)
            #expect(plan.rechecks && plan.sorts && !plan.isFullScan)
            #expect(plan.description == "search index, 2 trigrams; each document is tried; sorted afterwards")
            // Two letters are no trigram, and only the top level is in the index.
            #expect(try source(.init("te")) == .idOrder(bounded: false))
            #expect(try source(.init("text", in: "t.u")) == .idOrder(bounded: false))
            #expect(try source(.init("text", in: "other")) == .nothing)
            #expect(try source(.init("text"), field("id", .equals("1"))) == .ids(count: 1))
            try collection.disableSearch(in: db)
            #expect(!collection.isSearchable)
            #expect(try source(.init("text")) == .idOrder(bounded: false))
        }
    }

    @Test("A hidden field is not even a candidate")
    func hiddenFieldNot() throws {
        try withCollection([["id": "1", "secret": "alphabet", "t": "open text"]]) { collection, db throws in
            try collection.enableSearch(in: db)
            let query = Query(search: .init("alphabet"))
            #expect(try collection.ids(query, in: db) == ["1"])
            #expect(try collection.ids(query, hiding: ["secret"], in: db) == [])
            let only = Query(search: .init("alphabet", in: "secret"))
            #expect(try collection.explain(only, hiding: ["secret"], in: db).source == .nothing)
            let search = try #require(collection.state.search)
            let access = try #require(SearchAccess(.init("alphabet"), index: search, hidden: ["secret"]))
            let rows = try db.run(access.rows) { statement in
                try access.bind(to: &statement)
                return try statement.step()
            }
            #expect(!rows)
        }
    }

    @Test("A kept handle keeps the index in step, and a transaction that is rolled back leaves none")
    func keptHandleKeeps() throws {
        struct Stop: Error {}
        let queue = try DocumentStorage.inMemory()
        let old = try queue.write { try BkendDocuments.Collection.create("things", in: $0) }
        #expect(throws: Stop.self) {
            try queue.write { db in
                var collection = old
                try collection.enableSearch(in: db)
                try collection.insert(["id": "0", "gone": "a text"], in: db)
                throw Stop()
            }
        }
        try queue.write { db in
            var other = try #require(try BkendDocuments.Collection.named("things", in: db))
            #expect(!other.isSearchable)
            try other.enableSearch(in: db)
            try old.insert(["id": "1", "t": "a text"], in: db)
            let query = Query(search: .init("text"))
            #expect(try other.explain(query, in: db).source == .search(trigrams: 2))
            for handle in [old, other] { #expect(try handle.ids(query, in: db) == ["1"]) }
            #expect(try old.delete(id: "1", in: db))
            #expect(try other.ids(query, in: db) == [])
            try other.enableSearch(in: db)
            try other.drop(in: db)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'c%'") == 0)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM bkend_search_fields") == 0)
        }
    }

    @Test("A text leaves no trigram behind")
    func textLeavesNo() throws {
        try withCollection { collection, db throws in
            try collection.enableSearch(in: db)
            try collection.insert(["id": "1", "t": "Straße", "u": "other"], in: db)
            _ = try collection.patch(id: "1", set: ["t": "köln\u{0}ab", "u": nil], in: db)
            _ = try collection.replace(["id": "1", "v": "third text"], in: db)
            #expect(try collection.delete(id: "1", in: db))
            try db.execute(sql: "CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'c1_s', 'row')")
            #expect(try Row.fetchAll(db, sql: "SELECT * FROM terms") == [])
        }
    }

    @Test("An index of another folding is dropped when the database is opened")
    func indexAnotherFolding() throws {
        try DocumentStorage.inMemory().write { db in
            var collection = try BkendDocuments.Collection.create("things", in: db)
            try collection.enableSearch(in: db)
            try collection.insert(["id": "1", "t": "a text"], in: db)
            try Catalogue.prepare(db, path: ":memory:")
            #expect(try #require(try BkendDocuments.Collection.named("things", in: db)).isSearchable)
            try db.execute(sql: "UPDATE bkend_collections SET search = search + 1")
            try Catalogue.prepare(db, path: ":memory:")
            var reopened = try #require(try BkendDocuments.Collection.named("things", in: db))
            #expect(!reopened.isSearchable)
            #expect(try collection.ids(Query(search: .init("text")), in: db) == ["1"])
            try reopened.enableSearch(in: db)
            #expect(try reopened.explain(Query(search: .init("text")), in: db).source == .search(trigrams: 2))
            #expect(try reopened.ids(Query(search: .init("text")), in: db) == ["1"])
        }
    }
}
