import BkendWire

/// Answers to what subscriptions asked.
extension EngineStep {
    func pulled(_ number: Int64, _ ask: PullAsk, _ verdict: Verdict, _ flight: Flight, date: Timestamp?) throws {
        guard var pull = state.pulls[number] else { return }
        // The app has ended the subscription, or given the store to a user, and the engine wasn't told yet.
        guard let subscription = try tx.subscription(number), try pull.isOf(tx.owner) else {
            state.pulls[number] = nil
            return
        }
        // The app may have said its word meanwhile.
        pull.progress.mayRemoveMost = PullProgress(subscription.progress).mayRemoveMost
        guard case .done(.page(let page)) = verdict else {
            if case .lost = verdict, pull.attempts > 0 {
                shrinkPages(of: pull.query.table, from: rowLimit(of: flight))
            }
            if case .pageTooLarge(let error) = verdict,
                shrinkPages(of: pull.query.table, from: rowLimit(of: flight), to: error)
            {
                askAgain(&pull, ask)
                state.pulls[number] = pull
                return
            }
            try pullFailed(&pull, ask, verdict, flight)
            state.pulls[number] = pull
            return
        }
        if ask.isForRows, !ask.isAnswered(by: page) {
            fail("pull", table: pull.query.table, "the page has rows that weren't requested")
            try pullFailed(&pull, ask, .foreign(status: 200, "the page has rows that weren't requested"), flight)
            state.pulls[number] = pull
            return
        }
        if ask.isForRows { growPages(of: pull.query.table) }
        pull.attempts = 0
        pull.progress.refusal = nil
        switch ask {
        case .first(let first): try tookFirst(&pull, first, page, flight, date: date)
        case .round: try tookRound(&pull, page, flight, date: date)
        case .reread: try tookReread(&pull, page, flight, ask)
        case .newest, .overlap, .split: try tookCount(&pull, ask, page, flight)
        case .bisect(let question): try tookBisect(&pull, question, page, flight)
        case .full(let range): try tookFull(&pull, range, page, flight, date: date)
        }
        // The subscription may have been ended by what the rows did; then there is nothing to keep.
        if try tx.subscription(number) != nil { try tx.setProgress(pull.progress.json, of: number) }
        state.pulls[number] = pull
    }

    /// The most rows that a page can have; one with so many may not be the last.
    func rowLimit(of flight: Flight) -> Int { flight.request.operation.limit ?? configuration.pageLimit }

    /// The question goes out again, for fewer rows.
    private func askAgain(_ pull: inout PullState, _ ask: PullAsk) {
        guard case .first(let first) = ask, case .first(var pulling, let startedAt) = pull.phase else { return }
        pulling.failed(first)
        pull.phase = .first(pulling, startedAt: startedAt)
    }

    /// No page: nothing is applied, nothing is removed, no cursor moves.
    private func pullFailed(_ pull: inout PullState, _ ask: PullAsk, _ verdict: Verdict, _ flight: Flight) throws {
        askAgain(&pull, ask)
        pull.attempts += 1
        switch verdict {
        case .denied:
            pull.progress.refusal = .denied
            try restLong(&pull)
        case .rejected(let error), .pageTooLarge(let error), .tableRefused(let error):
            pull.progress.refusal = .query(error.code.rawValue)
            try restLong(&pull)
        case .tooLong:
            if case .reread(let ids) = ask, ids.count > 1 {
                state.tables[pull.query.table].idLimit = max(1, ids.count / 2)
            } else {
                pull.progress.refusal = .query("the filter makes the URL too long for the server")
                try restLong(&pull)
            }
        case .tooMany, .unauthorized, .engineRefused, .refused: break
        default: pull.due = backoff(pull.attempts)
        }
    }

    /// The server refuses the list: it is asked again seldom, from the beginning.
    private func restLong(_ pull: inout PullState) throws {
        if case .first = pull.phase {} else { pull.phase = .idle }
        pull.reread = nil
        pull.massLeaving = nil
        pull.mustRead = true
        pull.due = now.advanced(by: configuration.pollCeiling)
        try tx.setProgress(pull.progress.json, of: pull.number)
    }

    // MARK: Rows

    /// Stores the rows of a page; the ids that are to be read again.
    func receive(_ page: AnswerPage, _ pull: inout PullState, _ flight: Flight, isFresh: Bool = false) throws
        -> Received
    {
        let received = try tx.receive(
            page.rows, table: pull.query.table, subscription: pull.number,
            askedAt: rules.askedAt(flight.mark), isFresh: isFresh)
        if received.changed > 0 { pull.isActive = true }
        try take(received, table: pull.query.table)
        return received
    }

    private func tookFirst(
        _ pull: inout PullState, _ ask: FirstPull.Ask, _ page: AnswerPage, _ flight: Flight, date: Timestamp?
    ) throws {
        guard case .first(var first, let startedAt) = pull.phase else { return }
        if case .rows = ask {
            let received = try receive(page, &pull, flight)
            setAside(received.setAside, &pull, cursor: nil)
        }
        first.take(page, for: ask, limit: rowLimit(of: flight), date: date)
        pull.phase = .first(first, startedAt: startedAt)
        guard first.isComplete else { return }
        // What was written meanwhile is behind the newest row of before.
        pull.progress.cursor = first.cursor
        pull.progress.drainedAt = first.began
        pull.progress.comparedAt = pull.progress.comparedAt ?? first.began
        pull.progress.isFilled = true
        pull.phase = first.cursor == nil ? .totals(.newest) : .round(newRound(pull))
    }

    private func tookRound(_ pull: inout PullState, _ page: AnswerPage, _ flight: Flight, date: Timestamp?) throws {
        guard case .round(var round) = pull.phase else { return }
        let next = round.take(page, date: date)
        if case .malformed(let flaw) = next {
            fail("pull", table: pull.query.table, "the page doesn't match the request: \(flaw)")
            pull.phase = .idle
            pull.attempts += 1
            pull.due = backoff(pull.attempts)
            return
        }
        let received = try receive(page, &pull, flight)
        let cursor = rules.cursor(pull.reread?.cursor ?? pull.progress.cursor, page.rows)
        if received.setAside.isEmpty {
            pull.progress.cursor = cursor
        } else {
            setAside(received.setAside, &pull, cursor: cursor)
        }
        pull.phase = .round(round)
        guard next == .drained else { return }
        pull.progress.drainedAt = round.began ?? pull.progress.drainedAt
        pull.mustRead = false
        noteOverlap(&pull, round, cursor: cursor)
        pull.phase = .totals(.newest)
    }

    /// What the next overlap must hold, and whether it needs to be read once more.
    private func noteOverlap(_ pull: inout PullState, _ round: PullRound, cursor: String?) {
        pull.overlap = nil
        guard let cursor else { return }
        let bound = rules.lowerBound(cursor, pull.progress.drainedAt, configuration.overlap)
        if let from = round.bound, bound.precedesInBytes(from) { return }
        pull.overlap = (bound, round.rowCount(from: bound))
        guard let reached = Timestamp(cursor), let began = round.began else { return }
        pull.isSettled = began.milliseconds - reached.milliseconds > configuration.overlap.milliseconds
    }

    // MARK: Rows set aside

    /// Rows that may be older than what is here are read again by id before the cursor passes them.
    func setAside(_ ids: [String], _ pull: inout PullState, cursor: String?) {
        if ids.isEmpty { return }
        var reread = pull.reread ?? PullState.Reread(ids: [])
        for id in ids where !reread.ids.contains(where: { $0.hasSameBytes(as: id) }) { reread.ids.append(id) }
        reread.cursor = cursor ?? reread.cursor
        pull.reread = reread
    }

    private func tookReread(_ pull: inout PullState, _ page: AnswerPage, _ flight: Flight, _ ask: PullAsk) throws {
        guard case .reread(let asked) = ask, var reread = pull.reread else { return }
        for row in page.rows {
            guard let new = row.updatedAt, let old = try baseUpdatedAt(pull.query.table, row.id),
                new.precedesInBytes(old), try tx.settledMark(pull.query.table, row.id) ?? 0 <= flight.mark
            else { continue }
            // Asked for later and yet older: the server went back, so other rows may have gone back unseen.
            pull.wantsFull = true
        }
        let received = try receive(page, &pull, flight, isFresh: true)
        reread.attempts += 1
        reread.ids.removeAll { id in
            asked.contains { $0.hasSameBytes(as: id) } && !received.setAside.contains { $0.hasSameBytes(as: id) }
        }
        // A record that is written all the time brings its state with each answer.
        if reread.ids.isEmpty || reread.attempts >= configuration.rereadAttempts {
            if let cursor = reread.cursor { pull.progress.cursor = cursor }
            pull.reread = nil
        } else {
            pull.reread = reread
        }
    }

    // MARK: Resting

    /// A subscription has nothing more to ask until its next poll.
    func rest(_ pull: inout PullState) {
        pull.phase = .idle
        pull.interval =
            pull.isActive ? configuration.pollFloor : min(pull.interval + pull.interval / 2, configuration.pollCeiling)
        pull.isActive = false
        pull.comparisons = 0
        // Devices that began together don't ask together; no poll comes later than the longest interval.
        let jitter = pull.interval * Double.random(in: 0...configuration.pollJitter, using: &random)
        let isLongest = pull.interval >= configuration.pollCeiling
        pull.due = now.advanced(
            by: isLongest ? max(pull.interval - jitter, configuration.pollFloor) : pull.interval + jitter)
        if pull.reading == .askedAgain {
            pull.reading = .unread
            pull.mustRead = true
            pull.due = now
        } else if !pull.mustRead || pull.progress.cursor == nil {
            // Without a cursor nothing was there to be read.
            pull.reading = .complete
        }
    }
}

extension PullState {
    /// The server's clock went back: rows are stamped from there again.
    mutating func clockWentBack(to moment: Timestamp) {
        progress.drainedAt = min(progress.drainedAt ?? moment, moment)
        isSettled = false
        mustRead = true
    }
}

extension PullRound {
    /// How many of the rows seen are at or past a moment.
    func rowCount(from bound: String) -> Int { moments.values.count { !$0.precedesInBytes(bound) } }
}
