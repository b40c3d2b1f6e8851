import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct VisibilityTests {
    static let documents: [JSONObject] = [
        ["id": "1", "secret": "alpha", "createdBy": "me", "open": 1],
        ["id": "2", "secret": "beta", "createdBy": "you", "open": 2],
        ["id": "3", "createdBy": "you", "open": 3],
    ]
    static let index = IndexDefinition(name: "secret", fields: [.init("secret")])

    @Test("A hidden field counts as missing everywhere", arguments: [[], [index]])
    func hiddenFieldCounts(indexes: [IndexDefinition])
        throws
    {
        try withCollection(Self.documents, indexes: indexes) { collection, db throws in
            let hidden: FieldVisibility = ["secret"]
            #expect(try collection.ids(field("secret", .equals("alpha")), hiding: hidden, in: db) == [])
            #expect(try collection.ids(field("secret", .exists(false)), hiding: hidden, in: db) == ["1", "2", "3"])
            #expect(try collection.count(field("secret", .greater("")), hiding: hidden, in: db) == 0)
            #expect(try collection.ids(Query(search: .init("alpha")), hiding: hidden, in: db) == [])
            #expect(try collection.ids(Query(search: .init("alpha", in: "secret")), hiding: hidden, in: db) == [])
            #expect(try collection.ids(Query(sort: [.init("secret")]), hiding: hidden, in: db) == ["1", "2", "3"])
            let found = try collection.find(Query(sort: [.init("id")]), hiding: hidden, in: db)
            #expect(try found[0].json == ["id": "1", "createdBy": "me", "open": 1])
            let selected = try collection.find(Query(select: ["secret", "open"]), hiding: hidden, in: db)
            #expect(try selected[0].json == ["open": 3])
        }
    }

    @Test("A field may be hidden in some documents only", arguments: [[], [index]])
    func fieldMayHidden(indexes: [IndexDefinition])
        throws
    {
        let own = FieldVisibility(
            hidden: [], conditional: [.init("secret", shownWhere: field("createdBy", .equals("me")))])
        try withCollection(Self.documents, indexes: indexes) { collection, db throws in
            #expect(try collection.ids(field("secret", .exists(true)), hiding: own, in: db) == ["1"])
            #expect(try collection.ids(field("secret", .isIn(["alpha", "beta"])), hiding: own, in: db) == ["1"])
            #expect(try collection.ids(Query(search: .init("a"), sort: [.init("id")]), hiding: own, in: db) == ["1"])
            #expect(try collection.ids(Query(sort: [.init("secret")]), hiding: own, in: db) == ["2", "3", "1"])
            let found = try collection.find(Query(sort: [.init("id")]), hiding: own, in: db)
            #expect(try found.map { try $0.json["secret"] } == ["alpha", nil, nil])
        }
    }
}
