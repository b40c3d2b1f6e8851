import BkendWire
import Testing

@testable import BkendServer

@Suite struct RecordValidatorTests {
    static func schema(_ properties: JSON, _ more: JSONObject = [:]) throws -> FieldSchema {
        var schema: JSONObject = ["bsonType": "object", "properties": properties]
        for (key, value) in more { schema[key] = value }
        return try TableDefinition(["name": "t", "schema": .object(schema)]).schema
    }

    /// The stored record, and the failures as `field rule`.
    static func validate(_ record: JSONObject, _ schema: FieldSchema, filling: Bool = true) -> (JSONObject, [String]) {
        var validator = RecordValidator(fillsDefaults: filling, matches: FieldPattern.matches)
        let stored = validator.record(record, schema)
        return (stored, validator.failures.details.map { "\($0.field) \($0.rule)" })
    }

    static let wrongTypes: [(String, JSON)] = [
        ("string", JSON.int(1)), ("string", true), ("string", ["a"]), ("int", 1.5), ("int", "1"), ("int", true),
        ("int", 1e30), ("double", "1.5"), ("number", false), ("bool", 1), ("boolean", "true"), ("bool", 0),
        ("object", []), ("object", "{}"), ("array", [:]), ("array", "a"), ("reference", 5), ("date", 5),
    ]

    @Test("A value of another type is refused", arguments: wrongTypes)
    func wrongType(type: String, value: JSON) throws {
        let (_, failures) = Self.validate(["f": value], try Self.schema(["f": ["type": .string(type)]]))
        #expect(failures == ["f type"])
    }

    static let rightTypes: [(String, JSON, JSON)] = [
        ("string", JSON.string(""), JSON.string("")), ("int", 2.0, 2), ("int", -9e15, .int(-9_000_000_000_000_000)),
        ("double", 3, 3), ("double", 1.5, 1.5), ("bool", false, false), ("object", ["a": 1], ["a": 1]),
        ("array", [1, "x"], [1, "x"]), ("reference", "6b03e29b42d01c1aeb1dbefe", "6b03e29b42d01c1aeb1dbefe"),
        ("date", "2025-01-08", "2025-01-08T00:00:00.000Z"),
        ("date", "2025-01-08T09:30:00+02:00", "2025-01-08T07:30:00.000Z"), ("string", nil, nil), ("date", nil, nil),
    ]

    @Test("A value of the type is stored, in its stored form", arguments: rightTypes)
    func rightType(type: String, value: JSON, stored: JSON) throws {
        let (record, failures) = Self.validate(["f": value], try Self.schema(["f": ["type": .string(type)]]))
        #expect(failures == [])
        #expect(record["f"] == stored)
        #expect(record.description == JSONObject([("f", stored)]).description)
    }

    static let brokenRules: [(JSON, JSON, String)] = [
        (["type": "int", "minimum": 1] as JSON, JSON.int(0), "minimum"), (["type": "int", "maximum": 1], 2, "maximum"),
        (["type": "double", "minimum": 0.5], 0.25, "minimum"),
        (["type": "int", "maximum": 9_007_199_254_740_992], 9_007_199_254_740_993, "maximum"),
        (["type": "string", "minLength": 2], "a", "minLength"),
        (["type": "string", "maxLength": 1], "ab", "maxLength"),
        (["type": "array", "minLength": 1], [], "minLength"), (["type": "array", "maxItems": 1], [1, 2], "maxLength"),
        (["type": "string", "enum": ["a", "b"]], "c", "enum"), (["type": "string", "enum": ["é"]], "e\u{301}", "enum"),
        (["type": "string", "pattern": "^a+$"], "b", "pattern"), (["type": "date"], "tomorrow", "date"),
        (["type": "date"], "2025-02-30", "date"), (["enum": [1, true]], "x", "enum"),
    ]

    @Test("A rule that doesn't hold is named", arguments: brokenRules)
    func rules(field: JSON, value: JSON, rule: String) throws {
        let (_, failures) = Self.validate(["f": value], try Self.schema(["f": field]))
        #expect(failures == ["f \(rule)"])
    }

    static let edgeCases: [(JSON, JSON)] = [
        (["type": "int", "minimum": 1, "maximum": 1] as JSON, JSON.int(1)), (["type": "string", "maxLength": 1], "😀"),
        (["type": "string", "minLength": 2, "maxLength": 2], "e\u{301}"), (["type": "int", "enum": [1]], 1.0),
        (["type": "date", "enum": ["2025-01-08"]], "2025-01-08T00:00:00Z"),
        (["type": "string", "pattern": "b"], "abc"),
        (["type": "string", "enum": ["a"], "minLength": 1], nil),
    ]

    @Test("A value at the edge of a rule passes", arguments: edgeCases)
    func edges(field: JSON, value: JSON) throws {
        #expect(Self.validate(["f": value], try Self.schema(["f": field])).1 == [])
    }

    @Test("Every failure is reported at once, with its path")
    func allTogether() throws {
        let schema = try Self.schema(
            [
                "title": ["type": "string", "required": true], "n": ["type": "int"],
                "author": [
                    "type": "object", "required": ["name"],
                    "properties": ["name": ["type": "string"], "age": ["type": "int"]],
                ],
                "tags": ["type": "array", "items": ["type": "string", "maxLength": 3]],
            ], ["additionalProperties": false])
        let (_, failures) = Self.validate(
            [
                "n": "x", "author": ["age": 1.5], "tags": ["ok", 5, "long!", nil], "more": 1, "$set": 1, "a.b": 2,
                "": 3,
            ], schema)
        #expect(
            failures == [
                "n type", "author.age type", "author.name required", "tags.1 type", "tags.2 maxLength", "tags.3 type",
                "more additionalProperties", "$set name", "a.b name", "body name", "title required",
            ])
    }

    @Test("Absent fields take their defaults on create, nested ones too, and stay absent on update")
    func defaults() throws {
        let schema = try Self.schema([
            "views": ["type": "int", "default": 0], "when": ["type": "date", "default": "2025-01-01"],
            "author": ["type": "object", "properties": ["role": ["type": "string", "default": "writer"]]],
        ])
        let (created, failures) = Self.validate(["author": [:]], schema)
        #expect(failures == [])
        #expect(created == ["author": ["role": "writer"], "views": 0, "when": "2025-01-01T00:00:00.000Z"])
        #expect(Self.validate(["views": 1], schema).0 == ["views": 1, "when": "2025-01-01T00:00:00.000Z"])
        #expect(Self.validate(["author": [:]], schema, filling: false).0 == ["author": [:]])
    }

    @Test("A required field must be there and not null, also one that properties doesn't describe")
    func required() throws {
        let schema = try TableDefinition(["name": "t", "schema": ["required": ["a"]]]).schema
        #expect(Self.validate([:], schema).1 == ["a required"])
        let described = try Self.schema(["a": ["type": "string", "required": true]])
        #expect(Self.validate(["a": nil], described).1 == ["a required"])
    }

    @Test("A key that can't be stored is refused at any depth")
    func keys() throws {
        let (_, failures) = Self.validate(["a": [["$where": 1], ["b": ["c.d": 1]]]], try Self.schema([:]))
        #expect(failures == ["a.0.$where name", "a.1.b.c.d name"])
    }

    // MARK: Bounds

    @Test("All failures are counted and the first hundred put into words, with names, paths and lists cut")
    func bounds() throws {
        let long = String(repeating: "é", count: 200_000)
        let names = (0..<6_000).map { ("$\($0)", JSON.int(1)) }
        var validator = RecordValidator(fillsDefaults: true, matches: FieldPattern.matches)
        _ = validator.record([long: .object(JSONObject(names))], FieldSchema(.object))
        #expect(validator.failures.count == 6_000)
        #expect(validator.failures.details.count == 100 && validator.failures.omitted == 5_900)
        let first = try #require(validator.failures.details.first)
        #expect(first.field.hasPrefix("éé") && first.field.hasSuffix("éé.$0") && first.field.utf8.count < 80)
        let error = try #require(ErrorBody(validator.failures))
        #expect(error.details.count == 100 && error.omittedDetails == 5_900)
        #expect(error.message.hasSuffix("; and 5997 more"))
        #expect(error.json.serialized().count < 30_000)
        let schema = try Self.schema(["f": ["type": "string", "enum": .array((0..<200).map { .string("v\($0)") })]])
        var list = RecordValidator(fillsDefaults: true, matches: FieldPattern.matches)
        _ = list.record(["f": "other"], schema)
        #expect(list.failures.details[0].message.hasSuffix(#""v8", "v9" and 190 more"#))
    }

    @Test("A deep path is cut in the middle")
    func deepPath() throws {
        var value: JSON = ["$": 1]
        for level in 0..<60 { value = .object([("level\(level)" + String(repeating: "x", count: 100)): value]) }
        var validator = RecordValidator(fillsDefaults: true, matches: FieldPattern.matches)
        _ = validator.record(value.objectValue ?? [:], FieldSchema(.object))
        let field = try #require(validator.failures.details.first?.field)
        #expect(field.utf8.count <= 260 && field.hasPrefix("level59x") && field.hasSuffix(".$") && field.contains("…"))
    }

    @Test("Failures that are passed on are not kept, however many")
    func passedOn() throws {
        var count = 0
        var validator = RecordValidator(
            fillsDefaults: false, matches: FieldPattern.matches, failures: ValidationFailures { _ in count += 1 })
        _ = validator.record(
            ["a": .array(Array(repeating: "x", count: 5_000))],
            try Self.schema(["a": ["type": "array", "items": ["type": "int"]]]))
        #expect(count == 5_000 && validator.failures.count == 5_000 && validator.failures.details.isEmpty)
    }

    @Test("Of hidden fields one failure a record tells that something is wrong, and nothing else")
    func hidden() throws {
        let schema = try Self.schema(["a": ["type": "int", "maximum": 5], "b": ["type": "int", "required": true]])
        var validator = RecordValidator(fillsDefaults: false, matches: FieldPattern.matches, hides: { $0 != "c" })
        _ = validator.record(["a": 9, "c": ["$x": 1]], schema)
        #expect(validator.failures.details.map { "\($0.field) \($0.rule)" } == ["body schema", "c.$x name"])
        _ = validator.record(["a": "x"], schema, at: RecordPlace(record: 7))
        #expect(validator.failures.details.last?.field == "[7]")
    }
}
