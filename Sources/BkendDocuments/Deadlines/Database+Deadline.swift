import CSQLite
import GRDB

/// How long queries may take, and whether anyone still wants to know.
package struct QueryDeadline: Sendable {
    /// The limit, for the error's text.
    package let limit: Duration
    private let hasPassed: @Sendable () -> Bool
    private let isAbandoned: @Sendable () -> Bool

    /// A deadline that ends that much later than now, or as soon as nobody waits for the answer.
    ///
    /// - Parameter isAbandoned: asked every few rows, like the clock.
    package init<C: Clock>(
        after limit: Duration, clock: C = ContinuousClock(),
        isAbandoned: @escaping @Sendable () -> Bool = { false }
    ) where C.Duration == Duration {
        self.limit = limit
        self.isAbandoned = isAbandoned
        let end = clock.now.advanced(by: limit)
        hasPassed = { clock.now >= end }
    }

    /// The deadline under which queries run here, for what SQLite can't stop.
    @TaskLocal static var current: QueryDeadline?

    /// Whether to stop: the time is up, or nobody waits.
    package var isPast: Bool { isAbandoned() || hasPassed() }

    /// Why a query was stopped.
    package var failure: any Error { isAbandoned() ? QueryAbandoned() : QueryTimedOut(limit: limit) }
}

/// What the progress handler reads; the handler gets a pointer to it.
private final class DeadlineWatch {
    let deadline: QueryDeadline
    var didInterrupt = false

    init(_ deadline: QueryDeadline) { self.deadline = deadline }
}

extension Database {
    /// Runs queries under a deadline. SQLite itself asks every few rows whether the time is up and then stops the
    /// statement; before each text that a `$regex` is tried on, and during each match, it is asked as well, since one
    /// may take as long as many rows. The connection stays usable. Deadlines don't nest.
    ///
    /// - Throws: `QueryTimedOut` or `QueryAbandoned`, or what `body` throws.
    package func withDeadline<Result>(_ deadline: QueryDeadline, _ body: () throws -> Result) throws -> Result {
        let watch = DeadlineWatch(deadline)
        // A row costs a handful of steps, and trying one on a filter is a single step however long it takes.
        sqlite3_progress_handler(
            sqliteConnection, 64,
            { context in
                guard let context else { return 0 }
                let watch = Unmanaged<DeadlineWatch>.fromOpaque(context).takeUnretainedValue()
                guard watch.deadline.isPast else { return 0 }
                watch.didInterrupt = true
                return 1
            }, Unmanaged.passUnretained(watch).toOpaque())
        defer { withExtendedLifetime(watch) { sqlite3_progress_handler(sqliteConnection, 0, nil, nil) } }
        do {
            return try QueryDeadline.$current.withValue(deadline, operation: body)
        } catch let error as DatabaseError where watch.didInterrupt && error.resultCode == .SQLITE_INTERRUPT {
            throw deadline.failure
        }
    }
}
