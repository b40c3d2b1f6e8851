import BkendWire
import Testing

@Suite struct TableDefinitionTests {
    static func table(_ json: JSON) throws(TableDefinitionError) -> TableDefinition { try TableDefinition(json) }

    /// The mistakes of a definition, as `path rule`.
    static func mistakes(_ json: JSON) -> [String] {
        do throws(TableDefinitionError) { _ = try TableDefinition(json) } catch {
            return error.mistakes.map { "\($0.field) \($0.rule)" }
        }
        return []
    }

    @Test("a name is all that a table needs")
    func nameAllTable() throws {
        let table = try Self.table(["name": "articles"])
        #expect(table == TableDefinition(name: "articles"))
        #expect(table.additionalProperties)
        #expect(table.permissions == nil)
        #expect(
            table.json.description
                == #"{"name":"articles","additionalProperties":true,"schema":{"bsonType":"object"},"indexes":[]}"#)
    }

    @Test("every part survives being written and read")
    func everyPartSurvives() throws {
        let json = try JSON(
            parsing: #"""
                {"name":"_audit","searchIndex":true,"additionalProperties":false,"schema":{"bsonType":"object",
                "required":["a","deep"],"properties":{
                "a":{"type":"string","pattern":"^x","minLength":0,"maxLength":9,"default":"x","enum":["x",1,null]},
                "n":{"bsonType":"int","minimum":-1.5,"maximum":9223372036854775807,"default":null},
                "list":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"object","additionalProperties":false,
                  "required":["k"],"properties":{"k":{"type":"reference","table":"articles"},"l":{"bsonType":"array"}}}},
                "deep":{"type":"object","properties":{"er":{"type":"object","properties":{"u":{"unique":true}}}}},
                "any":{},"ref":{"type":"reference"},"other":{"bsonType":"string","reference":"articles"}}},
                "indexes":[{"fields":{"a":1,"deep.er.u":-1},"unique":true,"sparse":true},{"key":{"n":1.0},"v":2}],
                "permissions":{"user":{},"self":{"read":true,"delete":false},"admin":{"list":false}},
                "expressionPermissions":{"list":"  user&self|role:*  |role:Éditeur  & public"},
                "columnPermissions":{"n":{"read":"admin"},"a":{"write":"self"},"é":{},"e\u0301":{"read":"guest"}},
                "rowFilters":[{"expression":"user","filter":{"createdBy":"$userId","n":{"$gt":1}}}]}
                """#)
        let table = try Self.table(json)
        let again = try Self.table(.object(table.json))
        #expect(again == table)
        #expect(again.json == table.json)
        #expect(again.json.serialized() == table.json.serialized())
        #expect(!table.additionalProperties)
        #expect(table.searchIndex)
        #expect(table.columnPermissions.count == 4)
        #expect(table.indexes.map(\.name) == ["a_1_deep.er.u_-1", "n_1"])
        #expect(table.schema["ref"]?.kind == .reference)
        #expect(table.expressionPermissions[.list]?.description == "user & self | role:* | role:Éditeur & public")
    }

    @Test("every mistake is reported at once, with its path")
    func everyMistakeReported() throws {
        let json = try JSON(
            parsing: #"""
                {"name":"users","colour":1,"additionalProperties":"no","searchIndex":1,
                "schema":{"bsonType":"object","required":["missing",5],"properties":{
                "id":{"type":"string"},"1st":{"type":"string"},"a.b":{},"x":{"type":"text"},"y":{"minimum":"1","maxLength":-1},
                "z":{"unique":"yes","pattern":5,"enum":[],"wat":1},"l":{"type":"array","items":{"type":"string","unique":true}},
                "o":{"type":"object","properties":{"é":{"type":7}}},"t":{"type":"string","table":"people"},"n":5}},
                "indexes":[{"fields":{}},{"fields":{"a":2,"$b":1},"uniqe":true},{"name":"i","fields":{"a":1}},
                {"name":"i","fields":{"b":1},"unique":1},{"name":"_id_","fields":{"c":1}},7],
                "permissions":{"users":{},"user":{"write":true,"read":1},"guest":true},
                "expressionPermissions":{"create":"nobody","drop":"user","read":1},
                "columnPermissions":{"a":{"read":"user |","see":"user"},"b":1},
                "rowFilters":[{"expression":"user"},{"expression":"usr","filter":{"a":{"$gtt":1}}}]}
                """#)
        #expect(
            Self.mistakes(json) == [
                "table.name name", "table.colour unknown", "table.searchIndex type",
                "table.schema.required[1] type", "table.schema.properties.1st name", "table.schema.properties.a.b name",
                "table.schema.properties.x.type type", "table.schema.properties.y.minimum type",
                "table.schema.properties.y.maxLength type", "table.schema.properties.z.unique type",
                "table.schema.properties.z.pattern type", "table.schema.properties.z.enum type",
                "table.schema.properties.z.wat unknown", "table.schema.properties.l.items unique",
                "table.schema.properties.o.properties.é name", "table.schema.properties.o.properties.é.type type",
                "table.schema.properties.t.table type", "table.schema.properties.n type",
                "table.schema.required unknown",
                "table.indexes[0].fields required", "table.indexes[1].uniqe unknown", "table.indexes[1].fields.a type",
                "table.indexes[1].fields name", "table.indexes[3].name unique", "table.indexes[3].unique type",
                "table.indexes[4].name reserved", "table.indexes[5].fields required", "table.permissions.users unknown",
                "table.permissions.user.write unknown", "table.permissions.user.read type",
                "table.permissions.guest type",
                "table.expressionPermissions.create expression", "table.expressionPermissions.drop unknown",
                "table.expressionPermissions.read type", "table.columnPermissions.a.read expression",
                "table.columnPermissions.a.see unknown", "table.columnPermissions.b type",
                "table.rowFilters[0] required",
                "table.rowFilters[1].filter.a.$gtt filter", "table.rowFilters[1].expression expression",
                "table.additionalProperties type", "table.schema.properties.id reserved",
            ])
    }

    @Test(
        "a part of the wrong type is named",
        arguments: [
            ("5", ["table type"]), ("{}", ["table.name name"]), (#"{"name":5}"#, ["table.name name"]),
            (#"{"name":"a","schema":[]}"#, ["table.schema type"]),
            (#"{"name":"a","schema":{"type":"array"}}"#, ["table.schema type"]),
            (#"{"name":"a","indexes":{}}"#, ["table.indexes type"]),
            (#"{"name":"a","permissions":[]}"#, ["table.permissions type"]),
            (#"{"name":"a","expressionPermissions":[]}"#, ["table.expressionPermissions type"]),
            (#"{"name":"a","columnPermissions":[]}"#, ["table.columnPermissions type"]),
            (#"{"name":"a","rowFilters":{}}"#, ["table.rowFilters type"]),
            (
                #"{"name":"a","schema":{"properties":{"x":{"properties":[]}}}}"#,
                ["table.schema.properties.x.properties type"]
            ),
            (#"{"name":"a","schema":{"required":"x"}}"#, ["table.schema.required type"]),
        ])
    func partWrongType(text: String, mistakes: [String]) throws {
        #expect(Self.mistakes(try JSON(parsing: text)) == mistakes)
    }

    @Test("too many conditions in a row filter name the filter")
    func tooManyConditions() throws {
        let many = (0...200).map { #""f\#($0)":1"# }.joined(separator: ",")
        let json = try JSON(parsing: #"{"name":"a","rowFilters":[{"expression":"user","filter":{\#(many)}}]}"#)
        #expect(Self.mistakes(json) == ["table.rowFilters[0].filter filter"])
    }

    @Test("tables are read together, and so are their mistakes")
    func tablesReadTogether() throws {
        let json = try JSON(
            parsing: #"{"tables":[{"name":"a"},{"name":"A"},{"name":"a"},{"name":"?"},{"name":"b","schema":5}]}"#)
        let error = try #require(#expect(throws: TableDefinitionError.self) { try TableDefinition.tables(json) })
        #expect(error.mistakes.map(\.field) == ["tables[2].name", "tables[3].name", "tables[4].schema"])
        #expect(
            error.description
                == """
                tables[2].name: two tables are named a
                tables[3].name: a table name is a letter, then letters, digits, _ and -
                tables[4].schema: must be an object that describes a field, not number
                """)
        #expect(try TableDefinition.tables(["tables": []]) == [])
        for wrong: JSON in [[:], [], ["tables": [:]], .null] {
            #expect(throws: TableDefinitionError.self) { try TableDefinition.tables(wrong) }
        }
    }

    @Test("unique fields make sparse unique indexes, nested ones too")
    func uniqueFieldsMake() throws {
        let json = try JSON(
            parsing: #"""
                {"name":"a","schema":{"properties":{"slug":{"type":"string","unique":true},"plain":{"type":"string"},
                "o":{"type":"object","unique":true,"properties":{"p":{"type":"object","properties":{"q":{"unique":true}}}}},
                "tags":{"type":"array","unique":true}}}}
                """#)
        let indexes = try Self.table(json).uniqueFieldIndexes
        #expect(indexes.flatMap { $0.fields.map(\.path) } == ["slug", "o", "o.p.q", "tags"])
        #expect(indexes.allSatisfy { $0.unique && $0.sparse && $0.name == "_unique_\($0.fields[0].path)" })
    }

    @Test("client keys are said by a flag, and in a spec by the server's index")
    func clientKeysSaid() throws {
        for (text, expected) in [
            (#"{"name":"a"}"#, nil), (#"{"name":"a","clientKeys":false}"#, false),
            (#"{"name":"a","clientKeys":true}"#, true), (#"{"tableName":"a"}"#, nil),
            (#"{"tableName":"a","clientKeys":false}"#, false),
            (
                #"{"tableName":"a","indexes":[{"name":"_clientKey_","key":{"clientKey":1},"unique":true,"sparse":true}]}"#,
                true
            ),
        ] as [(String, Bool?)] {
            let table = try Self.table(try JSON(parsing: text))
            #expect(table.clientKeys == expected, "\(text)")
            #expect(table.indexes.isEmpty)
            #expect(table.clientKeyIndex == (expected == true ? .clientKey : nil))
            #expect(try Self.table(.object(table.json)) == table)
        }
        #expect(Self.mistakes(["name": "a", "clientKeys": "no"]) == ["table.clientKeys type"])
        // The name is the server's; another index of it isn't the one.
        for wrong in [#"{"name":"a","indexes":[%]}"#, #"{"tableName":"a","indexes":[%]}"#] {
            let index = #"{"name":"_clientKey_","key":{"clientKey":1}}"#
            #expect(throws: TableDefinitionError.self) {
                try Self.table(try JSON(parsing: wrong.replacing("%", with: index)))
            }
        }
    }

    @Test("definitions that differ only in Unicode form are different")
    func definitionsDifferOnly() throws {
        func table(_ part: String) throws -> TableDefinition {
            try Self.table(try JSON(parsing: #"{"name":"a",\#(part)}"#))
        }
        for part in [
            #""schema":{"properties":{"x":{"pattern":"\#("%")"}}}"#, #""schema":{"properties":{"x":{"enum":["%"]}}}"#,
            #""schema":{"properties":{"x":{"default":"%"}}}"#, #""indexes":[{"name":"%","fields":{"a":1}}]"#,
            #""indexes":[{"name":"i","fields":{"%":1}}]"#, #""expressionPermissions":{"read":"role:%"}"#,
            #""columnPermissions":{"%":{"read":"user"}}"#, #""rowFilters":[{"expression":"user","filter":{"a":"%"}}]"#,
            #""schema":{"required":["%"]}"#,
        ] {
            let composed = try table(part.replacing("%", with: "\u{E9}"))
            let decomposed = try table(part.replacing("%", with: "e\u{301}"))
            #expect(composed != decomposed, "\(part)")
            #expect(Set([composed, decomposed, composed]).count == 2, "\(part)")
        }
        let both = #""indexes":[{"name":"\#u{E9}","fields":{"a":1}},{"name":"e\#u{301}","fields":{"a":-1}}]"#
        #expect(try table(both).indexes.count == 2)
    }
}
