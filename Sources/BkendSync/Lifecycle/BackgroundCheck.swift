import Dispatch
import Synchronization

/// A check that runs behind what the app does, and that the store's closing ends: what it holds open would look like
/// another process's to the next opening.
final class BackgroundCheck: Sendable {
    private enum State {
        case waiting, running, over
    }
    private let state = Mutex(State.waiting)
    private let running = DispatchGroup()

    /// Runs the check soon, unless it is ended before; its end is told afterwards.
    func start<Outcome: Sendable>(
        _ check: @escaping @Sendable () -> Outcome, then end: @escaping @Sendable (Outcome) -> Void
    ) {
        DispatchQueue.global(qos: .utility).async { [self] in
            let mayRun = state.withLock { state in
                guard case .waiting = state else { return false }
                state = .running
                running.enter()
                return true
            }
            guard mayRun else { return }
            let outcome = check()
            state.withLock { $0 = .over }
            // Before the end is told: whoever is told may be the last to hold the store, and its closing waits here.
            running.leave()
            end(outcome)
        }
    }

    /// Ends the check, and returns when nothing of it runs any more.
    ///
    /// - Parameter interrupt: makes a running one fail; called again where it came too early.
    func stop(_ interrupt: () -> Void) {
        let isRunning = state.withLock { state in
            defer { state = .over }
            if case .running = state { return true }
            return false
        }
        guard isRunning else { return }
        repeat { interrupt() } while running.wait(timeout: .now() + .milliseconds(20)) == .timedOut
    }
}
