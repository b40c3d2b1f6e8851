import BkendWire
import Testing

@Suite struct IndexDefinitionTests {
    static func indexes(_ text: String) throws -> [IndexDefinition] {
        try TableDefinition(["name": "a", "indexes": try JSON(parsing: text)]).indexes
    }

    @Test("fields keep their order and direction")
    func fieldsKeepTheir() throws {
        let index = try #require(try Self.indexes(#"[{"fields":{"z":-1,"a":1,"m.n":-1}}]"#).first)
        #expect(index.fields == [.init("z", descending: true), .init("a"), .init("m.n", descending: true)])
        #expect(index.keyJSON.description == #"{"z":-1,"a":1,"m.n":-1}"#)
        #expect(index.name == "z_-1_a_1_m.n_-1")
        #expect(!index.unique)
        #expect(!index.sparse)
    }

    @Test("both spellings of the fields are read")
    func bothSpellingsFields() throws {
        let fields = try Self.indexes(#"[{"name":"i","fields":{"a":1},"unique":true,"sparse":true}]"#)
        #expect(try Self.indexes(#"[{"name":"i","key":{"a":1.0},"unique":true,"sparse":true,"v":2}]"#) == fields)
        #expect(fields[0].json.description == #"{"name":"i","fields":{"a":1},"unique":true,"sparse":true}"#)
    }

    @Test("two indexes can't share a name, given or derived")
    func twoIndexesCant() {
        for text in [
            #"[{"name":"x","fields":{"a":1}},{"name":"x","fields":{"b":1}}]"#,
            #"[{"fields":{"a":1}},{"fields":{"a":1}}]"#,
            #"[{"name":"a_1","fields":{"b":1}},{"fields":{"a":1}}]"#,
        ] {
            #expect(throws: TableDefinitionError.self, "\(text)") { try Self.indexes(text) }
        }
    }

    @Test("every table has indexes on the system fields")
    func everyTableIndexes() {
        #expect(
            IndexDefinition.builtIn.map { $0.fields.map(\.path) } == [
                ["id"], ["createdAt"], ["updatedAt"], ["createdBy"],
            ])
        #expect(IndexDefinition.builtIn.map(\.unique) == [true, false, false, false])
    }
}
