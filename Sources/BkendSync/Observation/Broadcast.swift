import Synchronization

/// Tells values to any number of listeners.
package final class Broadcast<Value: Equatable & Sendable>: Sendable {
    private struct State {
        var latest: Value?
        var listeners: [Int: AsyncStream<Value>.Continuation] = [:]
        var last = 0
        var isClosed = false
    }
    private let state: Mutex<State>
    /// Held while listeners are told, so that of two values the later one comes last. Not `state`'s lock: to wake a task
    /// waits for whoever cancels it, and cancelling calls `remove`.
    private let telling = Mutex(())
    private let buffering: AsyncStream<Value>.Continuation.BufferingPolicy
    /// Whether a state is told, and not events.
    private let isState: Bool

    /// Tells events. A listener that falls so many behind misses the oldest.
    package init(buffering count: Int) {
        buffering = .bufferingNewest(count)
        isState = false
        state = Mutex(State())
    }

    /// Tells a state: a listener hears the present one and each that differs from the one before; a slow one the newest.
    ///
    /// - Parameter value: the state; nil where there is none yet.
    package init(startingWith value: Value?) {
        buffering = .bufferingNewest(1)
        isState = true
        state = Mutex(State(latest: value))
    }

    /// The present state; nil where there is none yet, or events are told.
    package var latest: Value? { state.withLock { $0.latest } }

    /// What is told from now on. It ends when the broadcast is closed.
    package func stream() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream<Value>.makeStream(bufferingPolicy: buffering)
        let number = state.withLock { state -> Int? in
            if let latest = state.latest { continuation.yield(latest) }
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

    /// Tells every listener.
    package func tell(_ value: Value) {
        telling.withLock { _ in
            let listeners = state.withLock { state -> [AsyncStream<Value>.Continuation] in
                if isState {
                    guard state.latest != value else { return [] }
                    state.latest = value
                }
                return Array(state.listeners.values)
            }
            for listener in listeners { listener.yield(value) }
        }
    }

    /// Ends every stream, and those that are asked for later at once.
    package func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        // Ending a stream calls back to remove it.
        for listener in listeners { listener.finish() }
    }

    private func remove(_ number: Int) { state.withLock { $0.listeners[number] = nil } }
}
