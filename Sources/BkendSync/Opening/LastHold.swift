import Dispatch
import Synchronization

/// What a handle held of the core: perhaps the last there is, and then letting go of it closes the database, which waits
/// for the disk and for other processes. Whoever closes or drops a handle must not: the core goes on the store's own
/// queues.
final class LastHold: Sendable {
    private let core: Mutex<StoreCore?>
    private let writes: DispatchQueue
    private let reads: Lanes
    private let looks: DispatchQueue

    init(_ core: StoreCore) {
        writes = core.writes
        reads = core.reads
        looks = core.feed.queue
        self.core = Mutex(core)
    }

    /// Ends the handle's observations.
    func remove(_ observers: Set<Int>) {
        core.withLock { core in for number in observers { core?.feed.remove(number) } }
    }

    /// Waits for what is under way, then lets go; `done` is called when the database is closed, if this was the last.
    func end(_ done: @escaping @Sendable () -> Void) {
        writes.async { [self] in
            reads.whenIdle { [self] in
                // A look of the feed holds the database too.
                looks.async { [self] in
                    core.withLock { $0 = nil }
                    done()
                }
            }
        }
    }
}
