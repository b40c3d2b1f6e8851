/// Ends what takes too long: nothing here sleeps in the hope that something has happened by then.
enum Deadline {
    /// Runs a body, and throws when it isn't done after 20 seconds.
    static func run<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: .seconds(20))
                throw ServerProcess.Failure(description: "20 seconds have passed without this: \(what)")
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
