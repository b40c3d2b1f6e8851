/// An HTTP client under measurement.
protocol Client: Sendable {
    var name: String { get }

    /// Gets the target's body so many times, so many at a time, and checks each.
    func get(_ requests: Int, inFlight: Int) async throws

    /// Lets go of connections and threads.
    func close() async throws
}

/// A client that gets one body in one call; several at a time are several tasks.
protocol TaskClient: Client {
    func getOnce() async throws
}

extension TaskClient {
    func get(_ requests: Int, inFlight: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    for _ in 0..<(requests / inFlight) { try await getOnce() }
                }
            }
            try await group.waitForAll()
        }
    }
}
