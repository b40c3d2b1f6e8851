import BkendAccounts
import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendServer

/// The log of an environment keeps to its bound while slow reads overlap without end.
@Suite struct LogBoundTests {
    /// A slow read that stays in its snapshot until it is told to go.
    private final class SlowRead: Sendable {
        let task: Task<Void, any Error>
        private let gate = DispatchSemaphore(value: 0)
        private let begun: AsyncStream<Void>

        init(_ store: SQLiteEngine) {
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            self.begun = begun
            let gate = gate
            task = Task {
                try await store.read(.query, check: nil, limit: .seconds(600)) { session, attempt in
                    try attempt.expect(.patterns)
                    _ = try session.count("SELECT count(*) FROM bkend_collections")
                    begin.finish()
                    gate.wait()
                }
            }
        }

        func hasBegun() async { for await _ in begun {} }

        func end() async throws {
            gate.signal()
            try await task.value
        }
    }

    private static func withStore(
        _ change: (inout StoreOptions) -> Void, _ body: (SQLiteEngine) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            var options = StoreOptions()
            change(&options)
            let name = try EnvironmentName(project: "p", environment: "dev")
            let store = try SQLiteEngine(path: folder + "/dev.sqlite", name: name, options: options)
            try store.writeNow(locking: []) { try $0.script("CREATE TABLE t (a)") }
            try await body(store)
            try store.pool.close()
        }
    }

    private static func write(_ store: SQLiteEngine, bytes: Int = 20_000) async throws {
        try await store.write(locking: [], check: nil) { session in
            _ = try session.execute("INSERT INTO t VALUES (zeroblob(?))", bytes)
        }
    }

    private static func frames(_ store: SQLiteEngine) async throws -> Int {
        try await store.pool.writeWithoutTransaction { db in try db.checkpoint(.passive).walFrameCount }
    }

    @Test("Slow reads that would hand the log from one to the next wait until it is begun anew")
    func overlappingReads() async throws {
        try await Self.withStore {
            $0.logBytes = 200_000
        } _: { store in
            var reader = SlowRead(store)
            await reader.hasBegun()
            for round in 1...6 {
                // The bound is passed under the first read: the next one has to wait for the log, not only for a place.
                while DocumentStorage.logBytes(ofDatabase: store.path) <= 200_000 { try await Self.write(store) }
                let before = try await Self.frames(store)
                while !store.logWork.withLock({ $0.isUnderWay }) { try await Self.write(store) }
                let next = SlowRead(store)
                while store.options.slowReads.waiting == 0 { await Task.yield() }
                try await Self.write(store)
                try await reader.end()
                await next.hasBegun()
                try await Self.write(store)
                let after = try await Self.frames(store)
                #expect(after < 20 && after < before, "round \(round): \(before), \(after)")
                reader = next
            }
            try await reader.end()
        }
    }

    @Test("Where something else holds the log, a backup, slow reads don't wait for it again and again")
    func foreignReader() async throws {
        try await Self.withStore {
            $0.logBytes = 200_000
        } _: { store in
            let backup = try DocumentStorage.openReader(path: store.path)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            async let holder: Void = blocking {
                try backup.read { db in
                    _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM t")
                    begin.finish()
                    gate.wait()
                }
            }
            for await _ in begun {}
            let start = ContinuousClock.now
            while store.logWork.withLock({ $0.failures }) == 0 { try await Self.write(store) }
            let reader = SlowRead(store)
            await reader.hasBegun()
            try await reader.end()
            for _ in 0..<20 { try await Self.write(store) }
            // A busy machine may take longer than the 10 seconds between two attempts.
            let attempts = 1 + Int(start.duration(to: .now) / .seconds(10))
            #expect((1...attempts).contains(store.logWork.withLock { $0.failures }))
            gate.signal()
            try await holder
            try backup.close()
        }
    }

    @Test("The limit on the size covers the log: past it writes fail and change nothing, and go on afterwards")
    func size() async throws {
        let maximum = 1 << 20
        try await Self.withStore {
            $0.maximumBytes = maximum
        } _: { store in
            func bytes() throws -> Int {
                let file = try FileManager.default.attributesOfItem(atPath: store.path)[.size] as? Int
                return (file ?? 0) + DocumentStorage.logBytes(ofDatabase: store.path)
            }
            let reader = SlowRead(store)
            await reader.hasBegun()
            var written = 0
            // Rows that replace each other: the database stays small, only its log grows.
            await #expect(throws: DatabaseSizeReached(maximumBytes: maximum)) {
                for _ in 0..<1_000 {
                    try await store.write(locking: [], check: nil) { session in
                        try session.execute("DELETE FROM t")
                        try session.execute("INSERT INTO t VALUES (zeroblob(20000))")
                        try session.execute("UPDATE t SET a = zeroblob(20001)")
                    }
                    written += 1
                }
            }
            #expect(written > 10)
            #expect(try bytes() < maximum + 100_000)
            #expect(try store.readNow { try $0.count("SELECT count(*) FROM t") } == 1)
            try await reader.end()
            while store.logWork.withLock({ $0.isUnderWay }) { await Task.yield() }
            for _ in 0..<20 { try await Self.write(store, bytes: 1_000) }
            #expect(try bytes() < maximum)
            // A full database: what grows fails, what shrinks goes on.
            await #expect(throws: (any Error).self) { for _ in 0..<100 { try await Self.write(store) } }
            #expect(try bytes() < maximum + 100_000)
            try await store.write(locking: [], check: nil) { session in _ = try session.execute("DELETE FROM t") }
            try await Self.write(store)
        }
    }
}
