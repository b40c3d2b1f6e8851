import BkendAccounts
import BkendDocuments
import BkendStorage
import GRDB

// The one place that decides on which thread a read runs: see `ReadAttempt`.

extension SQLiteEngine {
    /// How far slow reads stand back behind short ones and writes, when all processors are busy.
    private static let niceness: Int32 = 10
    /// How long a query may hold its caller's thread.
    private static let moment = Duration.milliseconds(2)

    /// Reads at once, on the caller's thread: what takes microseconds, and what a command reads.
    func readNow<Result>(_ body: (any StorageSession) throws -> Result) throws -> Result {
        try StorageFailure.mapping { try quickly { try body($0) } }
    }

    /// On its caller's thread SQLite is done with a look-up in a moment, so that only what is done with the records may
    /// take longer: `body` announces that. In a query SQLite asks every few rows whether the moment is over; `body`
    /// announces what can't be interrupted so.
    func read<Result: Sendable>(
        _ kind: ReadKind, check: StorageCheck?, limit: Duration,
        _ body: @escaping @Sendable (any StorageSession, ReadAttempt) throws -> Result
    ) async throws -> Result {
        do {
            do {
                return try quickly { session in
                    try check?.run(in: session)
                    switch kind {
                    case .lookUp: return try body(session, .onCallersThread)
                    case .query:
                        return try session.db.withDeadline(QueryDeadline(after: min(limit, Self.moment))) {
                            try body(session, .onCallersThread)
                        }
                    }
                }
            } catch is NeedsThread {
            } catch is QueryTimedOut where limit > Self.moment {
            }
            return try await slowRead(check: check, limit: limit, body)
        } catch let error as DatabaseError { throw Self.failure(error) }
    }

    func work<Result: Sendable>(
        _ work: ReadAttempt.Work, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        work.isLong ? try await slowly(body) : try body()
    }

    private func quickly<Result>(_ body: (SQLiteStorageSession) throws -> Result) throws -> Result {
        try quickReaders.read { db, seen in
            try body(SQLiteStorageSession(db, of: self, catalog: TableCatalog(in: db, cache: cache, seen: seen)))
        }
    }

    /// Reads on a thread of its own, where the read ends when its client goes.
    private func slowRead<Result: Sendable>(
        check: StorageCheck?, limit: Duration,
        _ body: @escaping @Sendable (any StorageSession, ReadAttempt) throws -> Result
    ) async throws -> Result {
        let departure = Requester.current.departure()
        return try await slowly { [pool] in
            try pool.read { db in
                let session = SQLiteStorageSession(db, of: self, catalog: TableCatalog(in: db, cache: self.cache))
                try check?.run(in: session)
                let deadline = QueryDeadline(after: limit, isAbandoned: { departure?.isPast ?? false })
                return try db.withDeadline(deadline) { try body(session, .untimed) }
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
