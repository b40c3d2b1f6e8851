import Synchronization

/// A change of a client's session, as that client made or met it.
public enum SessionChange: Hashable, Sendable {
    /// A user has signed in or up.
    case signedIn(userID: String)
    /// The tokens were replaced by new ones.
    case refreshed(userID: String)
    /// The session is over, without the user's doing: it expired, was ended elsewhere, or the answer to a refresh was
    /// lost. Calls are refused until someone signs in, or out.
    case ended(userID: String)
    /// The user has signed out, changed the password, or withdrawn: calls are a guest's now.
    case signedOut
}

/// Tells any number of listeners.
final class SessionChanges: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<SessionChange>.Continuation] = [:]
        var last = 0
        var isClosed = false
    }
    private let state = Mutex(State())

    /// The changes from now on. A listener that falls behind misses the oldest.
    func stream() -> AsyncStream<SessionChange> {
        let (stream, continuation) = AsyncStream<SessionChange>.makeStream(bufferingPolicy: .bufferingNewest(64))
        let number = state.withLock { state -> Int? in
            if state.isClosed { return nil }
            state.last += 1
            state.listeners[state.last] = continuation
            return state.last
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    func tell(_ change: SessionChange) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(change) }
    }

    func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }

    private func remove(_ number: Int) { state.withLock { $0.listeners[number] = nil } }
}
