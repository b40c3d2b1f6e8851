import BkendAccounts
import GRDB
import Synchronization

/// The one writer of a database: writes that wait at the same time share a transaction and its sync, each in a savepoint of
/// its own, so that one that fails leaves no trace and stops no other. None is answered before the sync.
///
/// Some errors of SQLite end the whole transaction, savepoints that were released included
/// (https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction), and so does a commit that fails. Then
/// nothing of the group counts, and each write runs again in a transaction of its own.
final class GroupWriter: Sendable {
    /// How much a group may hold. What it holds beyond one write, others wait for.
    struct Bounds: Sendable {
        /// How many writes.
        var writes = 32
        /// The bytes that they change, past which no other write joins them. Nor does a write of a client that has changed
        /// so much more than the others of late.
        var bytes = 1 << 20
        /// How long they may take together, past which no other write joins them.
        var time = Duration.milliseconds(10)
    }

    /// Whose turn it is, and what is to be done.
    private final class Job: Sendable {
        let share: QueueShare
        let asked: ContinuousClock.Instant
        /// Works in the transaction, and tells how many bytes it changed.
        let work: @Sendable (Database) throws -> Int
        private let hasHadTurn = Atomic(false)
        private let continuation = Mutex<CheckedContinuation<Void, any Error>?>(nil)

        init(
            _ share: QueueShare, asked: ContinuousClock.Instant,
            work: @escaping @Sendable (Database) throws -> Int
        ) {
            self.share = share
            self.asked = asked
            self.work = work
        }

        func wait(_ continuation: CheckedContinuation<Void, any Error>) {
            self.continuation.withLock { $0 = continuation }
        }

        /// Whether this is its first turn.
        func takeTurn() -> Bool { !hasHadTurn.exchange(true, ordering: .relaxed) }

        func finish(_ error: (any Error)? = nil) {
            let continuation = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            if let error { continuation?.resume(throwing: error) } else { continuation?.resume() }
        }
    }

    private struct State {
        var waiting = WriteLine<Job>()
        /// Those of a group that came to nothing: each runs by itself.
        var again: [Job] = []
        var isAtWork = false
    }

    private let state = Mutex(State())
    private let pool: DatabasePool
    private let bounds: Bounds
    private let around: @Sendable (Database, () throws -> Void) throws -> Void
    private let events: @Sendable (QueueEvent) -> Void
    private let report: @Sendable (Int) -> Void

    /// The writer of a database. Nobody else writes to it through the pool but in between.
    ///
    /// - Parameters:
    ///   - around: what holds around each transaction: a lock, room on the disk.
    ///   - events: told which writes had their turn, and which were abandoned before it.
    ///   - report: told how many writes each transaction had that changed something.
    init(
        _ pool: DatabasePool, bounds: Bounds = Bounds(),
        around: @escaping @Sendable (Database, () throws -> Void) throws -> Void = { try $1() },
        events: @escaping @Sendable (QueueEvent) -> Void = { _ in },
        report: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.pool = pool
        self.bounds = bounds
        self.around = around
        self.events = events
        self.report = report
    }

    /// How many writes wait for the next transaction.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Writes; when this returns, the change is on disk. What has begun isn't given up.
    ///
    /// - Parameters:
    ///   - share: whose write it is: clients take turns within a group.
    ///   - departure: the client, before whose turn the write isn't made.
    ///   - asked: since when it has waited.
    ///   - body: runs again, in a transaction of its own, when its group came to nothing. Tells how many bytes it changed.
    /// - Throws: `ClientGone`, `CancellationError`, `DatabaseError`; what `body` throws.
    func write<Result: Sendable>(
        _ share: QueueShare, departure: Departure? = nil,
        since asked: ContinuousClock.Instant = .now,
        _ body: @escaping @Sendable (Database) throws -> (Result, bytes: Int)
    ) async throws -> Result {
        let outcome = Mutex<Swift.Result<Result, any Error>>(.failure(CancellationError()))
        let job = Job(share, asked: asked) { db in
            let (value, bytes) = try body(db)
            outcome.withLock { $0 = .success(value) }
            return bytes
        }
        let watch = departure?.watch { [self] in giveUp(job, ClientGone()) }
        defer { if let watch { departure?.forget(watch) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                job.wait(continuation)
                let leads = state.withLock { state in
                    state.waiting.arrive(job, of: share)
                    defer { state.isAtWork = true }
                    return !state.isAtWork
                }
                if leads { work() }
                // Both may have come before there was anything to give up. Who finds the writer free has begun, whether the
                // client is still there or not.
                if !leads, departure?.isPast == true { giveUp(job, ClientGone()) }
                if Task.isCancelled { giveUp(job, CancellationError()) }
            }
        } onCancel: {
            giveUp(job, CancellationError())
        }
        return try outcome.withLock { $0 }.get()
    }

    /// Takes a write that hasn't begun out of the line.
    private func giveUp(_ job: Job, _ error: any Error) {
        guard state.withLock({ $0.waiting.remove { $0 === job } }) else { return }
        events(.abandoned)
        job.finish(error)
    }

    /// Runs group after group on the pool's writer, and lets in between in who else waits for it.
    private func work() {
        pool.asyncWriteWithoutTransaction { [self] db in
            run(in: db)
            let isLeft = state.withLock { state in
                state.isAtWork = !(state.waiting.isEmpty && state.again.isEmpty)
                return state.isAtWork
            }
            if isLeft { work() }
        }
    }

    private func run(in db: Database) {
        var group: [(job: Job, error: (any Error)?)] = []
        do {
            try around(db) {
                try db.inTransaction(.immediate) {
                    try fill(&group, in: db)
                    return .commit
                }
            }
        } catch {
            // Nothing of it is committed.
            if group.count > 1 { return state.withLock { $0.again += group.map(\.job) } }
            return (group.first?.job ?? first()?.job)?.finish(error) ?? ()
        }
        let written = group.count { $0.error == nil }
        if written > 0 { report(written) }
        for (job, error) in group { job.finish(error) }
    }

    /// Runs writes one after the other, until a bound is reached or none waits.
    private func fill(_ group: inout [(job: Job, error: (any Error)?)], in db: Database) throws {
        let start = ContinuousClock.now
        guard let (first, isAlone) = first() else { return }
        group.append((first, nil))
        if isAlone {
            var changed = 0
            defer { count(changed, for: first) }
            changed = try first.work(db)
            return
        }
        // As far as the smallest writes of one client may come.
        let most =
            state.withLock { $0.waiting.position } + max(bounds.bytes, bounds.writes * WriteLine<Job>.least)
        var bytes = 0
        var job = first
        while true {
            switch try Self.undoable(db, { try job.work(db) }) {
            case .success(let changed):
                bytes += changed
                count(changed, for: job)
            case .failure(let error):
                group[group.count - 1].error = error
                count(0, for: job)
            }
            guard group.count < bounds.writes, bytes < bounds.bytes, start.duration(to: .now) < bounds.time,
                let next = another(upTo: most)
            else { return }
            group.append((next, nil))
            job = next
        }
    }

    private func count(_ bytes: Int, for job: Job) { state.withLock { $0.waiting.count(bytes, for: job.share) } }

    /// Runs work in a savepoint: what fails leaves no trace. Not in GRDB's `inSavepoint`, which doesn't tell when a rollback
    /// to it fails; what is left then must not be committed.
    ///
    /// - Throws: when the transaction has ended, or must.
    private static func undoable(_ db: Database, _ work: () throws -> Int) throws -> Result<Int, any Error> {
        try db.execute(sql: "SAVEPOINT grouped")
        do {
            let bytes = try work()
            try db.execute(sql: "RELEASE grouped")
            return .success(bytes)
        } catch {
            guard db.isInsideTransaction else { throw error }
            try db.execute(sql: "ROLLBACK TO grouped")
            try db.execute(sql: "RELEASE grouped")
            return .failure(error)
        }
    }

    /// Takes the write out of the line that begins the next transaction, and tells whether it has that for itself.
    private func first() -> (job: Job, isAlone: Bool)? {
        let first = state.withLock { state -> (job: Job, isAlone: Bool)? in
            if !state.again.isEmpty { return (state.again.removeFirst(), true) }
            return state.waiting.next().map { ($0, state.waiting.isEmpty) }
        }
        if let first { hasTurn(first.job) }
        return first
    }

    /// Takes a write out of the line that joins the transaction, if there is one that may.
    private func another(upTo most: Int) -> Job? {
        let job = state.withLock { $0.again.isEmpty ? $0.waiting.next(upTo: most) : nil }
        if let job { hasTurn(job) }
        return job
    }

    private func hasTurn(_ job: Job) {
        if job.takeTurn() { events(.admitted(after: job.asked.duration(to: .now))) }
    }
}
