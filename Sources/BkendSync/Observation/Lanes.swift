import Dispatch
import Synchronization

/// Runs jobs that block, on at most so many threads at once; the others wait without holding one.
final class Lanes: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let limit: Int

    init(_ label: String, limit: Int) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
        self.limit = limit
    }

    func run(_ job: @escaping @Sendable () -> Void) {
        let mayStart = state.withLock { state in
            if state.running == limit {
                state.waiting.append(job)
                return false
            }
            state.running += 1
            return true
        }
        guard mayStart else { return }
        queue.async { [self] in
            var next: (@Sendable () -> Void)? = job
            while let job = next {
                job()
                next = takeNext()
            }
        }
    }

    /// Runs a job when no other one runs; those that come later wait for it.
    func whenIdle(_ job: @escaping @Sendable () -> Void) { queue.async(flags: .barrier, execute: job) }

    private func takeNext() -> (@Sendable () -> Void)? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
