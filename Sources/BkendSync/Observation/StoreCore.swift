import Dispatch
import Synchronization

/// What all handles of one process on one store share: the database, the feed and the threads. The database closes when
/// the last of them is gone.
package final class StoreCore: Sendable {
    /// The store's database.
    package let database: StoreDatabase
    /// What observers are told by.
    package let feed: ChangeFeed
    let writes = DispatchQueue(label: "bkend.store.write")
    let reads = Lanes("bkend.store.read", limit: 4)

    /// - Parameter lock: the lock that writers in other processes hold; nil for a store in memory.
    package convenience init(_ database: StoreDatabase, lock: ChangeFeed.Lock? = nil) {
        self.init(database, lock: lock, foreign: .system)
    }

    init(_ database: StoreDatabase, lock: ChangeFeed.Lock?, foreign: ForeignWatching) {
        self.database = database
        feed = ChangeFeed(database, lock: lock, foreign: foreign)
    }

    private struct Known {
        weak var core: StoreCore?
    }
    private static let known = Mutex<[ObjectIdentifier: Known]>([:])

    /// The one core over a database, which this process has open once.
    static func shared(over database: StoreDatabase, lock: ChangeFeed.Lock) -> StoreCore {
        known.withLock { known in
            known = known.filter { $0.value.core != nil }
            let key = ObjectIdentifier(database)
            if let core = known[key]?.core, core.database === database { return core }
            let core = StoreCore(database, lock: lock)
            known[key] = Known(core: core)
            core.recallFileLimits()
            core.sweepFilesSoon()
            return core
        }
    }
}
