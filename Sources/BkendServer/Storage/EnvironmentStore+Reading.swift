import BkendAccounts
import BkendDocuments
import BkendWire
import GRDB

// The one place that decides on which thread a read runs.
//
// Most reads are done sooner than a change of threads would be, so each runs on its caller's thread first. That is a
// thread of the concurrency pool, which others wait for: it may be held for a moment only. A read that takes longer, or
// expects to, is given up there and runs again on a thread of its own, in the line of slow reads.

/// One attempt at a read.
struct ReadAttempt: Sendable {
    /// Work that nothing interrupts once it has begun.
    enum Work: Sendable {
        /// Parsing a request's body, and checking what it holds.
        case body(bytes: Int)
        /// Parsing a query string.
        case query(bytes: Int)
        /// Parsing a stored record.
        case record(bytes: Int)
        /// Writing a page of records.
        case page(bytes: Int)
        /// Matching patterns, which end at a limit of their own.
        case patterns

        /// Whether it may take more than a moment: some milliseconds.
        var isLong: Bool {
            switch self {
            case .body(let bytes): bytes > 16 << 10
            case .query(let bytes): bytes > 4 << 10
            case .record(let bytes): bytes > 64 << 10
            case .page(let bytes): bytes > 1 << 20
            case .patterns: true
            }
        }
    }

    private let isOnCallersThread: Bool

    /// Where nobody waits for the thread: among the slow reads, and in a write.
    static let untimed = ReadAttempt(isOnCallersThread: false)
    fileprivate static let first = ReadAttempt(isOnCallersThread: true)

    /// Announces work that comes next. On the caller's thread what is long ends the attempt by an error, which is to be
    /// passed on; the read begins again elsewhere.
    func expect(_ work: Work) throws {
        if isOnCallersThread, work.isLong { throw NeedsThread() }
    }

    /// The patterns of a request, with as much time as there is.
    func patterns() -> RequestPatterns {
        isOnCallersThread ? RequestPatterns(within: .milliseconds(10)) : RequestPatterns()
    }
}

/// Ends an attempt on the caller's thread.
private struct NeedsThread: Error {}

extension EnvironmentStore {
    /// How far slow reads stand back behind short ones and writes, when all processors are busy.
    private static let niceness: Int32 = 10
    /// How long a query may hold its caller's thread.
    private static let moment = Duration.milliseconds(2)

    /// Reads at once, on the caller's thread: what takes microseconds, and what a command reads, which has nothing else
    /// to do meanwhile.
    func readNow<Result>(_ body: (Database, TableCatalog) throws -> Result) throws -> Result {
        try quickReaders.read { db, seen in try body(db, TableCatalog(in: db, cache: cache, seen: seen)) }
    }

    /// Reads what keys lead to, over one snapshot. SQLite is done with it in a moment, so that only what is done with the
    /// records may take longer: `body` announces that.
    ///
    /// - Parameter limit: the most time that it may take on a thread of its own.
    /// - Throws: `QueueRefused`, `ClientGone`, `QueryTimedOut`, `QueryAbandoned`; what `body` throws.
    func lookUp<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable (Database, TableCatalog, ReadAttempt) throws -> Result
    ) async throws -> Result {
        do { return try readNow { db, catalog in try body(db, catalog, .first) } } catch is NeedsThread {}
        return try await slowRead(limit: limit, body)
    }

    /// Runs a query over one snapshot, within a time limit. On its caller's thread SQLite asks every few rows whether the
    /// moment is over; `body` announces what can't be interrupted so.
    ///
    /// - Throws: `QueueRefused`, `ClientGone`, `QueryTimedOut`, `QueryAbandoned`; what `body` throws.
    func query<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable (Database, TableCatalog, ReadAttempt) throws -> Result
    ) async throws -> Result {
        do {
            return try readNow { db, catalog in
                try db.withDeadline(QueryDeadline(after: min(limit, Self.moment))) { try body(db, catalog, .first) }
            }
        } catch is NeedsThread {
        } catch is QueryTimedOut where limit > Self.moment {
        }
        return try await slowRead(limit: limit, body)
    }

    /// Does work that reads nothing: on the caller's thread where it takes a moment, else in the line of slow reads.
    ///
    /// - Throws: `QueueRefused`, `ClientGone`; what `body` throws.
    func work<Result: Sendable>(
        _ work: ReadAttempt.Work, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        work.isLong ? try await slowly(body) : try body()
    }

    /// Reads on a thread of its own, where the read ends when its client goes.
    private func slowRead<Result: Sendable>(
        limit: Duration, _ body: @escaping @Sendable (Database, TableCatalog, ReadAttempt) throws -> Result
    ) async throws -> Result {
        let departure = Requester.current.departure()
        return try await slowly { [pool] in
            try pool.read { db in
                let catalog = TableCatalog(in: db, cache: self.cache)
                let deadline = QueryDeadline(after: limit, isAbandoned: { departure?.isPast ?? false })
                return try db.withDeadline(deadline) { try body(db, catalog, .untimed) }
            }
        }
    }

    /// Works in the line of slow reads: whoever asks for what takes milliseconds waits behind itself, and others don't.
    private func slowly<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await options.slowReads.pass(share, departure: Requester.current.departure()) {
            try await PatientThread.run(niceness: Self.niceness) { try work() }
        }
    }
}
