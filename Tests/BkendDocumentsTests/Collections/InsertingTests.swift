import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct InsertingTests {
    private static let indexes = [
        IndexDefinition(name: "n", fields: [.init("n", descending: true)]),
        IndexDefinition(name: "sparse", fields: [.init("s")], sparse: true),
        IndexDefinition(name: "both", fields: [.init("n"), .init("o.a", descending: true)]),
        IndexDefinition(name: "deep", fields: [.init("o.a")]),
    ]

    private static func documents(_ random: inout SeededGenerator) -> [JSONObject] {
        (0..<60).map { number in
            var document: JSONObject = ["id": .string("d\(number)")]
            for field in ["n", "s", "o"] where Bool.random(using: &random) {
                document[field] = RandomJSON.value(depth: 2, using: &random)
            }
            return document
        }
    }

    private func stored(_ documents: [JSONObject]) -> [NewDocument] {
        documents.map { NewDocument(id: $0["id"]?.stringValue ?? "", checked: $0.serialized()) }
    }

    @Test("Documents that are stored together have the entries that each has by itself", arguments: UInt64(1)...20)
    func documentsStoredTogether(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let documents = Self.documents(&random)
        for isSearched in [false, true] {
            try DocumentStorage.inMemory().write { db in
                var collection = try BkendDocuments.Collection.create("things", in: db)
                for index in Self.indexes { try collection.createIndex(index, in: db) }
                if isSearched { try collection.enableSearch(in: db) }
                try collection.insert(stored(Array(documents.prefix(40))), in: db)
                try collection.insert(stored(Array(documents.dropFirst(40))), in: db)
                #expect(try collection.count(in: db) == documents.count)
                #expect(try CollectionAudit.faults(in: db) == [])
                for document in documents {
                    let id = try #require(document["id"]?.stringValue)
                    #expect(try collection.document(id: id, in: db)?.bytes == document.serialized())
                }
            }
        }
    }

    @Test("A document that conflicts with one stored beside it is refused")
    func documentConflictsOne() throws {
        try withCollection(indexes: [UniqueIndexTests.slug]) { collection, db throws in
            let documents: [JSONObject] = [
                ["id": "a", "slug": "x"], ["id": "b", "slug": "y"], ["id": "c", "slug": "x"],
            ]
            let error = try #require(throws: UniqueViolation.self) {
                try collection.insert(stored(documents), in: db)
            }
            #expect(error.id == "c" && error.existingID == "a")
        }
        try withCollection { collection, db throws in
            #expect(throws: DuplicateDocument.self) {
                try collection.insert(stored([["id": "a"], ["id": "b"], ["id": "a"]]), in: db)
            }
        }
    }

    @Test("A range holds the documents at both its ends and between")
    func rangeHoldsDocuments() throws {
        try withCollection([["id": "b"], ["id": "d"]]) { collection, db throws in
            for (first, last) in [("a", "b"), ("b", "b"), ("c", "e"), ("a", "z")] {
                #expect(try collection.hasDocument(from: first, through: last, in: db))
            }
            for (first, last) in [("a", "a\u{10FFFF}"), ("c", "c"), ("b\u{0}", "c"), ("e", "z")] {
                #expect(try !collection.hasDocument(from: first, through: last, in: db))
            }
        }
    }
}
