import Synchronization

/// Hands the newest of many values to one reader, who waits for it without holding a thread. What it was too slow to
/// take is merged into what came after.
package final class Newest<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiter: CheckedContinuation<Value?, Never>?
        var isFinished = false
        var isCancelled = false
    }
    private let state = Mutex(State())
    private let merge: @Sendable (_ untaken: Value, _ newer: Value) -> Value

    /// - Parameter merge: makes one value of one that wasn't taken and the one after it; the newer unless said otherwise.
    package init(merge: @escaping @Sendable (_ untaken: Value, _ newer: Value) -> Value = { $1 }) {
        self.merge = merge
    }

    /// Puts a value where the reader finds it.
    package func put(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            if state.isFinished { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.value = state.value.map { merge($0, value) } ?? value
            return nil
        }
        waiter?.resume(returning: value)
    }

    /// No value comes any more, nor is one that wasn't taken given out.
    package func finish() {
        let waiter = state.withLock { state in
            state.isFinished = true
            state.value = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    /// The newest value that wasn't taken yet; waits for one. Nil at the end, and when the task is cancelled.
    package func next() async -> Value? {
        state.withLock { $0.isCancelled = false }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Whoever waited before has been replaced: one reader at a time.
                let (ready, value, former) = state.withLock {
                    state -> (Bool, Value?, CheckedContinuation<Value?, Never>?) in
                    let former = state.waiter
                    state.waiter = nil
                    if state.isFinished || state.isCancelled { return (true, nil, former) }
                    if let value = state.value {
                        state.value = nil
                        return (true, value, former)
                    }
                    state.waiter = continuation
                    return (false, nil, former)
                }
                former?.resume(returning: nil)
                if ready { continuation.resume(returning: value) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.isCancelled = true
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: nil)
        }
    }
}
