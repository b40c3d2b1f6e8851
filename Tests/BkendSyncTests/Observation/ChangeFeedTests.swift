import BkendDocuments
import BkendWire
import ChildProcesses
import Foundation
import Testing

@testable import BkendSync

@Suite(.timeLimit(.minutes(10))) struct ChangeFeedTests {
    /// Few notes among many: those of one writer, by number.
    private static func query(writer: Int, limit: Int = 20) -> Query {
        let filter = Filter.condition(Condition("writer", .equals(.int(Int64(writer)))))
        return Query(filter: filter, sort: [Query.Sort("number")], page: Query.Page(offset: 0, limit: limit))
    }

    private static func note(writer: Int, number: Int) -> JSONObject {
        ["writer": .int(Int64(writer)), "number": .int(Int64(number))]
    }

    @Test("Ten thousand writes outside a result, by this process, run no statement of its query")
    func silenceInProcess() async throws {
        try await ObservedStore.run { store in
            try await Self.checkSilence(store) { expected in
                for batch in 0..<100 {
                    try await store.open.write { tx in
                        for number in 0..<100 {
                            _ = try tx.writes.create("notes", Self.note(writer: 2, number: batch * 100 + number))
                        }
                    }
                }
                expected = 10_000
            }
        }
    }

    /// `make processes` asks for 10,000.
    @Test("Writes outside a result, by another process, run no statement of its query")
    func silenceAcrossProcesses() async throws {
        let asked = ProcessInfo.processInfo.environment["BKEND_PROCESS_WRITES"].flatMap(Int.init)
        let writes = asked ?? 500
        try await ObservedStore.run { store in
            try await Self.checkSilence(store) { expected in
                expected = try await Self.write(writes, as: 2, in: store.folder)
                #expect(expected == writes)
            }
            guard asked != nil else { return }
            let looks = StatementTrace.runs(of: ["FROM sync_changes"], on: store.path)
            print("\(writes) writes outside a result by another process: no statement of its query, \(looks) looks")
        }
    }

    /// Observes one writer's notes, lets others write, and counts what ran; then one write inside the result must come.
    private static func checkSilence(
        _ store: ObservedStore, others: (inout Int) async throws -> Void
    ) async throws {
        let trace = StatementTrace(store.path)
        try await store.open.write { tx in
            try tx.setFacts(TableFacts(uniqueFields: []), of: "notes")
            for number in 0..<30 { _ = try tx.writes.create("notes", Self.note(writer: 1, number: number)) }
        }
        let observation = try store.open.observe(Self.query(writer: 1), in: "notes")
        let first = try #require(await observation.next())
        #expect(first.rows.count == 20 && first.error == nil)
        // What finds rows of the first table, and what reads them: the feed itself reads a changed document by its id.
        let query = ["c1 AS d", "FROM c1 WHERE row = ?"]
        let before = trace.runs(of: query)
        #expect(before > 20)
        let looks = trace.runs(of: ["FROM sync_changes"])
        // Observers are told in the order in which they came: what this one is told of, the first one was told before.
        let sentinel = try store.open.observe(Query(), in: "sentinels")
        #expect(await sentinel.next()?.rows.isEmpty == true)

        var writes = 0
        try await others(&writes)
        #expect(writes > 0)
        try await store.open.write { _ = try $0.writes.create("sentinels", ["seen": true]) }
        #expect(await sentinel.next()?.rows.count == 1)
        #expect(trace.runs(of: query) == before)
        #expect(trace.runs(of: ["FROM sync_changes"]) > looks)

        // A change of what the result holds is put into it; who comes after the last of a full page, only the query knows.
        try await store.open.write { _ = try $0.writes.update("notes", first.rows[0].id, set: ["seen": true]) }
        let second = try #require(await observation.next())
        #expect(second.rows[0].document.bytes != first.rows[0].document.bytes)
        #expect(trace.runs(of: query) == before)
        try await store.open.write { try $0.writes.delete("notes", first.rows[0].id) }
        let third = try #require(await observation.next())
        #expect(third.rows.count == 20 && third.rows[0].id == first.rows[1].id)
        #expect(trace.runs(of: query) > before)
    }

    /// Has another process write, and waits for its end without holding a thread of the tests; how many writes it told of.
    static func write(_ count: Int, as writer: Int, in folder: String) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let arguments = [folder, "\(writer)", "0", "\(count)"]
                        var child = try ChildProcess(ChildProcess.built("StoreProcess"), arguments)
                        var told = 0
                        while let lines = child.lines() { told += lines.count }
                        #expect(child.reap() == 0)
                        return told
                    })
            }
        }
    }

    @Test("What another process writes reaches an observer, to the last write")
    func acrossProcesses() async throws {
        try await ObservedStore.run { store in
            let observation = try store.open.observe(Self.query(writer: 7, limit: .max), in: "notes")
            #expect(await observation.next()?.rows.isEmpty == true)
            async let writing = Self.write(100, as: 7, in: store.folder)
            // Of ten writes in a row six create a note each, three update one, the last deletes the fifth.
            let expected = Set((0..<100).filter { [0, 1, 2, 3, 5].contains($0 % 10) })
            var seen: Set<Int> = []
            while seen != expected, let result = await observation.next() {
                seen = Set(try result.rows.compactMap { try $0.document.json["number"]?.intValue.map(Int.init) })
            }
            #expect(seen == expected)
            #expect(try await writing == 100)
        }
    }

    @Test("No change is missed, however many writers commit while it is looked for")
    func noLostWakeUps() async throws {
        for _ in 0..<3 {
            let store = OpenStore(try StoreDatabase.inMemory())
            let observation = try store.observe(Self.query(writer: 1, limit: .max), in: "notes")
            await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<4 {
                    group.addTask {
                        for number in 0..<25 {
                            _ = try await store.write {
                                try $0.writes.create("notes", Self.note(writer: 1, number: part * 25 + number))
                            }
                        }
                    }
                }
                group.addTask {
                    var count = 0
                    while count < 100, let result = await observation.next() {
                        #expect(result.rows.count >= count)
                        count = result.rows.count
                    }
                    #expect(count == 100)
                }
            }
            await store.close()
        }
    }

    @Test("Observers that come and go while others write miss nothing")
    func comingAndGoing() async throws {
        let store = OpenStore(try StoreDatabase.inMemory())
        let writer = Task {
            for number in 0..<300 {
                _ = try await store.write { try $0.writes.create("notes", Self.note(writer: 1, number: number)) }
            }
        }
        for _ in 0..<60 {
            let observation = try store.observe(Self.query(writer: 1, limit: .max), in: "notes")
            #expect(await observation.next() != nil)
        }
        try await writer.value
        let last = try store.observe(Self.query(writer: 1, limit: .max), in: "notes")
        #expect(await last.next()?.rows.count == 300)
        await store.close()
    }

    @Test("A reader that fell behind the trimmed log asks its query again")
    func fallingBehind() async throws {
        let queue = try DocumentStorage.inMemory()
        let store = OpenStore(try StoreDatabase(over: queue, changeLimit: 10))
        let observation = try store.observe(Self.query(writer: 1, limit: .max), in: "notes")
        #expect(await observation.next()?.rows.isEmpty == true)
        try await store.write { tx in
            for number in 0..<50 { _ = try tx.writes.create("notes", Self.note(writer: 1, number: number)) }
        }
        #expect(await observation.next()?.rows.count == 50)
        await store.close()
    }

    @Test("Nothing is left of an observation that ended, of a closed store neither")
    func freeing() async throws {
        let core = StoreCore(try StoreDatabase.inMemory())
        let store = OpenStore(core)
        weak var ended: FeedObservation?
        do {
            let observation = try store.observe(Self.query(writer: 1), in: "notes")
            _ = await observation.next()
            ended = observation.observation
            #expect(core.feed.observerCount == 1)
        }
        #expect(ended == nil && core.feed.observerCount == 0)
        let open = try store.observe(Self.query(writer: 1), in: "notes")
        _ = await open.next()
        async let end = open.next()
        await store.close()
        #expect(await end == nil)
        #expect(throws: StoreError(.closed)) { try store.observe(Self.query(writer: 1), in: "notes") }
    }
}
