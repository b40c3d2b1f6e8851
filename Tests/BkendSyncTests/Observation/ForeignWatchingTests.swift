import BkendDocuments
import BkendWire
import Foundation
import Synchronization
import Testing

@testable import BkendSync

/// A system that has no watch left for another process's writes.
@Suite(.timeLimit(.minutes(10))) struct ForeignWatchingTests {
    private static let query = Query(page: Query.Page(offset: 0, limit: .max))

    /// Runs a body over a store in a folder that is watched as said.
    private static func run(
        _ foreign: ForeignWatching, _ body: (OpenStore, ObservedStore) async throws -> Void
    ) async throws {
        try await ObservedStore.run { observed in
            let core = StoreCore(
                try observed.open.core.database,
                lock: ChangeFeed.Lock(folder: observed.folder, name: "store.sqlite.lock"), foreign: foreign)
            let store = OpenStore(core)
            try await body(store, observed)
            await store.close()
        }
    }

    private static func observe(_ store: OpenStore, _ observed: ObservedStore) async throws {
        let observation = try store.observe(Self.query, in: "notes")
        #expect(await observation.next()?.rows.isEmpty == true)
        _ = try await store.write { try $0.writes.create("notes", ["mine": true]) }
        let mine = try #require(await observation.next())
        #expect(mine.rows.count == 1 && mine.error == nil)
        // Six creates, three updates and a delete of a created one.
        #expect(try await ChangeFeedTests.write(10, as: 3, in: observed.folder) == 10)
        var count = 1
        while count != 6, let result = await observation.next() {
            #expect(result.error == nil)
            count = result.rows.count
        }
        #expect(count == 6)
    }

    @Test("Without a watch of the system other processes' writes are found by looking")
    func withoutWatchSystem() async throws {
        let none = ForeignWatching(
            watch: { _, _ in throw StoreError(.storage("too many open files")) }, interval: .milliseconds(10))
        try await Self.run(none) { store, observed in try await Self.observe(store, observed) }
    }

    @Test("A watch is taken as soon as the system has one, and then nobody looks any more")
    func watchTakenAs() async throws {
        let asked = Mutex(0)
        let (taken, hasTaken) = AsyncStream.makeStream(of: Void.self)
        let late = ForeignWatching(
            watch: { lock, didClose in
                let number = asked.withLock { asked in
                    asked += 1
                    return asked
                }
                if number < 4 { throw StoreError(.storage("too many open files")) }
                defer { hasTaken.yield() }
                return try FolderWatch(folder: lock.folder, name: lock.name, didClose)
            }, interval: .milliseconds(5))
        try await Self.run(late) { store, observed in
            let first = try store.observe(Query(), in: "other")
            #expect(await first.next() != nil)
            var times = taken.makeAsyncIterator()
            await times.next()
            try await Self.observe(store, observed)
            #expect(asked.withLock { $0 } == 4)
            first.observation.end()
        }
    }

    @Test("Looking ends with the last observer")
    func lookingEndsLast() async throws {
        let asked = Mutex(0)
        let none = ForeignWatching(
            watch: { _, _ in
                asked.withLock { $0 += 1 }
                throw StoreError(.storage("too many open files"))
            }, interval: .milliseconds(1))
        weak var looks: AnyObject?
        do {
            let watching = none.begin(ChangeFeed.Lock(folder: "/", name: "none")) {}
            looks = watching as AnyObject
            #expect(looks != nil && asked.withLock { $0 } > 0)
            watching.stop()
        }
        // The timer's handler may hold it for the rest of a tick.
        while looks != nil { await Task.yield() }
    }
}
