import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendTesting
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendServer

/// What the log of changes keeps, and what it costs.
@Suite struct ChangeLogTests {
    /// Runs a body with an environment's storage whose log has bounds of the test's own.
    private static func with(
        _ bounds: ChangeLogBounds = ChangeLogBounds(), maximumBytes: Int? = nil,
        clock: @escaping @Sendable () -> Timestamp = { .systemNow },
        _ body: (EnvironmentStore, SQLiteEngine) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            var options = StoreOptions()
            (options.changes, options.maximumBytes, options.clock) = (bounds, maximumBytes, clock)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let engine = try SQLiteEngine(path: folder + "/env.sqlite", options: options)
            let store = EnvironmentStore(engine)
            _ = try store.apply(["tables": [["name": "a"], ["name": "b"]]])
            try await body(store, engine)
        }
    }

    /// Puts a record into a table, and changes it.
    private static func change(_ store: EnvironmentStore, _ table: String, _ number: Int, bytes: Int = 10) async throws
    {
        let id = RecordStore.id(number)
        let text = JSONObject([
            ("id", .string(id)), ("text", .string(String(repeating: "x", count: bytes))), ("createdBy", ""),
            ("createdAt", "2026-01-01T00:00:00.000Z"), ("updatedAt", "2026-01-01T00:00:00.000Z"),
        ]).serialized()
        try await store.write(locking: []) { session in
            let found = try session.existingTable(table)
            let old = try session.documentForWriting(id, in: found)
            try session.apply(
                [
                    old.map { .replace(id: id, old: $0.bytes, new: text, RecordStore.note) }
                        ?? .insert(NewDocument(id: id, checked: text), RecordStore.note)
                ], to: found)
        }
    }

    private static func positions(_ store: EnvironmentStore, _ table: String) throws -> [Int64] {
        var found: [Int64] = []
        try store.engine.readNow { session in
            try session.changes(of: session.existingTable(table), owner: nil, after: 0) { change in
                found.append(change.position)
                return true
            }
        }
        return found
    }

    private static func page(_ store: EnvironmentStore, _ table: String, since: String?) throws -> FeedPage {
        var subscription: JSONObject = ["name": "s", "table": .string(table)]
        if let since { subscription["since"] = .string(since) }
        let request = try FeedRequest(["subscriptions": [.object(subscription)]])
        return try store.engine.readNow { try FeedReader(caller: .secretKey).pages(request, .untimed, in: $0)[0] }
    }

    private static func cursor(_ page: FeedPage) throws -> String {
        guard case .changes(let changes) = page else { throw OperatorError("no page of changes: \(page)") }
        return changes.cursor.text
    }

    private static func expiry(_ page: FeedPage) -> FeedExpiry? {
        if case .expired(let reason) = page { return reason }
        return nil
    }

    @Test("Positions only grow, also past a clock that goes back, and never come again after a table was dropped")
    func positions() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await Self.with(clock: { clock.now }) { store, engine in
            try await Self.change(store, "a", 1)
            clock.set("2025-01-01T00:00:00.000Z")
            try await Self.change(store, "b", 1)
            let (a, b) = (try Self.positions(store, "a")[0], try Self.positions(store, "b")[0])
            #expect(a == Timestamp("2026-01-01T00:00:00.000Z").map { $0.milliseconds * 1_000 } && b == a + 1)
            try store.engine.writeNow(locking: [.definitions]) { session in
                try TableStore.drop(session.existingTable("b"), in: session)
            }
            try await Self.change(store, "a", 2)
            #expect(try Self.positions(store, "a") == [a, b + 1])
        }
    }

    @Test("A log that is too large loses its oldest changes, of the table that has most first; cursors before them end")
    func trimmed() async throws {
        var bounds = ChangeLogBounds()
        (bounds.leastBytes, bounds.mostBytes, bounds.step) = (20_000, 20_000, 3)
        try await Self.with(bounds) { store, engine in
            let begin = try Self.cursor(try Self.page(store, "a", since: nil))
            let quiet = try Self.cursor(try Self.page(store, "b", since: nil))
            try await Self.change(store, "b", 1)
            for _ in 0..<40 { try await Self.change(store, "a", 1, bytes: 1_000) }
            let before = try Self.cursor(try Self.page(store, "a", since: nil))
            await engine.trimChanges()
            let kept = try Self.positions(store, "a").count
            #expect((10..<20).contains(kept))
            #expect(Self.expiry(try Self.page(store, "a", since: begin)) == .trimmed)
            // Who has followed so far goes on, and so does whoever follows another table.
            #expect(Self.expiry(try Self.page(store, "a", since: before)) == nil)
            #expect(Self.expiry(try Self.page(store, "b", since: quiet)) == nil)
            #expect(try Self.positions(store, "b").count == 1)
        }
    }

    @Test("A cursor at the end of what was taken out holds")
    func atTheEnd() async throws {
        var bounds = ChangeLogBounds()
        (bounds.leastBytes, bounds.mostBytes) = (0, 0)
        try await Self.with(bounds) { store, engine in
            for number in 0..<5 { try await Self.change(store, "a", number) }
            let cursor = try Self.cursor(try Self.page(store, "a", since: nil))
            await engine.trimChanges()
            #expect(try Self.positions(store, "a") == [])
            #expect(Self.expiry(try Self.page(store, "a", since: cursor)) == nil)
            try await Self.change(store, "a", 9)
            guard case .changes(let changes) = try Self.page(store, "a", since: cursor) else {
                Issue.record("no changes")
                return
            }
            #expect(changes.order == [RecordStore.id(9)])
        }
    }

    @Test("Changes go after a week, however few they are")
    func old() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await Self.with(clock: { clock.now }) { store, engine in
            try await Self.change(store, "a", 1)
            clock.advance(seconds: 6 * 86_400)
            try await Self.change(store, "a", 2)
            clock.advance(seconds: 2 * 86_400)
            await engine.trimChanges()
            #expect(try Self.positions(store, "a").count == 1)
        }
    }

    @Test("A write takes out of a log that is too large by itself")
    func byItself() async throws {
        var bounds = ChangeLogBounds()
        (bounds.leastBytes, bounds.mostBytes) = (80_000, 80_000)
        try await Self.with(bounds) { store, engine in
            for _ in 0..<400 { try await Self.change(store, "a", 1, bytes: 1_000) }
            while engine.changeWork.withLock({ $0.isUnderWay }) { await Task.yield() }
            #expect(try Self.positions(store, "a").count < 120)
        }
    }

    @Test("A text that is too large isn't kept, and the table's cursors end")
    func large() async throws {
        try await Self.with { store, _ in
            try await Self.change(store, "a", 1, bytes: ChangeLog.largestBefore + 1)
            let cursor = try Self.cursor(try Self.page(store, "a", since: nil))
            try await Self.change(store, "a", 1)
            #expect(Self.expiry(try Self.page(store, "a", since: cursor)) == .changed)
        }
    }

    @Test("A database that is full of records takes writes without the log, and cursors end")
    func full() async throws {
        try await Self.with(maximumBytes: 4 << 20) { store, engine in
            let cursor = try Self.cursor(try Self.page(store, "a", since: nil))
            var number = 0
            do {
                while true {
                    try await Self.change(store, "a", number, bytes: 100_000)
                    number += 1
                }
            } catch let error as StorageFailure {
                #expect(error.kind == .full)
            }
            for gone in 0..<number {
                try await store.write(locking: []) { session in
                    let table = try session.existingTable("a")
                    let id = RecordStore.id(gone)
                    let old = try #require(try session.documentForWriting(id, in: table))
                    try session.apply([.delete(id: id, old: old.bytes, RecordStore.note)], to: table)
                }
            }
            #expect(Self.expiry(try Self.page(store, "a", since: cursor)) == .changed)
        }
    }

    @Test("A database from before the log gets one, unless another process has it open")
    func migration() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = folder + "/env.sqlite"
            do {
                let engine = try SQLiteEngine(path: path)
                _ = try EnvironmentStore(engine).apply(["tables": [["name": "a"]]])
                try engine.writeNow(locking: []) { session in
                    try session.script(
                        """
                        DROP TABLE server_log; DROP TABLE server_log_end; DROP TABLE server_log_tables;
                        UPDATE server_catalog SET format = 2;
                        """)
                }
                try engine.pool.close()
            }
            let other = try DatabaseQueue(path: path)
            _ = try await other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM server_tables") }
            #expect {
                _ = try SQLiteEngine(path: path)
            } throws: { error in
                "\(error)".contains("is open in another process")
            }
            try other.close()
            let store = EnvironmentStore(try SQLiteEngine(path: path))
            let cursor = try Self.cursor(try Self.page(store, "a", since: nil))
            try await Self.change(store, "a", 1)
            #expect(Self.expiry(try Self.page(store, "a", since: cursor)) == nil)
        }
    }

    @Test(
        "A deleted record that an import brings again is newer than its deletion, and the import of another owner ends cursors"
    )
    func imported() async throws {
        try await RecordStore.with { place in
            let id = RecordStore.id(1)
            func importing(_ owner: String, _ text: String) throws {
                var options = ImportOptions()
                options.conflict = .replace
                var batch = ImportBatch(options: options, now: .systemNow)
                let record: JSONObject = [
                    "id": .string(id), "text": .string(text), "createdBy": .string(owner),
                    "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
                ]
                try place.store.engine.writeNow(locking: []) { session in
                    let bytes = record.serialized()
                    let item = RecordReader.Item(bytes: bytes, offset: 0, length: bytes.count)
                    try batch.store(
                        RecordImport.Pending(item: item, file: "x", content: .success(record)),
                        in: session.existingTable("t"), session)
                }
                #expect(batch.rejected.isEmpty)
            }
            try importing("ada", "a")
            let first = try Self.cursor(try Self.page(place.store, "t", since: nil))
            let routes = place.routes()
            _ = try await routes.delete(id, in: "t")
            guard case .changes(let gone) = try Self.page(place.store, "t", since: first),
                case .removed(let deleted)? = gone.outcome(of: id)
            else { throw OperatorError("the deletion isn't told") }
            try importing("ada", "b")
            let stamp = try place.record(1)?["updatedAt"]?.stringValue
            #expect(try #require(stamp.flatMap(Timestamp.init)) > #require(Timestamp(deleted)))
            #expect(Self.expiry(try Self.page(place.store, "t", since: first)) == nil)
            try importing("bob", "c")
            #expect(Self.expiry(try Self.page(place.store, "t", since: first)) == .changed)
        }
    }

    @Test("A backup is another life: cursors from before don't hold in it")
    func backup() async throws {
        try await RecordStore.with { place in
            let cursor = try Self.cursor(try Self.page(place.store, "t", since: nil))
            let file = place.folder + "-backup.tar"
            defer { try? FileManager.default.removeItem(atPath: file) }
            _ = try DataFolder.open(at: place.folder).backup(to: file, now: .systemNow)
            try await withFolder { folder in
                try await unpack(file, to: folder + "/data")
                let name = try EnvironmentName(project: "default", environment: "dev")
                let store = try DataFolder.open(at: folder + "/data").store(of: name)
                #expect(Self.expiry(try Self.page(store, "t", since: cursor)) == .changed)
            }
        }
    }
}

extension FeedPage.Changes {
    /// The records that are told, in their order.
    fileprivate var order: [String] {
        if case .outcomes(_, let order) = records { return order }
        return []
    }

    /// What is told of a record.
    fileprivate func outcome(of id: String) -> FeedFollower.Outcome? {
        if case .outcomes(let outcomes, _) = records { return outcomes[ExactString(id)] }
        return nil
    }
}
