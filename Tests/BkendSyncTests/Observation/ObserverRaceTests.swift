import BkendDocuments
import BkendWire
import Synchronization
import Testing

@testable import BkendSync

/// Keeps what it is told.
private final class Listener: FeedObserver {
    let documentTable: String? = nil
    let watchesOutbox = false
    private let batches = Newest<[FeedBatch]> { $0 + $1 }

    func receive(_ batch: FeedBatch) { batches.put([batch]) }
    func finish() { batches.finish() }

    /// What came before a row of the log, and with it.
    func batches(through row: Int64) async -> [FeedBatch] {
        var heard: [FeedBatch] = []
        while !heard.contains(where: { $0.position >= row }), let more = await batches.next() { heard += more }
        return heard
    }
}

/// Does something once, when it is first asked to.
private final class Once: Sendable {
    private let job = Mutex<(@Sendable () -> Void)?>(nil)

    func set(_ job: @escaping @Sendable () -> Void) { self.job.withLock { $0 = job } }

    func callAsFunction() {
        let job = self.job.withLock { job in
            defer { job = nil }
            return job
        }
        job?()
    }
}

/// What falls between two steps of an observer or of the feed.
@Suite(.timeLimit(.minutes(10))) struct ObserverRaceTests {
    private static func create(in database: StoreDatabase, _ table: String = "notes") throws -> Int64 {
        try database.write { _ = try $0.writes.create(table, ["title": "a"]) }
        return try database.read { try $0.changes.latest }
    }

    @Test("An observer that comes between a look's listing and its reading hears of what the look has passed")
    func lateObserver() async throws {
        let database = try StoreDatabase.inMemory()
        let meanwhile = Once()
        let feed = ChangeFeed(database, lock: nil) { meanwhile() }
        let (first, second) = (Listener(), Listener())
        _ = feed.add(first)
        try feed.begin()
        let seen = Mutex<(before: Int64, after: Int64)>((0, 0))
        meanwhile.set {
            do {
                _ = feed.add(second)
                try feed.begin()
                let before = try database.read { try $0.changes.latest }
                let after = try Self.create(in: database)
                seen.withLock { $0 = (before, after) }
            } catch {
                Issue.record(error)
            }
        }
        feed.wake()
        _ = await first.batches(through: 1)
        let (before, after) = seen.withLock { $0 }
        let last = try Self.create(in: database)
        let heard = await second.batches(through: last)
        let hasHeard = heard.contains { batch in
            guard let changes = batch.changes else { return batch.position >= after }
            return changes.contains { $0.change.sequence == after }
        }
        #expect(before < after && hasHeard)
    }

    /// The result at rest of a query between whose reading and answer something happened.
    private static func result(
        _ core: StoreCore, _ meanwhile: @escaping @Sendable (QueryObserver) throws -> Void
    ) async throws -> ObservedResult {
        let once = Once()
        let observer = QueryObserver(Query(), in: "notes", of: core) { once() }
        once.set { [weak observer] in
            do { try observer.map(meanwhile) } catch { Issue.record(error) }
        }
        let number = core.feed.add(observer)
        defer { core.feed.remove(number) }
        observer.run()
        await withCheckedContinuation { continuation in core.reads.whenIdle { continuation.resume() } }
        return try #require(await observer.results.next())
    }

    @Test("A table that becomes complete while its query runs is told as complete")
    func completeness() async throws {
        let core = StoreCore(try StoreDatabase.inMemory())
        let number = try core.database.write { try $0.subscribing.subscribe("notes") }
        let result = try await Self.result(core) { observer in
            try core.database.write { try $0.subscriptions.setProgress(PullProgress(["filled": true]), of: number) }
            var batch = FeedBatch(changes: [], position: try core.database.read { try $0.changes.latest })
            batch.completeness[ExactString("notes")] = try core.database.read {
                try $0.subscriptions.completeness(of: "notes")
            }
            observer.receive(batch)
        }
        #expect(result.isComplete)
    }
}
