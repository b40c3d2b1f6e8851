import BkendWire

/// The sync engine's decisions: an event in, effects out, everything durable in one transaction of the store between.
///
/// It knows no clock, no network and no thread; the actor `SyncEngine` and the simulator perform its effects. What it
/// holds in memory may be lost at any moment: after a crash, open the store, make a new one, and begin with
/// `sessionChanged` and `start`.
package final class EngineMachine {
    private let store: StoreDatabase
    private var configuration: SyncConfiguration
    private let rules: SyncRules
    private var state: EngineState
    /// Entries whose answers came while the store couldn't write, in order.
    private var orphans: [Int64] = []
    /// What the app said while the store couldn't write, in order.
    private var owed: [EngineEvent] = []
    private var failures = 0
    private var storeRetry: SyncInstant?

    /// An engine over a store; it does nothing until `start`.
    package init(
        store: StoreDatabase, configuration: SyncConfiguration, rules: SyncRules = SyncRules(), random: SyncRandom
    ) {
        self.store = store
        self.configuration = configuration
        self.rules = rules
        state = EngineState(random: random)
    }

    /// What conflicts come to from now on.
    package var policies: SyncPolicies {
        get { configuration.policies }
        set { configuration.policies = newValue }
    }

    /// What the engine does now.
    package var status: SyncStatus { state.status }

    /// Takes an event; the effects are to be performed in order.
    package func handle(_ event: EngineEvent, at now: SyncInstant) -> [EngineEffect] { handle([event], at: now) }

    /// Takes events in the order in which they happened, all in one transaction: either all of them are kept, or none.
    package func handle(_ events: [EngineEvent], at now: SyncInstant) -> [EngineEffect] {
        if let storeRetry, now < storeRetry, events.allSatisfy(isHopeless) { return note(events, at: now) }
        var next = state
        do {
            let effects = try store.write { transaction in
                let step = EngineStep(
                    transaction, state: next, now: now, configuration: configuration, rules: rules)
                try step.take(owed + events, orphans: orphans)
                next = step.state
                return step.effects
            }
            let healed = storeRetry != nil
            orphans = []
            owed = []
            failures = 0
            storeRetry = nil
            state = next
            return healed && !effects.contains(where: \.isStatus) ? effects + [.status(state.status)] : effects
        } catch let error as StoreError {
            if case .notLeader = error.reason { return deposed() }
            return failed(events, error.description, at: now)
        } catch {
            return failed(events, "\(error)", at: now)
        }
    }

    /// Whether a store that just failed need not be asked again: only what the app says is worth it.
    private func isHopeless(_ event: EngineEvent) -> Bool {
        switch event {
        case .answered, .timer, .localWrite, .networkChanged: true
        default: false
        }
    }

    /// The store can't write: an answer that can't be kept counts as lost, and nothing more is sent for a while.
    private func failed(_ events: [EngineEvent], _ message: String, at now: SyncInstant) -> [EngineEffect] {
        failures += 1
        let wait = Backoff.wait(attempt: failures, ceiling: configuration.backoffCeiling, using: &state.random)
        storeRetry = now.advanced(by: wait)
        state.status.state = .paused(.storeFailed(message))
        state.status.lastError = SyncProblem(operation: "store", message: message)
        return note(events, at: now) + [.status(state.status)]
    }

    private func note(_ events: [EngineEvent], at now: SyncInstant) -> [EngineEffect] {
        for event in events {
            if case .answered(let id, _, _) = event, let index = state.flights.firstIndex(where: { $0.id == id }) {
                let flight = state.flights.remove(at: index).flight
                orphans += flight.request.entries
                state.abandon(flight)
            }
            if !isHopeless(event) { owed.append(event) }
        }
        // The wake that is set may lie earlier; the state's own is asked for again once the store writes.
        state.wake = storeRetry
        return [.wake(at: storeRetry)]
    }

    /// Another process leads: whatever is under way is its own to settle.
    private func deposed() -> [EngineEffect] {
        let flights = state.flights.map(\.id)
        let session = state.session
        let random = state.random
        state = EngineState(random: random)
        state.session = session
        return flights.map(EngineEffect.cancel) + [.wake(at: nil), .status(state.status)]
    }
}

extension EngineEffect {
    fileprivate var isStatus: Bool { if case .status = self { true } else { false } }
}
