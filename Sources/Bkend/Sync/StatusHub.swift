import BkendSync
import Synchronization

/// The newest status, and those who listen for others.
final class StatusHub: Sendable {
    private struct State {
        var status = SyncStatus()
        var listeners: [Int: AsyncStream<SyncStatus>.Continuation] = [:]
        var last = 0
        var isClosed = false
    }
    private let state = Mutex(State())

    var status: SyncStatus { state.withLock { $0.status } }

    /// The status now, and each one that differs; a slow reader gets the newest.
    func stream() -> AsyncStream<SyncStatus> {
        let (stream, continuation) = AsyncStream<SyncStatus>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            continuation.yield(state.status)
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

    func tell(_ status: SyncStatus) {
        // Under the lock, so that of two statuses the later one comes last.
        state.withLock { state in
            guard state.status != status else { return }
            state.status = status
            for listener in state.listeners.values { listener.yield(status) }
        }
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
