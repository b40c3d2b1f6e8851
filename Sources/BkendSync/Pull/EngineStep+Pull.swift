import BkendWire

/// What subscriptions ask next.
extension EngineStep {
    /// One question a table at a time, the ranges of a first pull aside; tables side by side.
    func planPulls() throws {
        try loadSubscriptions()
        var busy = Set(
            state.flights.compactMap { item -> String? in
                if case .pull = item.flight.errand { item.flight.request.operation.table } else { nil }
            })
        for number in state.pulls.keys.sorted() {
            guard var pull = state.pulls[number] else { continue }
            let table = pull.query.table
            if try tx.hasKeylessCreateOnItsWay(table) { continue }
            if case .first(var first, let startedAt) = pull.phase, pull.reread == nil {
                let isOurs = state.flights.contains { $0.flight.errand.subscription == number }
                guard pull.due <= now, !busy.contains(table) || isOurs, maySend else { continue }
                busy.insert(table)
                // A gate that is ajar lets one through.
                let parallel = state.gate.closedUntil == nil ? configuration.parallelRanges : 1
                let asks = first.asks(parallel: parallel)
                pull.phase = .first(first, startedAt: startedAt)
                state.pulls[number] = pull
                for ask in asks { try send(.pull(number, .first(ask)), operation(.first(ask), pull)) }
                continue
            }
            guard pull.due <= now, !busy.contains(table), maySend else { continue }
            guard let ask = try nextAsk(&pull) else {
                state.pulls[number] = pull
                continue
            }
            busy.insert(table)
            state.pulls[number] = pull
            try send(.pull(number, ask), operation(ask, pull))
        }
    }

    /// Whether a pull of a table is under way.
    func isPulling(_ table: String) -> Bool {
        state.flights.contains { item in
            if case .pull = item.flight.errand { item.flight.request.operation.table == table } else { false }
        }
    }

    private func loadSubscriptions() throws {
        let subscriptions = try tx.subscriptions()
        for number in state.pulls.keys.sorted() where !subscriptions.contains(where: { $0.number == number }) {
            state.pulls[number] = nil
        }
        let owner = try tx.owner
        for subscription in subscriptions {
            let query = SubscriptionQuery(table: subscription.table, filter: subscription.filter)
            if let known = state.pulls[subscription.number], known.isOf(owner) {
                // A filter that names a local id changes its spelling, not its meaning.
                state.pulls[subscription.number]?.query = query
                // The app may have said its word meanwhile.
                let kept = PullProgress(subscription.progress)
                state.pulls[subscription.number]?.progress.mayRemoveMost = kept.mayRemoveMost
                continue
            }
            let progress = PullProgress(subscription.progress)
            state.pulls[subscription.number] = PullState(
                number: subscription.number, user: owner, query: query, progress: progress, due: now,
                interval: configuration.pollFloor)
        }
    }

    /// The next question of a subscription that is due; nil when it has to wait for something else.
    private func nextAsk(_ pull: inout PullState) throws -> PullAsk? {
        if let reread = pull.reread {
            let isBusy = try reread.ids.contains { try tx.isInFlight(pull.query.table, $0) }
            return isBusy ? nil : .reread(batch(reread.ids, table: pull.query.table))
        }
        switch pull.phase {
        case .idle: return try begin(&pull)
        case .first: return nil
        case .round(var round):
            round.limit = pageLimit(pull.query.table)
            pull.phase = .round(round)
            return .round
        case .poll(let ask), .totals(let ask): return ask
        case .bisecting(let comparison): return comparison.ask.map(PullAsk.bisect)
        case .full(_, let range): return .full(range)
        }
    }

    private func batch(_ ids: [String], table: String) -> [String] {
        let most = min(state.tables[table].idLimit ?? configuration.pageLimit, pageLimit(table))
        return IDBatch.prefix(ids, urlLimit: configuration.urlLimit, most: most)
    }

    /// What an idle subscription begins when its time has come.
    private func begin(_ pull: inout PullState) throws -> PullAsk? {
        guard pull.progress.isFilled else {
            pull.phase = .first(FirstPull(rangeSize: configuration.rangeSize), startedAt: now)
            state.pulls[pull.number] = pull
            // The next plan asks its first question; it must not wait for another event.
            pull.due = now
            return try firstAsk(&pull)
        }
        if let compared = pull.progress.comparedAt, let clock = state.serverClock?.date,
            clock.milliseconds - compared.milliseconds > configuration.fullComparisonInterval.milliseconds
        {
            pull.wantsFull = true
        }
        if pull.mustRead { return round(&pull) }
        if pull.wantsFull {
            pull.phase = .full(PullState.Comparison(mark: try tx.mark, askedAt: now), .all)
            return .full(.all)
        }
        if needsSettling(pull) { return round(&pull) }
        pull.polls += 1
        pull.phase = .poll(.newest)
        return .newest
    }

    private func round(_ pull: inout PullState) -> PullAsk {
        pull.phase = .round(newRound(pull))
        return .round
    }

    private func firstAsk(_ pull: inout PullState) throws -> PullAsk? {
        guard case .first(var first, let startedAt) = pull.phase else { return nil }
        let ask = first.asks(parallel: 1).first
        pull.phase = .first(first, startedAt: startedAt)
        return ask.map(PullAsk.first)
    }

    func newRound(_ pull: PullState) -> PullRound {
        let bound = pull.progress.cursor.map { rules.lowerBound($0, pull.progress.drainedAt, configuration.overlap) }
        return PullRound(from: bound, limit: pageLimit(pull.query.table))
    }

    /// Whether the overlap is to be read once more: rows stamped before the cursor may have come in behind it until the
    /// server's time is past it; a row stamped in the future keeps it open.
    private func needsSettling(_ pull: PullState) -> Bool {
        guard !pull.isSettled, let cursor = pull.progress.cursor.flatMap({ Timestamp($0) }) else { return false }
        guard let (date, at) = state.serverClock else { return true }
        // What its clock says by now; the answer that is read will tell.
        let past = date.milliseconds + at.duration(to: now).milliseconds - cursor.milliseconds
        return past > configuration.overlap.milliseconds || past < 0
    }

    /// What a poll asks beside the newest row and the total: at every second one, in turns, the overlap by a count and a
    /// part of the ids by a count.
    func secondAsk(_ pull: PullState) throws -> PullAsk? {
        let (turn, rest) = pull.polls.quotientAndRemainder(dividingBy: configuration.pollsPerSecondQuestion)
        guard rest == 0 else { return nil }
        if !turn.isMultiple(of: 2), let overlap = pull.overlap { return .overlap(bound: overlap.bound) }
        return try randomSplit(pull.number).map(PullAsk.split)
    }

    /// A range from the least id to a member drawn by lot.
    func randomSplit(_ number: Int64) throws -> IDRange? {
        let count = try tx.memberCount(of: number)
        guard count > 1 else { return nil }
        let position = Int.random(in: 0..<(count - 1), using: &random)
        return try tx.member(at: position, of: number, in: .all).map { IDRange(through: $0) }
    }

    private func operation(_ ask: PullAsk, _ pull: PullState) -> SyncRequest.Operation {
        let query = pull.query
        let limit = pageLimit(query.table)
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
            guard case .round(let round) = pull.phase else { return query.newest }
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

extension Errand {
    /// The subscription that asked.
    var subscription: Int64? { if case .pull(let number, _) = self { number } else { nil } }
}
