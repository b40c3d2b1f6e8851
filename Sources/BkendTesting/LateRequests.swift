import Synchronization

/// Requests that reach the server although nobody waits for their answers any longer.
final class LateRequests: Sendable {
    private struct State {
        var tasks: [Task<Void, Never>] = []
        var waits: [Task<Void, any Error>] = []
    }
    private let state = Mutex(State())

    /// Sends a request after a wait.
    func run(after duration: Duration, on clock: any Clock<Duration>, _ body: @escaping @Sendable () async -> Void) {
        let wait = Task { try await clock.sleep(for: duration) }
        let task = Task {
            _ = await wait.result
            await body()
        }
        state.withLock { state in
            state.waits.append(wait)
            state.tasks.append(task)
        }
    }

    /// Ends the waits: nobody moves the clock any more. What waited is sent at once.
    func hurry() {
        for wait in state.withLock({ $0.waits }) { wait.cancel() }
    }

    /// Returns when all that were begun have ended, also those that begin meanwhile.
    func finished() async {
        while true {
            let tasks = state.withLock { state in
                if state.tasks.isEmpty { state.waits = [] }
                defer { state.tasks = [] }
                return state.tasks
            }
            if tasks.isEmpty { return }
            for task in tasks { await task.value }
        }
    }
}
