import Foundation

/// The stores that this process has open, by path.
///
/// The one piece of global state here, because the rule is the process's: SQLite's locks belong to the process, and
/// closing a second descriptor of a file drops the first one's. So a second opening of a path gets the same store.
final class StoreRegistry: @unchecked Sendable {  // Everything is read and written under the condition's lock.
    static let shared = StoreRegistry()

    private struct Slot {
        weak var store: StoreDatabase?
    }

    private let condition = NSCondition()
    private var slots: [String: Slot] = [:]

    /// The store at a path: the one that is open, or what `open` makes. Waits for one that is just closing.
    func store(at path: String, open: () throws -> StoreDatabase) throws -> StoreDatabase {
        condition.lock()
        defer { condition.unlock() }
        while let slot = slots[path] {
            if let store = slot.store { return store }
            condition.wait()
        }
        let store = try open()
        slots[path] = Slot(store: store)
        store.noteRegistration()
        return store
    }

    /// Runs the closing of the store at a path, then lets others open it.
    func close(_ path: String, _ body: () -> Void) {
        condition.lock()
        defer { condition.unlock() }
        body()
        slots[path] = nil
        condition.broadcast()
    }
}
