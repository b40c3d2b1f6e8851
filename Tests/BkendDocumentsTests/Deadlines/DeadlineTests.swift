import BkendWire
import GRDB
import Synchronization
import Testing

@testable import BkendDocuments

/// A clock that moves by a step whenever it is read.
struct SteppingClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private final class Time: Sendable { let reads = Mutex(0) }
    private let time = Time()
    let step: Duration
    var minimumResolution: Duration { step }
    var now: Instant {
        time.reads.withLock { reads in
            reads += 1
            return Instant(offset: step * reads)
        }
    }

    init(step: Duration) { self.step = step }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}

@Suite struct DeadlineTests {
    static let documents: [JSONObject] = (0..<2_000).map { ["id": .string("i\($0)"), "n": .int($0)] }

    @Test("A query past its deadline is stopped and the connection goes on")
    func queryPastDeadline() throws {
        try withCollection(Self.documents) { collection, db throws in
            let deadline = QueryDeadline(after: .seconds(5), clock: SteppingClock(step: .seconds(1)))
            #expect(throws: QueryTimedOut(limit: .seconds(5))) {
                try db.withDeadline(deadline) { try collection.count(field("n", .equals(-1)), in: db) }
            }
            #expect(try collection.count(field("n", .less(10)), in: db) == 10)
        }
    }

    @Test("A query within its deadline answers")
    func queryWithinDeadline() throws {
        try withCollection(Self.documents) { collection, db throws in
            let deadline = QueryDeadline(after: .seconds(5), clock: SteppingClock(step: .zero))
            #expect(try db.withDeadline(deadline) { try collection.count(field("n", .less(10)), in: db) } == 10)
        }
    }

    @Test("The deadline is asked within one document")
    func deadlineAskedWithin() throws {
        let long = JSON.string(String(repeating: "é", count: 5_000))
        let many = JSON.array((0..<10_000).map { .int($0) })
        try withCollection([["id": "a", "text": long, "many": many]]) { collection, db throws in
            func stops(_ filter: Filter) -> Bool {
                let deadline = QueryDeadline(after: .seconds(3), clock: SteppingClock(step: .seconds(1)))
                do {
                    _ = try db.withDeadline(deadline) { try collection.count(filter, in: db) }
                    return false
                } catch { return error is QueryTimedOut }
            }
            #expect(stops(.anyOf((0..<20).map { field("text", .contains(.string("zq\($0)"))) })))
            #expect(stops(.anyOf((0..<20).map { field("many", .greater(.int(20_000 + $0))) })))
            #expect(stops(.anyOf((0..<20).map { field("many", .contains(.int(20_000 + $0))) })))
            #expect(try collection.count(field("many", .greater(9_998)), in: db) == 1)
        }
    }

    @Test("A path of positions looks through each array once, however many ways lead to it")
    func pathPositionsLooks() throws {
        var nested = JSON.array((0..<50).map { _ in [:] })
        for _ in 0..<21 { nested = [["0": nested]] }
        let path = (["a"] + Array(repeating: "0", count: 30)).joined(separator: ".")
        let document: JSONObject = ["id": "x", "a": nested]
        let deadline = QueryDeadline(after: .seconds(20), clock: SteppingClock(step: .seconds(1)))
        try withCollection([document]) { collection, db throws in
            #expect(try db.withDeadline(deadline) { try collection.count(field(path, .greater(5)), in: db) } == 0)
        }
        // An index on such a path has no deadline that could stop it.
        try withCollection([document], indexes: [IndexDefinition(name: "p", fields: [.init(path)])]) {
            collection, db throws in
            #expect(try collection.count(field(path, .exists(false)), in: db) == 0)
        }
    }

    @Test("The deadline is asked before each text that a pattern is tried on")
    func deadlineAskedBefore() throws {
        // One document, so that SQLite itself has no occasion to ask.
        let texts = JSON.array((0..<50).map { .string("t\($0)") })
        try withCollection([["id": "a", "texts": texts]]) { collection, db throws in
            let deadline = QueryDeadline(after: .seconds(20), clock: SteppingClock(step: .seconds(1)))
            #expect(throws: QueryTimedOut(limit: .seconds(20))) {
                try db.withDeadline(deadline) {
                    try collection.count(field("texts", .regex(pattern: "^x", options: "")), in: db)
                }
            }
            #expect(try collection.count(field("texts", .regex(pattern: "^t49$", options: "")), in: db) == 1)
        }
    }

    @Test("A query whose answer nobody waits for any more is stopped, within one document too")
    func queryWhoseAnswer() throws {
        let texts = JSON.array((0..<50).map { .string("t\($0)") })
        let filters = [field("n", .equals(-1)), field("texts", .regex(pattern: "^x", options: ""))]
        try withCollection(Self.documents + [["id": "a", "texts": texts]]) { collection, db throws in
            for filter in filters {
                let asked = Mutex(0)
                let deadline = QueryDeadline(after: .seconds(3_600)) {
                    asked.withLock { count in
                        count += 1
                        return count > 3
                    }
                }
                #expect(throws: QueryAbandoned()) {
                    try db.withDeadline(deadline) { try collection.count(filter, in: db) }
                }
            }
            #expect(try collection.count(field("n", .less(10)), in: db) == 10)
        }
    }
}
