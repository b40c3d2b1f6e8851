import Synchronization

/// Requests that reach the server although nobody waits for their answers any longer.
final class LateRequests: Sendable {
    private let tasks = Mutex<[Task<Void, Never>]>([])

    func run(_ body: @escaping @Sendable () async -> Void) {
        let task = Task { await body() }
        tasks.withLock { $0.append(task) }
    }

    /// Returns when all that were begun have ended.
    func finished() async {
        let tasks = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { await task.value }
    }
}
