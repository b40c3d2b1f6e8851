import BkendWire

/// What an answer says beside its own request's fate: of the gate, the session and the status.
extension EngineTurn {
    /// Takes what an answer says about everything else that is sent.
    mutating func heard(_ verdict: Verdict, of flight: Flight) {
        shared.gate.take(verdict, of: flight, at: now, configuration, using: &shared.random)
        shared.problem = SyncProblem(verdict, of: flight.request.operation, after: shared.problem)
        if shared.session.take(verdict, of: flight, refusals: configuration.sessionRefusals) { refreshSession() }
    }

    /// Has the session renewed.
    mutating func refreshSession() { perform(.refreshSession(generation: shared.session.generation)) }

    /// Takes what became of a refresh.
    mutating func refreshed(_ outcome: SessionOutcome, _ generation: Int) {
        shared.session.refreshed(outcome, generation, at: now, configuration, using: &shared.random)
    }
}
