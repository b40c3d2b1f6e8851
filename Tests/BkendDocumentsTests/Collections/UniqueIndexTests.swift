import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct UniqueIndexTests {
    @Test("A long text beside a long array is refused before it fills the disk")
    func longTextBeside() throws {
        let index = IndexDefinition(name: "ab", fields: [.init("a"), .init("b")])
        try withCollection([], indexes: [index]) { collection, db throws in
            let many = JSON.array((0..<3_000).map { .int($0) })
            let long = JSON.string(String(repeating: "x", count: 100_000))
            #expect {
                try collection.insert(["id": "1", "a": long, "b": many], in: db)
            } throws: { error in
                (error as? InvalidDocument)?.reason == .indexEntriesTooLong(index: "ab", limit: 16 << 20)
            }
            try collection.insert(["id": "1", "a": "x", "b": many], in: db)
            #expect(try collection.count(field("b", .equals(2_999)), in: db) == 1)
        }
    }

    static let slug = IndexDefinition(name: "slug", fields: [.init("slug")], unique: true)

    @Test("A taken value is refused with index, values and both ids, and leaves nothing behind")
    func takenValueRefused() throws {
        try withCollection([["id": "a", "slug": "x"]], indexes: [Self.slug]) { collection, db throws in
            let error = try #require(throws: UniqueViolation.self) {
                try collection.insert(["id": "b", "slug": "x"], in: db)
            }
            #expect(error.index == "slug" && error.fields == ["slug"] && error.values == ["x"])
            #expect(error.id == "b" && error.existingID == "a" && error.collection == "things")
            #expect(try collection.document(id: "b", in: db) == nil)
            #expect(try collection.count(in: db) == 1)
            try collection.insert(["id": "b", "slug": "y"], in: db)
            #expect(throws: UniqueViolation.self) { try collection.patch(id: "b", set: ["slug": "x"], in: db) }
            #expect(try collection.ids(field("slug", .equals("y")), in: db) == ["b"])
            #expect(try collection.patch(id: "a", set: ["slug": "x", "n": 1], in: db) != nil)
        }
    }

    @Test("One document may hold a value twice, two may not share an element")
    func oneDocumentMay() throws {
        try withCollection([["id": "a", "slug": ["x", "x", "y"]]], indexes: [Self.slug]) { collection, db throws in
            #expect(throws: UniqueViolation.self) { try collection.insert(["id": "b", "slug": "y"], in: db) }
            try collection.insert(["id": "c", "slug": [["x", "x", "y"]]], in: db)
        }
    }

    @Test("A missing field counts as null once, and not at all in a sparse index")
    func missingFieldCounts() throws {
        try withCollection([["id": "a"]], indexes: [Self.slug]) { collection, db throws in
            #expect(throws: UniqueViolation.self) { try collection.insert(["id": "b", "slug": nil], in: db) }
        }
        let sparse = IndexDefinition(name: "slug", fields: [.init("slug")], unique: true, sparse: true)
        try withCollection([["id": "a"], ["id": "b"]], indexes: [sparse]) { collection, db throws in
            try collection.insert(["id": "c", "slug": nil], in: db)
            #expect(throws: UniqueViolation.self) { try collection.insert(["id": "d", "slug": nil], in: db) }
        }
    }

    @Test("Numbers are the same by value, strings by code point")
    func numbersSameValue() throws {
        try withCollection([["id": "a", "slug": 1], ["id": "b", "slug": "é"]], indexes: [Self.slug]) {
            collection, db throws in
            #expect(throws: UniqueViolation.self) { try collection.insert(["id": "c", "slug": 1.0], in: db) }
            try collection.insert(["id": "d", "slug": "e\u{301}"], in: db)
            try collection.insert(["id": "e", "slug": "é\u{0}"], in: db)
            try collection.insert(["id": "f", "slug": true], in: db)
        }
    }

    @Test("A unique index can't be made over documents that share values, and then there is none")
    func uniqueIndexCant() throws {
        try withCollection([["id": "a", "slug": "x"], ["id": "b", "slug": "x"]]) { collection, db throws in
            #expect(throws: UniqueViolation.self) { try collection.createIndex(Self.slug, in: db) }
            #expect(collection.indexes.isEmpty)
            #expect(try BkendDocuments.Collection.named("things", in: db)?.indexes == [])
            #expect(try collection.delete(id: "b", in: db))
            try collection.createIndex(Self.slug, in: db)
            #expect(collection.indexes == [Self.slug])
        }
    }

    @Test("Building a unique index finds what inserting would refuse, and nothing else")
    func buildingUniqueIndex() throws {
        let values: [JSON] = [
            "x", "x\u{0}", ["x", "x"], [["x", "x"]], [], nil, 1, 1.5, true, "", "\u{0}", ["y", "z"], [["y", "z"]],
            ["a": 1], ["a": 1.0], ["a": "1"], ["z"],
        ]
        for descending in [false, true] {
            let one = IndexDefinition(name: "one", fields: [.init("v", descending: descending)], unique: true)
            let two = IndexDefinition(
                name: "two", fields: [.init("v", descending: descending), .init("w")], unique: true, sparse: true)
            for index in [one, two] {
                for (a, b) in values.flatMap({ a in values.map { (a, $0) } }) {
                    let documents: [JSONObject] = [["id": "a", "v": a, "w": "p"], ["id": "b", "v": b, "w": "p"]]
                    let built = try withCollection(documents) { collection, db throws in
                        violation { try collection.createIndex(index, in: db) }
                    }
                    let inserted = try withCollection(indexes: [index]) { collection, db throws in
                        violation { for document in documents { try collection.insert(document, in: db) } }
                    }
                    #expect(built == inserted, "\(a) and \(b)")
                }
            }
        }
    }

    private func violation(_ body: () throws -> Void) -> UniqueViolation? {
        do { try body() } catch { return error as? UniqueViolation }
        return nil
    }

    @Test("A handle made before an index keeps it in step")
    func handleMadeBefore() throws {
        try withCollection([["id": "a", "slug": "x"]]) { collection, db throws in
            let old = collection
            try collection.createIndex(Self.slug, in: db)
            #expect(throws: UniqueViolation.self) { try old.insert(["id": "b", "slug": "x"], in: db) }
            try collection.dropIndex(named: "slug", in: db)
            try old.insert(["id": "b", "slug": "x"], in: db)
            #expect(throws: CollectionError.self) { try collection.dropIndex(named: "slug", in: db) }
        }
    }

    @Test("Too many entries for one index are refused")
    func tooManyEntries() throws {
        let index = IndexDefinition(name: "ab", fields: [.init("a"), .init("b")])
        try withCollection(indexes: [index]) { collection, db throws in
            let many = JSON.array((0..<400).map { .int($0) })
            #expect(throws: InvalidDocument.self) { try collection.insert(["id": "x", "a": many, "b": many], in: db) }
            #expect(try collection.count(in: db) == 0)
        }
    }
}
