import BkendWire

/// Deletes, and rows that enter or leave: found by counting (sync.md, "Comparison").
extension SubscriptionPull {
    /// An answer of which only the count and the newest row matter.
    mutating func tookCount(
        _ ask: PullAsk, _ page: AnswerPage, _ flight: Flight, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        let newest = page.rows.first?.updatedAt
        switch ask {
        case .newest:
            if isBehind(newest) {
                if try isToBeCompared(page.total, turn) { return try compareMoving(page.total, flight, &turn) }
                return readOn(&turn)
            }
            try compareTotal(page.total, newest: newest, flight, &turn)
        case .overlap:
            if isBehind(newest) || page.total != overlap?.count { return readOn(&turn) }
            rest(&turn)
        case .split(let range):
            if try turn.store.memberCount(of: number, in: range) == page.total { return try agreed(flight, &turn) }
            let leafSize = turn.configuration.pageLimit
            try begin(Bisection(left: range, count: page.total, leafSize: leafSize), flight, &turn)
        default: rest(&turn)
        }
    }

    /// Whether the server has a row past the cursor.
    private func isBehind(_ newest: String?) -> Bool {
        guard let newest else { return false }
        return progress.cursor.map { $0.precedesInBytes(newest) } ?? true
    }

    /// Reads what is new; on a table that moves all the time not for ever.
    private mutating func readOn(_ turn: inout EngineTurn<some PullStore>) {
        isActive = true
        comparisons += 1
        isSettled = false
        guard comparisons <= turn.configuration.comparisonAttempts else {
            mustRead = true
            // What was looked at is long past.
            massLeaving = nil
            return rest(&turn)
        }
        activity = .round(newRound(turn))
    }

    /// Whether a table that has moved at every look is compared all the same, once in the longest poll interval. Otherwise,
    /// what was deleted on it would stay here until it rests.
    private func isToBeCompared(_ total: Int, _ turn: EngineTurn<some PullStore>) throws -> Bool {
        // A second look at a mass removal is due sooner, unless the removal waits for the app's word.
        let isSecondLook = massLeaving != nil && (progress.heldRemovals == nil || progress.mayRemoveMost)
        let pause = isSecondLook ? turn.configuration.pollFloor : turn.configuration.pollCeiling
        guard comparisons + 1 >= turn.configuration.comparisonAttempts,
            comparedMoving.map({ $0.duration(to: turn.now) >= pause }) ?? true
        else { return false }
        return try turn.store.memberCount(of: number) != total
    }

    /// Compares although rows past the cursor are still to be read: a round follows at the next poll.
    private mutating func compareMoving(
        _ total: Int, _ flight: Flight, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        comparedMoving = turn.now
        isActive = true
        isSettled = false
        mustRead = true
        try begin(Bisection(total: total, leafSize: turn.configuration.pageLimit), flight, &turn)
    }

    private mutating func compareTotal(
        _ total: Int, newest: String?, _ flight: Flight, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        let mine = try turn.store.memberCount(of: number)
        if mine != total {
            if let held = progress.heldRemovals, !progress.mayRemoveMost, mine - total == held { return rest(&turn) }
            return try begin(Bisection(total: total, leafSize: turn.configuration.pageLimit), flight, &turn)
        }
        if try wentBack(newest, turn) { wantsFull = true }
        // Equal totals may hide a delete and a missed insert; a part of the ids is counted as well, in a poll's turn.
        if case .totals = activity, let split = try randomSplit(&turn) {
            activity = .totals(.split(split))
        } else if case .poll = activity, let second = try secondAsk(&turn) {
            activity = .poll(second)
        } else {
            try agreed(flight, &turn)
        }
    }

    /// Counts agree.
    private mutating func agreed(_ flight: Flight, _ turn: inout EngineTurn<some PullStore>) throws {
        massLeaving = nil
        progress.heldRemovals = nil
        if try turn.store.mark == flight.mark { try turn.store.confirmMembers(of: number) }
        if progress.hasLeftovers {
            progress.hasLeftovers = false
            try turn.store.dropUnheld(query.table)
        }
        try forgetSettled(upTo: flight.mark, turn)
        rest(&turn)
        if wantsFull { due = turn.now }
    }

    /// Whether a member here is newer than the server's newest row: the server shows an older state of it.
    private func wentBack(_ newest: String?, _ turn: EngineTurn<some PullStore>) throws -> Bool {
        let limit = turn.configuration.newestCompared
        guard let mine = try turn.store.newestSynced(number, query, among: limit) else { return false }
        return newest?.precedesInBytes(mine) ?? true
    }

    // MARK: Bisection

    private mutating func begin(
        _ bisection: Bisection, _ flight: Flight, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        comparisons += 1
        guard comparisons <= turn.configuration.comparisonAttempts else { return rest(&turn) }
        try goOn(Comparison(bisection: bisection, mark: flight.mark, askedAt: flight.sentAt), &turn)
    }

    private mutating func goOn(_ comparison: Comparison, _ turn: inout EngineTurn<some PullStore>) throws {
        var comparison = comparison
        comparison.ask = try comparison.bisection?.next(SubscriptionMembers(store: turn.store, number: number))
        activity = .bisecting(comparison)
        if comparison.ask == nil { try finish(comparison, &turn) }
    }

    mutating func tookBisect(
        _ ask: Bisection.Ask, _ page: AnswerPage, _ flight: Flight, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        guard case .bisecting(var comparison) = activity, var bisection = comparison.bisection else { return }
        switch ask {
        case .count(let left, let range): bisection.take(count: page.total, left: left, of: range)
        case .rows(let range):
            let spoken = bisection.take(rows: page, of: range, limit: flight.rowLimit(turn.configuration))
            try compareRows(&comparison, page, in: spoken, flight, &turn)
        }
        comparison.bisection = bisection
        try goOn(comparison, &turn)
    }

    // MARK: A full comparison

    mutating func tookFull(
        _ range: IDRange, _ page: AnswerPage, _ flight: Flight, date: Timestamp?,
        _ turn: inout EngineTurn<some PullStore>
    ) throws {
        guard case .full(var comparison, _) = activity else { return }
        comparison.began = comparison.began ?? date ?? turn.shared.serverClock?.date
        let isFull = page.rows.count >= flight.rowLimit(turn.configuration) || page.hasNext
        let last = isFull ? page.rows.last?.id : nil
        try compareRows(&comparison, page, in: IDRange(after: range.after, through: last), flight, &turn)
        if let last {
            activity = .full(comparison, IDRange(after: last))
            return
        }
        progress.comparedAt = comparison.began
        wantsFull = false
        try finish(comparison, &turn)
    }

    /// Applies rows that are there, and notes members that aren't.
    private mutating func compareRows(
        _ comparison: inout Comparison, _ page: AnswerPage, in range: IDRange, _ flight: Flight,
        _ turn: inout EngineTurn<some PullStore>
    ) throws {
        let received = try receive(page, flight, &turn)
        // What was deleted here before the comparison began, and is there, has come back.
        let returned = try received.shadowed.filter { id in
            try turn.store.settledMark(query.table, id) ?? 0 <= comparison.mark
        }
        setAside(received.setAside + returned, cursor: nil)
        let shown = Set(page.rows.map { ExactString($0.id) })
        for id in try turn.store.members(of: number, in: range) where !shown.contains(ExactString(id)) {
            comparison.leaving.append((id, flight.mark))
        }
    }
}
