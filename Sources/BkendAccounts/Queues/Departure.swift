import Synchronization

/// Whether a client is still there to be answered, for whoever works for it. It goes once, and for good.
package final class Departure: Sendable {
    private struct State {
        var watchers: [Int: @Sendable () -> Void] = [:]
        var last = 0
    }
    private let state = Mutex(State())
    private let gone = Atomic(false)

    /// Of a client that is there.
    package init() {}

    /// Of one that has gone.
    package static let past: Departure = {
        let departure = Departure()
        departure.happen()
        return departure
    }()

    /// Whether the client has gone. Cheap enough to be asked every few rows of a query.
    package var isPast: Bool { gone.load(ordering: .relaxed) }

    /// The client goes: everybody who watches is told.
    package func happen() {
        gone.store(true, ordering: .relaxed)
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            return state.watchers
        }
        for watcher in watchers.values { watcher() }
    }

    /// Calls `body` when the client goes, and at once when it has gone. The number is for `forget`.
    package func watch(_ body: @escaping @Sendable () -> Void) -> Int {
        let number = state.withLock { state -> Int in
            state.last += 1
            state.watchers[state.last] = body
            return state.last
        }
        // Looked at after the watcher is in: a departure meanwhile has either told it, or is seen here.
        if isPast, state.withLock({ $0.watchers.removeValue(forKey: number) }) != nil { body() }
        return number
    }

    /// Ends a watch.
    package func forget(_ number: Int) { state.withLock { _ = $0.watchers.removeValue(forKey: number) } }
}

/// The client left before its turn came, or before what it asked for was done.
package struct ClientGone: Error, Hashable, Sendable {
    /// An error without more to say.
    package init() {}
}
