import BkendWire
import Testing

@testable import BkendCommand

@Suite("A filter's text")
struct FilterParserTests {
    private func condition(_ field: String, _ filterOperator: FilterOperator) -> Filter {
        .condition(Condition(field, filterOperator))
    }

    @Test("Each operator has its form")
    func operators() throws {
        let forms: [(String, FilterOperator)] = [
            ("f = 1", .equals(1)), ("f == null", .equals(.null)), ("f != 'a'", .notEquals("a")),
            ("f > 1.50", .greater(try JSON(parsing: "1.50"))),
            ("f >= -2e3", .greaterOrEqual(try JSON(parsing: "-2e3"))),
            ("f < true", .less(true)), ("f <= \"2025-01-20\"", .lessOrEqual("2025-01-20")),
            ("f in [1, 'b', [null]]", .isIn([1, "b", [.null]])), ("f not in []", .isNotIn([])),
            ("f ~ /^A\\d/i", .regex(pattern: "^A\\d", options: "i")),
            ("f ~ /a\\/b/", .regex(pattern: "a/b", options: "")),
            ("f ~ '^A'", .regex(pattern: "^A", options: "")), ("f has \"swift\"", .contains("swift")),
            ("f EXISTS", .exists(true)), ("f missing", .exists(false)),
            (#"f = {"a": {"b": "}"}}"#, .equals(["a": ["b": "}"]])),
            (#"f = 'it\'s "so" ä'"#, .equals(#"it's "so" ä"#)), ("f = 'a\"\u{301}b'", .equals("a\"\u{301}b")),
        ]
        for (text, expected) in forms {
            #expect(try FilterParser.filter(text) == condition("f", expected), "\(text)")
        }
        #expect(throws: FilterSyntaxError.self) { try FilterParser.filter(#"f = "\u00"#) }
    }

    @Test("`and` binds more tightly than `or`, `not` most tightly")
    func precedence() throws {
        let (a, b, c) = (condition("a", .equals(1)), condition("b", .equals(2)), condition("c", .equals(3)))
        #expect(try FilterParser.filter("a=1 and b=2 or c=3") == .anyOf([.allOf([a, b]), c]))
        #expect(try FilterParser.filter("a=1 and (b=2 or c=3)") == .allOf([a, .anyOf([b, c])]))
        #expect(try FilterParser.filter("not a=1 and b=2") == .allOf([.not(a), b]))
        #expect(try FilterParser.filter("not (a=1 and b=2)") == .not(.allOf([a, b])))
        #expect(try FilterParser.filter("a=1 AND b=2 And c=3") == .allOf([a, b, c]))
    }

    @Test("Names: paths, letters of any script, and anything in backquotes")
    func names() throws {
        for (text, field) in [
            ("items.0.name exists", "items.0.name"), ("größe_2 exists", "größe_2"), ("`my field` exists", "my field"),
            ("`or` exists", "or"), ("`a``b` exists", "a`b"), ("exists exists", "exists"), ("has exists", "has"),
        ] {
            #expect(try FilterParser.filter(text) == condition(field, .exists(true)), "\(text)")
        }
    }

    /// A wrong text, with `^` before the character that is to blame, and what is said.
    @Test(
        "An error points at the character and says what could stand there",
        arguments: [
            ("^", "a field's name"), ("views^", "an operator"), ("views ^10", "an operator"),
            ("views >=^", "a value: a number"), ("status = ^open", #"write text in quotes: "open""#),
            ("a = 1 ^b = 2", "'and', 'or' or the end"), ("(a = 1^", "'and', 'or' or ')'"),
            ("a = 1 and ^and", "a field's name"), ("a in ^3", "a list: [1, 2]"), ("a in [1 ^2]", "',' or ']'"),
            ("a = ^'open", "no closing '"), ("a ~ ^/x", "no second /"), ("a ~ /x/i^g", "options are i, m, s and x"),
            ("a ~ ^3", "a pattern"), ("a not ^has 3", "'in' after 'not'"), ("a = ^1.2.3", "isn't a number"),
            ("a = 1^and b = 2", "before a letter"), ("a ~ /x/^ii", "twice"),
            ("a = ^{\"b\": }", "isn't JSON"), ("^`a", "no closing `"), ("a ^& b", "can't stand here"),
            ("^a..b = 1", "empty part"), ("^`$a` = 1", "can't start with $"), ("^", "expected"),
        ])
    func errors(marked: String, expected: String) throws {
        let text = marked.replacing("^", with: "", maxReplacements: 1)
        let error = try #require(throws: FilterSyntaxError.self) { try FilterParser.filter(text) }
        let place = marked.distance(from: marked.startIndex, to: try #require(marked.firstIndex(of: "^")))
        #expect(error.offset == place && error.message.contains(expected), "\(error)")
        // Below nothing a mark says nothing.
        if text.isEmpty { return #expect("\(error)" == error.message) }
        let lines = "\(error)".split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 3 && lines[2] == String(repeating: " ", count: place + 2) + "^", "\(error)")
    }

    @Test("The mark stands below its place in wide characters, too, and a long text is cut around it")
    func marks() throws {
        let wide = try #require(throws: FilterSyntaxError.self) { try FilterParser.filter("名前 = 東") }
        #expect("\(wide)".hasSuffix("\n  名前 = 東\n         ^"))
        let text = "a in [" + String(repeating: "1, ", count: 100) + "x" + String(repeating: ", 1", count: 100) + "]"
        let long = try #require(throws: FilterSyntaxError.self) { try FilterParser.filter(text) }
        let lines = "\(long)".split(separator: "\n")
        #expect(lines[1].count < 110 && lines[1].hasPrefix("  …") && lines[1].hasSuffix("…"))
        #expect(Array(lines[1])[lines[2].count - 1] == "x")
    }

    @Test("What nests too deeply is refused, whatever nests", arguments: ["(", "not ", "a = [", "a in [["])
    func depth(opening: String) {
        let text = String(repeating: opening, count: 100_000)
        let error = #expect(throws: FilterSyntaxError.self) { try FilterParser.filter(text) }
        #expect(error?.description.utf8.count ?? 0 < 1_000)
    }

    @Test("A filter's text reads as the filter, for thousands of filters")
    func roundTrip() throws {
        var random = SeededRandom(15)
        for _ in 0..<3_000 {
            let filter = Self.filter(depth: 3, &random)
            #expect(try FilterParser.filter(filter.text) == filter, "\(filter.text)")
        }
    }

    @Test("A text of any characters is read or refused, and nothing else")
    func garbage() {
        var random = SeededRandom(16)
        let pieces = [
            "a", " ", "=", ">=", "(", ")", "[", "]", ",", "'", "\"", "`", "/", "\\", "~", "and", "or", "not", "in", "1",
            "-",
            "{", "}", "ä", "\u{301}", "\0", "\n", "🙂", ".", "$", "has", "exists",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            .joined()
            if let filter = try? FilterParser.filter(text) { #expect((try? FilterParser.filter(filter.text)) != nil) }
        }
    }

    private static func filter(depth: Int, _ random: inout SeededRandom) -> Filter {
        switch depth == 0 ? 0 : Int.random(in: 0...4, using: &random) {
        case 1: .allOf(parts(depth, &random))
        case 2: .anyOf(parts(depth, &random))
        case 3: .not(filter(depth: depth - 1, &random))
        default: .condition(condition(&random))
        }
    }

    private static func parts(_ depth: Int, _ random: inout SeededRandom) -> [Filter] {
        (0..<Int.random(in: 2...3, using: &random)).map { _ in filter(depth: depth - 1, &random) }
    }

    private static func condition(_ random: inout SeededRandom) -> Condition {
        let names = ["a", "b.c", "my field", "or", "not", "in", "größe", "a`b", "_x", "1st", "missing"]
        let values: [JSON] = [
            1, -2, 1.5, "", "it's", "\"q\"", "a\\b", "line\nend", true, false, .null, [], [1, ["x", .null]],
            ["k": ["}": "\"{"]],
        ]
        func value() -> JSON { values.randomElement(using: &random) ?? .null }
        let operators: [FilterOperator] = [
            .equals(value()), .notEquals(value()), .greater(value()), .greaterOrEqual(value()), .less(value()),
            .lessOrEqual(value()), .isIn([value(), value()]), .isNotIn([value()]), .contains(value()),
            .exists(true), .exists(false), .regex(pattern: "^a/[b\"']\\d\\\\", options: "im"),
            .regex(pattern: "it's \"/\"", options: ""),
        ]
        return Condition(
            names.randomElement(using: &random) ?? "a", operators.randomElement(using: &random) ?? .exists(true))
    }
}

/// Random numbers that a seed decides (SplitMix64).
private struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
