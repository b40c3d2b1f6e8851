import BkendWire
import Testing

@Suite struct FieldSchemaTests {
    static func schema(_ text: String) throws -> FieldSchema {
        try TableDefinition(["name": "a", "schema": try JSON(parsing: text)]).schema
    }

    @Test(
        "a type has one meaning in both forms",
        arguments: [
            ("string", FieldSchema.Kind.string), ("number", .double), ("double", .double), ("int", .int),
            ("long", .int),
            ("boolean", .bool), ("bool", .bool), ("date", .date), ("object", .object), ("array", .array),
            ("reference", .reference),
        ])
    func typeOneMeaning(name: String, kind: FieldSchema.Kind) throws {
        for key in ["type", "bsonType"] {
            #expect(try Self.schema(#"{"properties":{"x":{"\#(key)":"\#(name)"}}}"#)["x"]?.kind == kind)
        }
    }

    @Test("required may be a list, or stand on the field")
    func requiredMayList() throws {
        let list = try Self.schema(#"{"required":["a","b"],"properties":{"a":{},"b":{},"c":{}}}"#)
        let marks = try Self.schema(
            #"{"properties":{"a":{"required":true},"b":{"required":true},"c":{"required":false}}}"#)
        let both = try Self.schema(#"{"properties":{"a":{"required":true},"b":{},"c":{}},"required":["a","b"]}"#)
        #expect(list == marks)
        #expect(both == list)
        let nested = try Self.schema(#"{"properties":{"o":{"required":true,"properties":{"x":{"required":true}}}}}"#)
        #expect(nested.required == ["o"])
        #expect(nested["o"]?.required == ["x"])
    }

    @Test("a list and marks that name different fields add up")
    func listMarksName() throws {
        for text in [
            #"{"required":["a"],"properties":{"a":{},"b":{"required":true}}}"#,
            #"{"properties":{"a":{},"b":{"required":true}},"required":["a"]}"#,
        ] {
            #expect(Set(try Self.schema(text).required) == ["a", "b"], "\(text)")
        }
    }

    @Test(
        "a dotted path leads through objects and arrays",
        arguments: [
            ("title", "string"), ("author.name", "string"), ("author", "object"), ("tags", "array"),
            ("tags.0", "string"),
            ("rows.x", "int"), ("rows.12.x", "int"), ("rows.0", "object"), ("grid.0", "array"), ("grid.0.1", "double"),
        ])
    func dottedPathLeads(path: String, type: String) throws {
        #expect(try Self.articles().schema(at: path)?.kind?.rawValue == type)
    }

    @Test(
        "a path that the schema doesn't describe leads nowhere",
        arguments: [
            "", ".", "missing", "title.x", "author.missing", "author.", "author..name", "tags.", "tags.x", "tags.½",
            "tags.٣",
            "rows.missing", "author.\u{301}name", "TITLE", "bare.0", "bare.x",
        ])
    func pathSchemaDoesnt(path: String) throws {
        #expect(try Self.articles().schema(at: path) == nil)
    }

    static func articles() throws -> FieldSchema {
        try schema(
            #"""
            {"properties":{"title":{"type":"string"},"author":{"type":"object","properties":{"name":{"type":"string"}}},
            "tags":{"type":"array","items":{"type":"string"}},"bare":{"type":"array"},
            "rows":{"type":"array","items":{"type":"object","properties":{"x":{"type":"int"}}}},
            "grid":{"type":"array","items":{"type":"array","items":{"type":"number"}}}}}
            """#)
    }

    @Test("fields may nest 16 levels, and hostile depth is refused")
    func fieldsMayNest() throws {
        func nested(_ depth: Int) -> String {
            depth == 0 ? "{}" : #"{"properties":{"a":\#(nested(depth - 1))}}"#
        }
        #expect(throws: Never.self) { try Self.schema(nested(16)) }
        #expect(throws: TableDefinitionError.self) { try Self.schema(nested(17)) }
        #expect(throws: TableDefinitionError.self) { try Self.schema(nested(200)) }
    }

    @Test(
        "rules that no value can meet are refused",
        arguments: [
            (#"{"minimum":2,"maximum":1}"#, "minimum"), (#"{"minLength":2,"maxLength":1}"#, "minLength"),
            (#"{"type":"int","default":1.5}"#, "default"), (#"{"type":"number","default":"1"}"#, "default"),
            (#"{"type":"boolean","default":0}"#, "default"), (#"{"type":"string","default":1}"#, "default"),
            (#"{"type":"date","default":"soon"}"#, "default"), (#"{"type":"array","default":{}}"#, "default"),
            (#"{"type":"object","default":[]}"#, "default"), (#"{"type":"reference","default":1}"#, "default"),
        ])
    func rulesNoValue(text: String, key: String) throws {
        let json = try JSON(parsing: #"{"name":"a","schema":{"properties":{"x":\#(text)}}}"#)
        let error = try #require(#expect(throws: TableDefinitionError.self) { try TableDefinition(json) })
        #expect(error.mistakes.map(\.field) == ["table.schema.properties.x.\(key)"])
    }

    @Test(
        "rules that some value meets are taken",
        arguments: [
            #"{"minimum":1,"maximum":1.0}"#, #"{"minLength":1,"maxLength":1}"#, #"{"type":"int","default":1.0}"#,
            #"{"type":"number","default":1}"#, #"{"type":"date","default":"2025-01-08"}"#,
            #"{"type":"int","default":null}"#,
            #"{"default":[1]}"#, #"{"type":"boolean","default":true}"#,
            #"{"type":"reference","table":"a","default":""}"#,
        ])
    func rulesSomeValue(text: String) throws {
        #expect(throws: Never.self) { try Self.schema(#"{"properties":{"x":\#(text)}}"#) }
    }
}
