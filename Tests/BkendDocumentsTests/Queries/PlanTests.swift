import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct PlanTests {
    static let indexes = [
        IndexDefinition(name: "category", fields: [.init("category"), .init("createdAt", descending: true)]),
        IndexDefinition(name: "views", fields: [.init("views")]),
        IndexDefinition(name: "tags", fields: [.init("tags")]),
        IndexDefinition(name: "sparse", fields: [.init("rare")], sparse: true),
    ]
    static let documents: [JSONObject] = (0..<50).map {
        [
            "id": .string("i\($0)"), "category": .string("c\($0 % 5)"), "createdAt": .string("t\(100 + $0)"),
            "views": .int($0),
            "tags": ["x", .string("t\($0 % 3)")], "note": "n",
        ]
    }

    private func plan(_ filter: Filter, _ sort: Query.Sort..., search: Query.Search? = nil) throws -> QueryPlan {
        try withCollection(Self.documents, indexes: Self.indexes) { collection, db throws in
            try collection.explain(Query(filter: filter, search: search, sort: sort), in: db)
        }
    }

    @Test("Equality and order come from one index without a second look")
    func equalityOrderCome() throws {
        for direction in [Query.Sort.Direction.ascending, .descending] {
            let plan = try plan(field("category", .equals("c1")), .init("createdAt", direction))
            #expect(plan.index == "category" && !plan.sorts && !plan.rechecks && !plan.isFullScan)
        }
    }

    @Test("Ranges, lists and array elements use an index")
    func rangesListsArray() throws {
        let range = try plan(field("views", .greater(3), .lessOrEqual(9)), .init("views"))
        #expect(range.index == "views" && range.served == 2 && !range.rechecks && !range.sorts)
        let list = try plan(field("views", .isIn([1, 2, 3])))
        #expect(list.index == "views" && !list.rechecks && list.sorts)
        let choice = try plan(.anyOf([field("views", .equals(1)), field("views", .equals(2))]))
        #expect(choice.index == "views" && !choice.rechecks)
        let element = try plan(field("tags", .equals("x")))
        #expect(element.index == "tags" && !element.rechecks)
    }

    @Test("What an index doesn't answer is tried on each document")
    func whatIndexDoesnt() throws {
        let plan = try plan(.allOf([field("views", .less(3)), field("note", .equals("n"))]))
        #expect(plan.index == "views" && plan.rechecks && plan.served == 1)
        #expect(try self.plan(field("views", .less(3)), search: .init("n")).rechecks)
    }

    @Test("A query without an index warns of a full scan")
    func queryWithoutIndex() throws {
        let plan = try plan(field("note", .equals("n")), .init("note"))
        #expect(plan.isFullScan && plan.source == .scan && plan.description.contains("WARNING"))
        #expect(try !self.plan(.all).isFullScan)
    }

    @Test("A sparse index serves only what it can't lack")
    func sparseIndexServes() throws {
        #expect(try plan(field("rare", .equals(1))).index == "sparse")
        #expect(try plan(field("rare", .equals(nil))).index == nil)
        #expect(try plan(.all, .init("rare")).index == nil)
    }

    @Test("Ids are looked up and bounded in the table itself")
    func idsLookedUp() throws {
        #expect(try plan(field("id", .equals("i3"))).source == .ids(count: 1))
        #expect(try plan(field("id", .isIn(["i3", "i4", "i3", 5]))).source == .ids(count: 2))
        #expect(try plan(field("id", .equals(5))).source == .nothing)
        let after = try plan(field("id", .less("i3")), .init("id", .descending))
        #expect(after.source == .idOrder(bounded: true) && !after.sorts && !after.rechecks)
    }

    @Test("A walk that meets no match soon gives way to the index")
    func walkMeetsNo() throws {
        // The oldest match, the newest come first: 30,000 documents would be tried before the first that fits.
        let indexes = [IndexDefinition(name: "age", fields: [.init("age")])]
        try withCollection(indexes: indexes) { collection, db in
            for number in 0..<36_000 {
                let id = String(number + 100_000)
                try collection.insert(["id": .string(id), "age": .int(number < 6_000 ? 1 : 0)], in: db)
            }
            let query = Query(filter: field("age", .equals(1)), page: .init(1, limit: 2))
            let plan = try collection.explain(query, in: db)
            #expect(plan.source == .index("age", ranges: 1) && !plan.sorts)
            let walk = Query(filter: field("age", .greater(0)), page: .init(1, limit: 2))
            #expect(try collection.explain(walk, in: db).source == .idOrder(bounded: false))
            #expect(try collection.ids(walk, in: db) == ["105999", "105998"])
            #expect(try collection.ids(query, in: db) == ["105999", "105998"])
        }
    }
}
