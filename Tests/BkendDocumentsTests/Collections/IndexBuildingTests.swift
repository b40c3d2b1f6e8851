import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct IndexBuildingTests {
    private static let definition = IndexDefinition(name: "n_1", fields: [.init("n")])
    private static let query = Query(filter: .condition(Condition("n", .equals(3))), page: .init(1, limit: 1_000))

    private static func document(_ id: Int, _ n: JSON) -> JSONObject { ["id": .string("d\(id)"), "n": n] }

    @Test("An index that is being filled takes writes and serves no query; whole, it has what each document asks for")
    func steps() throws {
        let queue = try DocumentStorage.inMemory()
        try queue.write { db in
            var collection = try Collection.create("things", in: db)
            for id in 0..<100 { try collection.insert(Self.document(id, .int(Int64(id % 10))), in: db) }
            let isWhole = try collection.beginIndex(Self.definition, in: db)
            #expect(!isWhole)
            var row: Int64? = 0
            var steps = 0
            while let last = row {
                row = try collection.buildIndex(named: "n_1", after: last, count: 30, in: db)
                steps += 1
                guard row != nil else { break }
                #expect(try collection.explain(Self.query, in: db).index == nil)
                // Passed already, still to come, and new; one becomes an array, which makes the index another kind.
                _ = try collection.delete(id: "d\(steps)", in: db)
                _ = try collection.replace(Self.document(90 + steps, 3), in: db)
                _ = try collection.replace(Self.document(10 + steps, [3, 4]), in: db)
                try collection.insert(Self.document(200 + steps, 3), in: db)
            }
            #expect(steps == 4)
            #expect(try collection.explain(Self.query, in: db).index == "n_1")
            try collection.check(in: db, finding: { Issue.record("\($0)") }, visit: { _, _ in })
            let found = try collection.find(Self.query, in: db).count
            // One of the ten threes is deleted, two others become 3, two an array with it, three are new.
            #expect(found == 9 + 2 + 2 + 3)
            // The same once more is no work.
            let again = try collection.beginIndex(Self.definition, in: db)
            #expect(again)
        }
    }

    @Test("Over no documents it is whole at once; a unique one is refused, and a name that is taken")
    func refusals() throws {
        let queue = try DocumentStorage.inMemory()
        try queue.write { db in
            var collection = try Collection.create("things", in: db)
            let isWhole = try collection.beginIndex(Self.definition, in: db)
            #expect(isWhole)
            #expect(throws: CollectionError.self) {
                _ = try collection.beginIndex(IndexDefinition(name: "n_1", fields: [.init("m")]), in: db)
            }
            #expect(throws: CollectionError.self) {
                _ = try collection.beginIndex(IndexDefinition(name: "u", fields: [.init("m")], unique: true), in: db)
            }
            #expect(throws: CollectionError.self) {
                _ = try collection.buildIndex(named: "none", after: 0, count: 1, in: db)
            }
        }
    }
}
