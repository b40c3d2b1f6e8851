import BkendStorage
import BkendWire
import GRDB

/// SQL alone on one connection to a SQLite database: a snapshot, or the transaction of the one writer.
package final class SQLiteSession: SQLiteConnection {
    package let db: Database
    private let clock: () -> Timestamp
    /// The time, as it was when it was first asked for.
    package private(set) lazy var now = clock()

    /// A session in the transaction that a connection is in.
    package init(_ db: Database, clock: @escaping () -> Timestamp) {
        self.db = db
        self.clock = clock
    }
}
