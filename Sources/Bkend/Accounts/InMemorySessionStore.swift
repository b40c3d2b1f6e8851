import Synchronization

/// A session that lasts as long as the process. Clients that are given the same store share the user.
public final class InMemorySessionStore: SessionStore {
    private let session = Mutex<Session?>(nil)
    private let turns = Turns()

    /// A store in which nobody is signed in.
    public init() {}

    /// The session.
    public func load() async -> Session? { session.withLock { $0 } }

    /// Replaces the session.
    public func save(_ session: Session?) async { self.session.withLock { $0 = session } }

    /// Runs `body` when it is its turn.
    public func exclusively<Result: Sendable>(
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
