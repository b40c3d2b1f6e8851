import Synchronization

/// Keeps a session as long as the process runs. Clients with the same store share the signed-in user.
package final class InMemorySessionStore: SessionStore {
    private let session = Mutex<Session?>(nil)
    private let turns = Turns()

    /// Creates a store in which nobody is signed in.
    package init() {}

    /// The session.
    package func load() async -> Session? { session.withLock { $0 } }

    /// Replaces the session.
    package func save(_ session: Session?) async { self.session.withLock { $0 = session } }

    /// Runs `body` exclusively, after earlier calls have finished.
    package func exclusively<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        await turns.take()
        defer { turns.pass() }
        return try await body()
    }
}

/// One after the other, in the order of arrival, without holding a thread.
private final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isTaken {
                    state.waiting.append(continuation)
                    return false
                }
                state.isTaken = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func pass() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
