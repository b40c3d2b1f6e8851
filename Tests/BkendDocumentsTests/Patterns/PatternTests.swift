import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct PatternTests {
    static let documents: [JSONObject] = [
        ["id": "1", "t": "Hello\nworld"], ["id": "2", "t": ["x", "hello"]], ["id": "3", "t": "a\u{0}b"],
        ["id": "4", "t": 5],
        ["id": "5", "t": "ÄRGER 😀"], ["id": "6", "t": ""],
    ]

    @Test(
        "A pattern matches strings and strings in arrays",
        arguments: [
            ("^hello$", "", "2"), ("^hello$", "i", "2"), ("^hello$", "im", "1 2"), ("o.w", "", ""), ("o.w", "s", "1"),
            ("h e l l o # name", "x", "2"), ("ärger", "i", "5"), ("R .$", "", "5"), ("a.b", "", "3"), ("^$", "", "6"),
            (#"\x{1F600}"#, "", "5"), ("", "", "1 2 3 5 6"),
        ])
    func patternMatchesStrings(pattern: String, options: String, answer: String) throws {
        try withCollection(Self.documents) { collection, db throws in
            let found = try collection.ids(field("t", .regex(pattern: pattern, options: options)), in: db)
            #expect(found.joined(separator: " ") == answer)
        }
    }

    @Test(
        "A pattern that can't be compiled says why and where",
        arguments: [("a(b", "", 3), ("[", "", 1), ("a\u{0}", "", 1), (#"\C"#, "", 2), ("a", "q", 0)])
    func patternCantCompiled(pattern: String, options: String, offset: Int) throws {
        try withCollection(Self.documents) { collection, db throws in
            let error = try #require(throws: InvalidPattern.self) {
                try collection.ids(field("t", .regex(pattern: pattern, options: options)), in: db)
            }
            #expect(error.pattern == pattern && error.offset == offset && !error.reason.isEmpty)
        }
    }

    /// None of these backtracks much: each step reads far. Without the watch they take minutes.
    @Test(
        "A pattern that reads a long text over and over ends within the deadline", .timeLimit(.minutes(10)),
        arguments: ["a*+[bc]", "(a*)\\1[bc]", "a*?a*?a*?[bc]", "[^b]*[^b]*[cd]", "\\X*[bc]"])
    func patternReadsLong(pattern: String) throws {
        let long = JSON.string(String(repeating: "a", count: 1_000_000))
        try withCollection([["id": "1", "t": long]]) { collection, db throws in
            let filter = field("t", .regex(pattern: pattern, options: ""))
            let deadline = QueryDeadline(after: .milliseconds(100))
            let outcome = Result { try db.withDeadline(deadline) { try collection.count(filter, in: db) } }
            switch outcome {
            case .success(let count): #expect(count == 0)
            case .failure(let error): #expect(error is QueryTimedOut || error is PatternLimitExceeded)
            }
            #expect(throws: PatternLimitExceeded.self) { try TextPattern.matches(pattern, long.stringValue ?? "") }
            #expect(try collection.count(field("t", .regex(pattern: "^a+$", options: "")), in: db) == 1)
        }
    }

    @Test(
        "A hostile pattern ends with an error and the connection goes on",
        arguments: ["^(a+)+$", "(a|aa)+$", "^(a|a)+$", #"^(\w+\s?)*$"#])
    func hostilePatternEnds(pattern: String) throws {
        let hostile = JSON.string(String(repeating: "a", count: 60) + "!")
        try withCollection([["id": "1", "t": hostile]]) { collection, db throws in
            #expect(throws: PatternLimitExceeded.self) {
                try collection.ids(field("t", .regex(pattern: pattern, options: "")), in: db)
            }
            #expect(throws: PatternLimitExceeded.self) {
                try collection.count(field("t", .regex(pattern: pattern, options: "")), in: db)
            }
            #expect(try collection.count(in: db) == 1)
        }
    }

    @Test("A match ends by the time that it works, not by the time that its thread waits for a processor")
    func waitingThread() {
        var (time, worked) = (ContinuousClock.now, Duration.zero)
        let watch = PatternWatch(deadline: nil, clocks: .init(now: { time }, worked: { worked }))
        func look() -> Bool { (0..<64).map { _ in watch.step() }.contains { $0 != 0 } }
        watch.begin()
        #expect(!look())
        (time, worked) = (time + .seconds(60), .milliseconds(20))
        #expect(!look())
        (time, worked) = (time + .seconds(2), .milliseconds(1_020))
        #expect(look())
    }
}
