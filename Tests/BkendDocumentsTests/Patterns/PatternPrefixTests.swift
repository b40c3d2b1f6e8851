import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct PatternPrefixTests {
    @Test(
        "What a pattern's strings begin with",
        arguments: [
            ("^abc", "", "abc", true), ("^abc", "s", "abc", true), ("^a.c", "", "a", false), ("^ab*", "", "a", false),
            ("^ab?c", "", "a", false), ("^ab+", "", "a", false), ("^ab{0}c", "", "a", false),
            ("^ab$", "", "ab", false), (#"^a\.b"#, "", "a.b", true), (#"^a\b"#, "", "a", false),
            (#"^a\"#, "", "a", false), ("^aé*", "", "a", false), ("^é", "", "é", true), ("^e\u{301}*", "", "e", false),
            ("^😀a", "", "😀a", true), ("^a(?i)b", "", "a", false), ("^ab)", "", "ab", false),
            ("^a]b}", "", "a]b}", true), (#"^\^a"#, "", "^a", true), (#"^\Qa"#, "", nil, false),
            ("^", "", nil, false), ("^*a", "", nil, false), ("^a*", "", nil, false), ("^(a)", "", nil, false),
            ("abc", "", nil, false), ("^a|b", "", nil, false), (#"^a\|b"#, "", nil, false),
            (#"^ab\E*"#, "", "a", false), (#"^ab\Q\E?"#, "", "a", false), ("^ab(?#x)*", "", "a", false),
            (#"^ab\Qc"#, "", "a", false), ("^a(?=b)", "", "a", false),
            ("^a", "i", nil, false), ("^a", "m", nil, false), ("^a b", "x", nil, false), ("", "", nil, false),
        ] as [(String, String, String?, Bool)])
    func whatPatternsStrings(pattern: String, options: String, text: String?, isWhole: Bool) {
        let prefix = PatternPrefix(pattern, options: options)
        #expect(prefix?.bytes == text.map { Array($0.utf8) })
        #expect((prefix?.isWhole ?? false) == isWhole)
    }

    private static let indexes = [
        IndexDefinition(name: "t", fields: [.init("t")]),
        IndexDefinition(name: "down", fields: [.init("d", descending: true)]),
    ]

    @Test("A pattern bound to the beginning is a range of an index")
    func patternBoundBeginning() throws {
        let documents = (0..<20).map { JSONObject([("id", .string("i\($0)")), ("t", .string("w\($0)"))]) }
        try withCollection(documents, indexes: Self.indexes) { collection, db throws in
            let whole = Query(filter: field("t", .regex(pattern: "^w1", options: "")), sort: [.init("t")])
            let plan = try collection.explain(whole, in: db)
            #expect(plan.index == "t" && plan.served == 1 && !plan.rechecks && !plan.sorts && !plan.isFullScan)
            #expect(try collection.ids(whole, in: db).count == 11)
            let part = try collection.explain(Query(filter: field("t", .regex(pattern: "^w1.", options: ""))), in: db)
            #expect(part.index == "t" && part.rechecks && !part.isFullScan)
            let free = try collection.explain(Query(filter: field("t", .regex(pattern: "w1", options: ""))), in: db)
            #expect(free.index == nil && free.isFullScan)
        }
    }

    @Test("A pattern that can't be compiled is refused with an index too")
    func patternCantCompiled() throws {
        try withCollection([["id": "1", "t": "a"]], indexes: Self.indexes) { collection, db throws in
            for filter in [
                field("t", .regex(pattern: "^a(", options: "")),
                field("t", .regex(pattern: "^a(", options: ""), .greater("z"), .less("a")),
            ] {
                #expect(throws: InvalidPattern.self) { try collection.ids(filter, in: db) }
                #expect(throws: InvalidPattern.self) { try collection.count(filter, in: db) }
            }
        }
    }

    /// What patterns and texts are made of.
    private static let parts = [
        "a", "b", "é", "e\u{301}", "*", "?", "+", "{2}", ".", "$", "(a)", "[ab]", #"\."#, #"\w"#, "|", #"\E"#, #"\Q\E"#,
        "(?#x)",
    ]
    private static let letters = ["a", "b", "é", "e", "\u{301}", ".", "\u{0}", "😀", "|", "(", ""]

    @Test("Random patterns find the same with indexes and without", arguments: 0..<20 as Range<UInt64>)
    func randomPatternsFind(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let isFlat = seed.isMultiple(of: 2)
        let documents = (0..<80).map { number -> JSONObject in
            let (one, other) = (Self.value(isFlat, &random), Self.value(isFlat, &random))
            return ["id": .string("i\(number)"), "t": one, "d": other]
        }
        let plain = try withCollection(documents) { collection, db throws in
            try Self.answers(collection, seed: seed, in: db)
        }
        let indexed = try withCollection(documents, indexes: Self.indexes) { collection, db throws in
            try Self.answers(collection, seed: seed, in: db)
        }
        #expect(plain.ids == indexed.ids)
        #expect(plain.served == 0 && indexed.served > 20)
    }

    private static func value(_ isFlat: Bool, _ random: inout SeededGenerator) -> JSON {
        func text(_ random: inout SeededGenerator) -> JSON {
            .string(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }
                    .joined())
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return 1
        case 1: return nil
        case 2..<6 where !isFlat:
            return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in text(&random) })
        case 6 where !isFlat: return [[text(&random)]]
        default: return text(&random)
        }
    }

    /// The answers to the queries of a seed, and how many of them an index served.
    private static func answers(
        _ collection: BkendDocuments.Collection, seed: UInt64, in db: Database
    ) throws -> (ids: [[String]], served: Int) {
        var random = SeededGenerator(seed: seed ^ 0xFFFF)
        var answers: [[String]] = []
        var served = 0
        for _ in 0..<100 {
            let count = Int.random(in: 1...4, using: &random)
            let rest = (0..<count).map { _ in parts.randomElement(using: &random) ?? "a" }.joined()
            let options = ["", "", "", "s", "i", "m"].randomElement(using: &random) ?? ""
            let path = Bool.random(using: &random) ? "t" : "d"
            var operators: [FilterOperator] = [.regex(pattern: "^" + rest, options: options)]
            if Int.random(in: 0..<4, using: &random) == 0 { operators.append(.greaterOrEqual("a")) }
            let query = Query(
                filter: .condition(Condition(path, operators)),
                sort: Bool.random(using: &random)
                    ? [.init(path, Bool.random(using: &random) ? .ascending : .descending)] : [],
                page: .init(1, limit: 100))
            do {
                answers.append(try collection.ids(query, in: db))
                if try collection.explain(query, in: db).index != nil { served += 1 }
                #expect(try collection.count(query.filter, in: db) == answers.last?.count)
            } catch is InvalidPattern {
                answers.append(["invalid"])
            }
        }
        return (answers, served)
    }
}
