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

    /// As whom it sends, `""` for a guest, nil for nobody.
    package var user: String? { state.shared.session.user }

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
                var step = EngineStep(
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
        } catch {
            if case .notLeader = (error as? StoreError)?.reason { return letGo() }
            // What was in flight counts as lost at the next start, whoever leads then: there is nothing to wait for.
            if events.contains(.stop) { return letGo() }
            return failed(events, SyncProblem(store: error), at: now)
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
    private func failed(_ events: [EngineEvent], _ problem: SyncProblem, at now: SyncInstant) -> [EngineEffect] {
        failures += 1
        let wait = Backoff.wait(attempt: failures, ceiling: configuration.backoffCeiling, using: &state.shared.random)
        storeRetry = now.advanced(by: wait)
        state.status.state = .paused(.storeFailed(problem.message))
        state.status.lastError = problem
        return note(events, at: now) + [.status(state.status)]
    }

    private func note(_ events: [EngineEvent], at now: SyncInstant) -> [EngineEffect] {
        for event in events {
            if case .answered(let id, _, _) = event, let flight = state.shared.flights.land(id) {
                orphans += flight.request.entries
                state.abandon(flight)
            }
            // The system says it once: a store that fails must not lose it.
            if case .networkChanged(let isReachable) = event { state.isUnreachable = !isReachable }
            if !isHopeless(event) { owed.append(event) }
        }
        // The wake that is set may lie earlier; the state's own is asked for again once the store writes.
        state.wake = storeRetry
        return [.wake(at: storeRetry)]
    }

    /// Another process leads, or the app has stopped a store that can't write: whatever is under way is for the next
    /// leader to settle, and nothing of it is told to the store any more.
    private func letGo() -> [EngineEffect] {
        let former = state
        state = former.letGo
        orphans = []
        owed = []
        failures = 0
        storeRetry = nil
        return former.shared.flights.all.map { .cancel($0.id) } + [.wake(at: nil), .status(state.status)]
    }
}

extension EngineEffect {
    fileprivate var isStatus: Bool { if case .status = self { true } else { false } }
}
