import BkendWire

/// What a subscription asks next.
extension SubscriptionPull {
    /// Sends what is due; whether it had anything to ask.
    ///
    /// - Parameter isTableBusy: whether a question for the table is under way, its own or another subscription's.
    mutating func ask(isTableBusy: Bool, _ turn: inout EngineTurn<some PullStore>) throws -> Bool {
        if case .first(var first, let startedAt) = activity, reread == nil {
            let isOurs = turn.shared.flights.subscriptions.contains(number)
            guard due <= turn.now, !isTableBusy || isOurs, turn.maySend else { return false }
            // A gate that is ajar lets one through.
            let parallel = turn.shared.gate.closedUntil == nil ? turn.configuration.parallelRanges : 1
            let asks = first.asks(parallel: parallel)
            activity = .first(first, startedAt: startedAt)
            for ask in asks { try turn.send(.pull(number, .first(ask)), operation(.first(ask), turn)) }
            return true
        }
        guard due <= turn.now, !isTableBusy, turn.maySend, let ask = try nextAsk(&turn) else { return false }
        try turn.send(.pull(number, ask), operation(ask, turn))
        return true
    }

    /// The next question when one is due; nil when it has to wait for something else.
    private mutating func nextAsk(_ turn: inout EngineTurn<some PullStore>) throws -> PullAsk? {
        if let reread {
            let isBusy = try reread.ids.contains { try turn.store.isInFlight(query.table, $0) }
            return isBusy ? nil : .reread(turn.idBatch(reread.ids, of: query.table))
        }
        switch activity {
        case .idle: return try begin(turn)
        case .first: return nil
        case .round(var round):
            round.limit = turn.pageLimit(query.table)
            activity = .round(round)
            return .round
        case .poll(let ask), .totals(let ask): return ask
        case .bisecting(let comparison): return comparison.ask.map(PullAsk.bisect)
        case .full(_, let range): return .full(range)
        }
    }

    /// What an idle subscription begins when its time has come.
    private mutating func begin(_ turn: EngineTurn<some PullStore>) throws -> PullAsk? {
        guard progress.isFilled else {
            var first = FirstPull(rangeSize: turn.configuration.rangeSize)
            let ask = first.asks(parallel: 1).first
            activity = .first(first, startedAt: turn.now)
            // The next plan asks its first question; it must not wait for another event.
            due = turn.now
            return ask.map(PullAsk.first)
        }
        if let compared = progress.comparedAt, let clock = turn.shared.serverClock?.date,
            clock.milliseconds - compared.milliseconds > turn.configuration.fullComparisonInterval.milliseconds
        {
            wantsFull = true
        }
        if mustRead { return beginRound(turn) }
        if wantsFull {
            activity = .full(Comparison(mark: try turn.store.mark, askedAt: turn.now), .all)
            return .full(.all)
        }
        if needsSettling(turn) { return beginRound(turn) }
        polls += 1
        activity = .poll(.newest)
        return .newest
    }

    private mutating func beginRound(_ turn: EngineTurn<some PullStore>) -> PullAsk {
        activity = .round(newRound(turn))
        return .round
    }

    func newRound(_ turn: EngineTurn<some PullStore>) -> PullRound {
        let bound = progress.cursor.map {
            turn.rules.lowerBound($0, progress.drainedAt, turn.configuration.overlap)
        }
        return PullRound(from: bound, limit: turn.pageLimit(query.table))
    }

    /// Whether the overlap is to be read once more: rows stamped before the cursor may have come in behind it until the
    /// server's time is past it; a row stamped in the future keeps it open.
    private func needsSettling(_ turn: EngineTurn<some PullStore>) -> Bool {
        guard !isSettled, let cursor = progress.cursor.flatMap({ Timestamp($0) }) else { return false }
        guard let (date, at) = turn.shared.serverClock else { return true }
        // What its clock says by now; the answer that is read will tell.
        let past = date.milliseconds + at.duration(to: turn.now).milliseconds - cursor.milliseconds
        return past > turn.configuration.overlap.milliseconds || past < 0
    }

    /// What a poll asks beside the newest row and the total: now and then, in turns, the overlap by a count and a part of
    /// the ids by a count.
    func secondAsk(_ turn: inout EngineTurn<some PullStore>) throws -> PullAsk? {
        let (times, rest) = polls.quotientAndRemainder(dividingBy: turn.configuration.pollsPerSecondQuestion)
        guard rest == 0 else { return nil }
        if !times.isMultiple(of: 2), let overlap { return .overlap(bound: overlap.bound) }
        return try randomSplit(&turn).map(PullAsk.split)
    }

    /// A range from the least id to a member drawn by lot.
    func randomSplit(_ turn: inout EngineTurn<some PullStore>) throws -> IDRange? {
        let count = try turn.store.memberCount(of: number)
        guard count > 1 else { return nil }
        let position = Int.random(in: 0..<(count - 1), using: &turn.shared.random)
        return try turn.store.member(at: position, of: number, in: .all).map { IDRange(through: $0) }
    }

    private func operation(_ ask: PullAsk, _ turn: EngineTurn<some PullStore>) -> SyncRequest.Operation {
        let limit = turn.pageLimit(query.table)
        switch ask {
        case .first(let ask):
            switch ask {
            case .newest: return query.newest
            case .least: return query.list(sortBy: .id, limit: 1)
            case .greatest: return query.list(sortBy: .id, .descending, limit: 1)
            case .count(let half, _): return query.count(in: half)
            case .rows(let range): return query.rows(in: range, limit: limit)
            }
        case .round:
            guard case .round(let round) = activity else { return query.newest }
            return round.request(query)
        case .newest: return query.newest
        case .overlap(let bound): return query.overlap(from: bound)
        case .split(let range): return query.count(in: range)
        case .bisect(.count(let left, _)): return query.count(in: left)
        case .bisect(.rows(let range)), .full(let range): return query.rows(in: range, limit: limit)
        case .reread(let ids): return query.rows(ids: ids, limit: limit)
        }
    }
}
