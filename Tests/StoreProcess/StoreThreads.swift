import BkendSync
import BkendWire
import Foundation
import Synchronization

/// Holds up what waits for a disk or another process, as often as the processor has cores, and tells whether other tasks
/// go on meanwhile: `go on` or `stand still`. A process of its own, whose threads nobody else is at.
enum StoreThreads {
    private static let cores = ProcessInfo.processInfo.activeProcessorCount

    static func run(_ folder: String) async throws {
        try await transactions()
        try await closing(folder)
    }

    /// Whether as many tasks as there are cores come to their end before the gate opens.
    private static func tell(_ gate: Gate) async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<cores {
                group.addTask { for _ in 0..<1_000 { await Task.yield() } }
            }
        }
        try StoreProcess.tell(gate.isOpen ? "stand still\n" : "go on\n")
        gate.open()
    }

    /// The transactions of engines.
    private static func transactions() async throws {
        let gate = Gate()
        var rules = SyncRules()
        rules.maySend = { _, _, _ in
            gate.pass()
            return true
        }
        var engines: [SyncEngine<ContinuousClock>] = []
        for _ in 0..<cores {
            let store = try StoreDatabase.inMemory()
            try store.write { try $0.setMeta("owner", "ann") }
            let engine = SyncEngine(
                store: store, configuration: SyncConfiguration(server: "test"), sender: Unreachable(),
                clock: ContinuousClock(), rules: rules, seed: 1)
            try await engine.start(user: "ann")
            _ = try store.write { try $0.writes.create("notes", ["title": "a"]) }
            engines.append(engine)
        }
        gate.watch()
        for engine in engines { Task { await engine.noteLocalWrite() } }
        await gate.arrived(cores)
        try await tell(gate)
        for engine in engines { await engine.stop() }
    }

    /// The closing of stores, each of which another process is writing to.
    private static func closing(_ folder: String) async throws {
        let gate = Gate()
        var stores: [OpenStore] = []
        for number in 0..<cores {
            let store = try await OpenStore.open(root: folder, name: "store\(number)", owner: "ann", server: "test")
            guard let leader = store.leaderLockPath else { throw StoreProcess.Failure(what: "no lock") }
            let lock = leader.replacing("leader.lock", with: "store.sqlite.lock")
            Thread.detachNewThread {
                let descriptor = open(lock, O_RDWR | O_CLOEXEC)
                if flock(descriptor, LOCK_EX) == 0 { gate.pass() }
                close(descriptor)
            }
            stores.append(store)
        }
        await gate.arrived(cores)
        gate.watch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores { group.addTask { await store.close() } }
            group.addTask {
                // So that the others are at their closing first.
                for _ in 0..<1_000 { await Task.yield() }
                try await tell(gate)
            }
            try await group.waitForAll()
        }
    }
}

/// Where threads wait until they are let through; at the latest after a minute, for then the others stand still, and this
/// process must be able to say so.
private final class Gate: Sendable {
    private let condition = NSCondition()
    private let state = Mutex(false)
    private let (arrivals, arrival) = AsyncStream<Void>.makeStream()

    var isOpen: Bool { state.withLock { $0 } }

    /// Waits, on the caller's thread.
    func pass() {
        arrival.yield()
        condition.lock()
        while !isOpen { condition.wait() }
        condition.unlock()
    }

    func open() {
        condition.lock()
        state.withLock { $0 = true }
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until so many wait.
    func arrived(_ count: Int) async {
        var left = count
        for await _ in arrivals {
            left -= 1
            if left == 0 { return }
        }
    }

    func watch() {
        Thread.detachNewThread { [self] in
            let end = Date(timeIntervalSinceNow: 60)
            condition.lock()
            while !isOpen, condition.wait(until: end) {}
            condition.unlock()
            open()
        }
    }
}

private struct Unreachable: SyncSender {
    func send(_ request: SyncRequest) async -> SyncResponse { .notSent(SyncFailure(.unreachable)) }
    func refresh() async -> SessionOutcome { .unreachable }
}
