import BkendWire
import Testing

@testable import BkendServer

@Suite struct QueryTypingTests {
    static func typing() throws -> QueryTyping {
        let table = try TableDefinition([
            "name": "t",
            "schema": [
                "properties": [
                    "n": ["type": "int"], "price": ["type": "double"], "open": ["type": "bool"],
                    "s": ["type": "string"],
                    "when": ["type": "date"], "dates": ["type": "array", "items": ["type": "date"]],
                    "a": ["type": "object", "properties": ["at": ["type": "date"], "n": ["type": "int"]]],
                    "counts": ["type": "array", "items": ["type": "int"]],
                ]
            ],
        ])
        return QueryTyping(schema: table.schema)
    }

    @Test(
        "A bracket-form text is what the schema says of its field",
        arguments: [
            ("n", "5", JSON.int(5)), ("price", "1.5", 1.5), ("open", "true", true), ("s", "5", "5"),
            ("other", "5", "5"),
            ("n", "five", "five"), ("open", "1", "1"), ("a.n", "7", 7), ("counts", "3", 3), ("n", "[1]", "[1]"),
        ])
    func bracketValues(field: String, text: String, value: JSON) throws {
        #expect(try Self.typing().value(of: text, for: field) == value)
    }

    static let short = JSON.string("2025-01-08")
    static let stored = JSON.string("2025-01-08T00:00:00.000Z")

    @Test(
        "What is compared with a date takes the stored form",
        arguments: ["when", "createdAt", "updatedAt", "dates", "a.at", "dates.0"])
    func dates(field: String) throws {
        let filter = Filter.anyOf([
            .condition(Condition(field, .greaterOrEqual(Self.short), .less("no date"))),
            .not(.condition(Condition(field, .isIn([Self.short, nil])))),
        ])
        let expected = Filter.anyOf([
            .condition(Condition(field, .greaterOrEqual(Self.stored), .less("no date"))),
            .not(.condition(Condition(field, .isIn([Self.stored, nil])))),
        ])
        #expect(try Self.typing().normalised(filter) == expected)
    }

    @Test("An element that an array of dates is asked for takes the stored form, a part of a date's text doesn't")
    func contained() throws {
        func contains(_ field: String, _ value: JSON) -> Filter { .condition(Condition(field, .contains(value))) }
        #expect(try Self.typing().normalised(contains("dates", Self.short)) == contains("dates", Self.stored))
        #expect(try Self.typing().normalised(contains("when", Self.short)) == contains("when", Self.short))
    }

    @Test("Text fields and patterns are left as they are")
    func untouched() throws {
        let filter = Filter.allOf([
            .condition(Condition("s", .equals(Self.short))),
            .condition(Condition("when", .regex(pattern: "2025-01-08", options: ""))),
        ])
        #expect(try Self.typing().normalised(filter) == filter)
    }
}
