import Synchronization

/// Tells whoever wants to know that this process has committed a transaction.
package final class CommitSignal: Sendable {
    private struct State {
        var listeners: [Int: @Sendable () -> Void] = [:]
        var last = 0
    }
    private let state = Mutex(State())

    /// Calls `listener` after each commit, on the thread that committed; it must return at once.
    package func add(_ listener: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.listeners[state.last] = listener
            return state.last
        }
    }

    /// Stops calling the listener of that number.
    package func remove(_ number: Int) { state.withLock { $0.listeners[number] = nil } }

    func signal() {
        let listeners = state.withLock { $0.listeners.isEmpty ? [] : Array($0.listeners.values) }
        for listener in listeners { listener() }
    }
}
