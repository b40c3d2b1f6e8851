import BkendDocuments
import BkendWire

/// Deletes, and rows that enter or leave: found by counting (sync.md, "Comparison").
extension EngineStep {
    /// An answer of which only the count and the newest row matter.
    func tookCount(_ pull: inout PullState, _ ask: PullAsk, _ page: AnswerPage, _ flight: Flight) throws {
        let newest = page.rows.first?.updatedAt
        switch ask {
        case .newest:
            if isBehind(pull, newest) {
                if try isToBeCompared(pull, page.total) { return try compareMoving(&pull, page.total, flight) }
                return readOn(&pull)
            }
            try compareTotal(&pull, page.total, newest: newest, flight)
        case .overlap:
            if isBehind(pull, newest) || page.total != pull.overlap?.count { return readOn(&pull) }
            rest(&pull)
        case .split(let range):
            if try tx.memberCount(of: pull.number, in: range) == page.total { return try agreed(&pull, flight) }
            let bisection = Bisection(left: range, count: page.total, leafSize: configuration.pageLimit)
            try begin(&pull, bisection, flight)
        default: rest(&pull)
        }
    }

    /// Whether the server has a row past the cursor.
    private func isBehind(_ pull: PullState, _ newest: String?) -> Bool {
        guard let newest else { return false }
        return pull.progress.cursor.map { $0.precedesInBytes(newest) } ?? true
    }

    /// Reads what is new; on a table that moves all the time not for ever.
    private func readOn(_ pull: inout PullState) {
        pull.isActive = true
        pull.comparisons += 1
        pull.isSettled = false
        guard pull.comparisons <= configuration.comparisonAttempts else {
            pull.mustRead = true
            // What was looked at is long past.
            pull.massLeaving = nil
            return rest(&pull)
        }
        pull.phase = .round(newRound(pull))
    }

    /// Whether a table that has moved at every look is compared all the same, once in the longest poll interval: what was
    /// deleted on it would else stay here until it rests.
    private func isToBeCompared(_ pull: PullState, _ total: Int) throws -> Bool {
        // A second look at a mass removal is due sooner.
        let pause = pull.massLeaving == nil ? configuration.pollCeiling : configuration.pollFloor
        guard pull.comparisons + 1 >= configuration.comparisonAttempts,
            pull.comparedMoving.map({ $0.duration(to: now) >= pause }) ?? true
        else { return false }
        return try tx.memberCount(of: pull.number) != total
    }

    /// Compares although rows past the cursor are still to be read: a round follows at the next poll.
    private func compareMoving(_ pull: inout PullState, _ total: Int, _ flight: Flight) throws {
        pull.comparedMoving = now
        pull.isActive = true
        pull.isSettled = false
        pull.mustRead = true
        try begin(&pull, Bisection(total: total, leafSize: configuration.pageLimit), flight)
    }

    private func compareTotal(_ pull: inout PullState, _ total: Int, newest: String?, _ flight: Flight) throws {
        let mine = try tx.memberCount(of: pull.number)
        if mine != total {
            let held = pull.progress.heldRemovals
            if let held, !pull.progress.mayRemoveMost, mine - total == held { return rest(&pull) }
            return try begin(&pull, Bisection(total: total, leafSize: configuration.pageLimit), flight)
        }
        if try wentBack(pull, newest) { pull.wantsFull = true }
        // Equal totals may hide a delete and a missed insert; a part of the ids is counted as well, in a poll's turn.
        if case .totals = pull.phase, let split = try randomSplit(pull.number) {
            pull.phase = .totals(.split(split))
        } else if case .poll = pull.phase, let second = try secondAsk(pull) {
            pull.phase = .poll(second)
        } else {
            try agreed(&pull, flight)
        }
    }

    /// Counts agree.
    private func agreed(_ pull: inout PullState, _ flight: Flight) throws {
        pull.massLeaving = nil
        if pull.progress.heldRemovals != nil { pull.progress.heldRemovals = nil }
        if try tx.mark == flight.mark { try tx.confirmMembers(of: pull.number) }
        if pull.progress.hasLeftovers {
            pull.progress.hasLeftovers = false
            try tx.dropUnheld(pull.query.table)
        }
        try forgetSettled(pull.query.table, upTo: flight.mark)
        rest(&pull)
        if pull.wantsFull { pull.due = now }
    }

    /// Whether a member here is newer than the server's newest row: the server shows an older state of it.
    private func wentBack(_ pull: PullState, _ newest: String?) throws -> Bool {
        let sort = [Query.Sort(SystemField.updatedAt.rawValue, .descending)]
        let query = Query(
            filter: pull.query.filter.filter, sort: sort, page: Query.Page(limit: configuration.newestCompared))
        for text in try tx.find(query, in: pull.query.table) {
            let document = try JSON(parsing: text.bytes)
            guard let id = document["id"]?.stringValue, let moment = document["updatedAt"]?.stringValue,
                try tx.isMember(id, of: pull.number), try tx.syncState(pull.query.table, id) == .synced
            else { continue }
            return newest?.precedesInBytes(moment) ?? true
        }
        return false
    }

    // MARK: Bisection

    private func begin(_ pull: inout PullState, _ bisection: Bisection, _ flight: Flight) throws {
        pull.comparisons += 1
        guard pull.comparisons <= configuration.comparisonAttempts else { return rest(&pull) }
        try goOn(&pull, PullState.Comparison(bisection: bisection, mark: flight.mark, askedAt: flight.sentAt))
    }

    private func goOn(_ pull: inout PullState, _ comparison: PullState.Comparison) throws {
        var comparison = comparison
        let members = SubscriptionMembers(store: tx, number: pull.number)
        comparison.ask = try comparison.bisection?.next(members)
        pull.phase = .bisecting(comparison)
        if comparison.ask == nil { try finish(&pull, comparison) }
    }

    func tookBisect(
        _ pull: inout PullState, _ ask: Bisection.Ask, _ page: AnswerPage, _ flight: Flight
    ) throws {
        guard case .bisecting(var comparison) = pull.phase, var bisection = comparison.bisection else { return }
        switch ask {
        case .count(let left, let range): bisection.take(count: page.total, left: left, of: range)
        case .rows(let range):
            let spoken = bisection.take(rows: page, of: range, limit: rowLimit(of: flight))
            try compareRows(&pull, &comparison, page, in: spoken, flight)
        }
        comparison.bisection = bisection
        try goOn(&pull, comparison)
    }

    func tookFull(
        _ pull: inout PullState, _ range: IDRange, _ page: AnswerPage, _ flight: Flight, date: Timestamp?
    ) throws {
        guard case .full(var comparison, _) = pull.phase else { return }
        comparison.began = comparison.began ?? date ?? state.serverClock?.date
        let isFull = page.rows.count >= rowLimit(of: flight) || page.hasNext
        let last = isFull ? page.rows.last?.id : nil
        try compareRows(&pull, &comparison, page, in: IDRange(after: range.after, through: last), flight)
        if let last {
            pull.phase = .full(comparison, IDRange(after: last))
            return
        }
        pull.progress.comparedAt = comparison.began
        pull.wantsFull = false
        try finish(&pull, comparison)
    }

    /// Applies rows that are there, and notes members that aren't.
    private func compareRows(
        _ pull: inout PullState, _ comparison: inout PullState.Comparison, _ page: AnswerPage, in range: IDRange,
        _ flight: Flight
    ) throws {
        let received = try receive(page, &pull, flight)
        // What was deleted here before the comparison began, and is there, has come back.
        let returned = try received.shadowed.filter { id in
            try tx.settledMark(pull.query.table, id) ?? 0 <= comparison.mark
        }
        setAside(received.setAside + returned, &pull, cursor: nil)
        let shown = Set(page.rows.map { ExactString($0.id) })
        for id in try tx.members(of: pull.number, in: range) where !shown.contains(ExactString(id)) {
            comparison.leaving.append((id, flight.mark))
        }
    }

    // MARK: The end

    private func finish(_ pull: inout PullState, _ comparison: PullState.Comparison) throws {
        let table = pull.query.table
        let leaving = try comparison.leaving.filter { id, mark in
            let touched = try (tx.settledMark(table, id) ?? 0) > mark || tx.isInFlight(table, id)
            guard rules.hasLeft(AbsenceEvidence(wasTouched: touched)) else { return false }
            return try tx.isMember(id, of: pull.number)
        }.map(\.id)
        if try !mayLeave(&pull, leaving, comparison) { return }
        if !leaving.isEmpty {
            try tx.lose(pull.number, leaving)
            pull.isActive = true
        }
        try forgetSettled(table, upTo: comparison.mark)
        // Counted again, a few times, in case the table moved meanwhile.
        if pull.comparisons < configuration.comparisonAttempts {
            pull.phase = .totals(.newest)
        } else {
            rest(&pull)
        }
    }

    /// Whether so many may go. When most would, the server is asked a second time, not before the shortest poll is over:
    /// one that has just started may say for a moment that it is empty. Then it is reported before anything is dropped.
    private func mayLeave(
        _ pull: inout PullState, _ leaving: [String], _ comparison: PullState.Comparison
    ) throws -> Bool {
        let members = try tx.memberCount(of: pull.number)
        guard rules.isMassRemoval(leaving.count, members, configuration.secondLookFloor) else {
            pull.massLeaving = nil
            return true
        }
        let first = pull.massLeaving ?? now
        pull.massLeaving = first
        guard first.duration(to: comparison.askedAt) >= configuration.pollFloor else {
            pull.isActive = true
            pull.mustRead = true
            rest(&pull)
            return false
        }
        guard leaving.count >= configuration.massRemovalFloor else {
            pull.massLeaving = nil
            return true
        }
        let isHeld = configuration.massRemoval == .afterWord && !pull.progress.mayRemoveMost
        if pull.progress.heldRemovals != leaving.count {
            try tx.report(
                "massRemoval", pull.query.table, "",
                detail: [
                    "subscription": .int(pull.number), "rows": .int(Int64(leaving.count)),
                    "of": .int(Int64(members)), "isHeld": .bool(isHeld),
                ])
        }
        if isHeld {
            pull.progress.heldRemovals = leaving.count
            rest(&pull)
            return false
        }
        pull.progress.heldRemovals = nil
        pull.progress.mayRemoveMost = false
        pull.massLeaving = nil
        return true
    }

    /// Forgets which records were settled before a comparison began, once no request from before is on its way.
    private func forgetSettled(_ table: String, upTo mark: Int64) throws {
        let oldest = state.flights.filter { $0.flight.request.operation.table == table }.map(\.flight.mark).min()
        try tx.clearSettled(table: table, upTo: min(mark, oldest ?? mark))
    }
}
