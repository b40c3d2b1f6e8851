import BkendWire

/// The end of a comparison: members that the server doesn't show any more leave.
extension SubscriptionPull {
    mutating func finish(_ comparison: Comparison, _ turn: inout EngineTurn<some PullStore>) throws {
        let table = query.table
        let leaving = try comparison.leaving.filter { id, mark in
            let touched = try (turn.store.settledMark(table, id) ?? 0) > mark || turn.store.isInFlight(table, id)
            guard turn.rules.hasLeft(AbsenceEvidence(wasTouched: touched)) else { return false }
            return try turn.store.isMember(id, of: number)
        }.map(\.id)
        if try !mayLeave(leaving, comparison, &turn) { return }
        if !leaving.isEmpty {
            try turn.store.lose(number, leaving)
            isActive = true
        }
        try forgetSettled(upTo: comparison.mark, turn)
        // Counted again, a few times, in case the table moved meanwhile.
        if comparisons < turn.configuration.comparisonAttempts {
            activity = .totals(.newest)
        } else {
            rest(&turn)
        }
    }

    /// Whether so many may go. When most would, the server is asked a second time, not before the shortest poll is over:
    /// one that has just started may say for a moment that it is empty. Then it is reported before anything is dropped.
    private mutating func mayLeave(
        _ leaving: [String], _ comparison: Comparison, _ turn: inout EngineTurn<some PullStore>
    ) throws -> Bool {
        let members = try turn.store.memberCount(of: number)
        guard turn.rules.isMassRemoval(leaving.count, members, turn.configuration.secondLookFloor) else {
            massLeaving = nil
            return true
        }
        let first = massLeaving ?? turn.now
        massLeaving = first
        guard first.duration(to: comparison.askedAt) >= turn.configuration.pollFloor else {
            isActive = true
            mustRead = true
            rest(&turn)
            return false
        }
        guard leaving.count >= turn.configuration.massRemovalFloor else {
            massLeaving = nil
            return true
        }
        let isHeld = turn.configuration.massRemoval == .afterWord && !progress.mayRemoveMost
        if progress.heldRemovals != leaving.count {
            try turn.store.report(
                "massRemoval", query.table, "",
                detail: [
                    "subscription": .int(number), "rows": .int(Int64(leaving.count)),
                    "of": .int(Int64(members)), "isHeld": .bool(isHeld),
                ])
        }
        if isHeld {
            progress.heldRemovals = leaving.count
            rest(&turn)
            return false
        }
        progress.heldRemovals = nil
        progress.mayRemoveMost = false
        massLeaving = nil
        return true
    }

    /// Forgets which records were settled before a comparison began, once no request from before is on its way.
    func forgetSettled(upTo mark: Int64, _ turn: EngineTurn<some PullStore>) throws {
        let oldest = turn.shared.flights.oldestMark(of: query.table)
        try turn.store.clearSettled(table: query.table, upTo: min(mark, oldest ?? mark))
    }
}
