import BkendWire

/// Answers to what a subscription asked.
extension SubscriptionPull {
    mutating func answered(
        _ ask: PullAsk, _ verdict: Verdict, _ flight: Flight, date: Timestamp?, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        let limit = flight.rowLimit(turn.configuration)
        guard case .done(.page(let page)) = verdict else {
            if case .lost = verdict, attempts > 0 { turn.shrinkPages(of: query.table, from: limit) }
            if case .pageTooLarge(let error) = verdict, turn.shrinkPages(of: query.table, from: limit, to: error) {
                // The question goes out again, for fewer rows.
                return askAgain(ask)
            }
            return try failed(ask, verdict, &turn)
        }
        if ask.isForRows, !ask.isAnswered(by: page) {
            let flaw = "the page has rows that weren't requested"
            turn.fail("pull", table: query.table, flaw)
            return try failed(ask, .foreign(status: 200, flaw), &turn)
        }
        if ask.isForRows { turn.growPages(of: query.table) }
        attempts = 0
        progress.refusal = nil
        switch ask {
        case .first(let first): try tookFirst(first, page, flight, date: date, &turn)
        case .round: try tookRound(page, flight, date: date, &turn)
        case .reread(let ids): try tookReread(ids, page, flight, &turn)
        case .newest, .overlap, .split: try tookCount(ask, page, flight, &turn)
        case .bisect(let question): try tookBisect(question, page, flight, &turn)
        case .full(let range): try tookFull(range, page, flight, date: date, &turn)
        }
        // The subscription may have been ended by what the rows did; then there is nothing to keep.
        if try turn.store.subscription(number) != nil { try turn.store.setProgress(progress, of: number) }
    }

    /// No page: nothing is applied, nothing is removed, no cursor moves.
    private mutating func failed(
        _ ask: PullAsk, _ verdict: Verdict, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        askAgain(ask)
        attempts += 1
        switch verdict {
        case .denied: try restLong(.denied, turn)
        case .rejected(let error), .pageTooLarge(let error), .tableRefused(let error):
            try restLong(.query(error.code.rawValue), turn)
        case .tooLong:
            if case .reread(let ids) = ask, ids.count > 1 {
                turn.shared.tables[query.table].idLimit = max(1, ids.count / 2)
            } else {
                try restLong(.query("the filter makes the URL too long for the server"), turn)
            }
        case .tooMany, .unauthorized, .engineRefused, .refused: break
        default: due = turn.backoff(attempts)
        }
    }

    /// The server refuses the list: it is asked again seldom, from the beginning.
    private mutating func restLong(_ refusal: PullProgress.Refusal, _ turn: EngineTurn<some PullStore>) throws {
        progress.refusal = refusal
        if case .first = activity {} else { activity = .idle }
        reread = nil
        massLeaving = nil
        mustRead = true
        due = turn.now.advanced(by: turn.configuration.pollCeiling)
        try turn.store.setProgress(progress, of: number)
    }

    // MARK: Rows

    /// Stores the rows of a page; the ids that are to be read again.
    mutating func receive(
        _ page: AnswerPage, _ flight: Flight, isFresh: Bool = false, _ turn: inout EngineTurn<some PullStore>
    ) throws -> Received {
        let received = try turn.store.receive(
            page.rows, table: query.table, subscription: number, askedAt: turn.rules.askedAt(flight.mark),
            isFresh: isFresh)
        if received.changed > 0 { isActive = true }
        turn.note(.received(received, table: query.table))
        return received
    }

    private mutating func tookFirst(
        _ ask: FirstPull.Ask, _ page: AnswerPage, _ flight: Flight, date: Timestamp?,
        _ turn: inout EngineTurn<some PullStore>
    ) throws {
        guard case .first(var first, let startedAt) = activity else { return }
        if case .rows = ask {
            let received = try receive(page, flight, &turn)
            setAside(received.setAside, cursor: nil)
        }
        first.take(page, for: ask, limit: flight.rowLimit(turn.configuration), date: date)
        activity = .first(first, startedAt: startedAt)
        guard first.isComplete else { return }
        // What was written meanwhile is behind the newest row of before.
        progress.cursor = first.cursor
        progress.drainedAt = first.began
        progress.comparedAt = progress.comparedAt ?? first.began
        progress.isFilled = true
        activity = first.cursor == nil ? .totals(.newest) : .round(newRound(turn))
    }

    private mutating func tookRound(
        _ page: AnswerPage, _ flight: Flight, date: Timestamp?, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        guard case .round(var round) = activity else { return }
        let next = round.take(page, date: date)
        if case .malformed(let flaw) = next {
            turn.fail("pull", table: query.table, "the page doesn't match the request: \(flaw)")
            activity = .idle
            attempts += 1
            due = turn.backoff(attempts)
            return
        }
        let received = try receive(page, flight, &turn)
        let cursor = turn.rules.cursor(reread?.cursor ?? progress.cursor, page.rows)
        if received.setAside.isEmpty {
            progress.cursor = cursor
        } else {
            setAside(received.setAside, cursor: cursor)
        }
        activity = .round(round)
        guard next == .drained else { return }
        progress.drainedAt = round.began ?? progress.drainedAt
        mustRead = false
        noteOverlap(round, cursor: cursor, turn)
        activity = .totals(.newest)
    }

    /// What the next overlap must hold, and whether it needs to be read once more.
    private mutating func noteOverlap(_ round: PullRound, cursor: String?, _ turn: EngineTurn<some PullStore>) {
        overlap = nil
        guard let cursor else { return }
        let bound = turn.rules.lowerBound(cursor, progress.drainedAt, turn.configuration.overlap)
        if let from = round.bound, bound.precedesInBytes(from) { return }
        overlap = Overlap(bound: bound, count: round.rowCount(from: bound))
        guard let reached = Timestamp(cursor), let began = round.began else { return }
        isSettled = began.milliseconds - reached.milliseconds > turn.configuration.overlap.milliseconds
    }

    // MARK: Rows set aside

    /// Rows that may be older than what is here are read again by id before the cursor passes them.
    mutating func setAside(_ ids: [String], cursor: String?) {
        if ids.isEmpty { return }
        var reread = reread ?? Reread(ids: [])
        for id in ids where !reread.ids.contains(where: { $0.hasSameBytes(as: id) }) { reread.ids.append(id) }
        reread.cursor = cursor ?? reread.cursor
        self.reread = reread
    }

    private mutating func tookReread(
        _ asked: [String], _ page: AnswerPage, _ flight: Flight, _ turn: inout EngineTurn<some PullStore>
    ) throws {
        guard var reread else { return }
        for row in page.rows {
            guard let new = row.updatedAt, let old = try turn.store.baseUpdatedAt(query.table, row.id),
                new.precedesInBytes(old), try turn.store.settledMark(query.table, row.id) ?? 0 <= flight.mark
            else { continue }
            // Asked for later and yet older: the server went back, so other rows may have gone back unseen.
            wantsFull = true
        }
        let received = try receive(page, flight, isFresh: true, &turn)
        reread.attempts += 1
        reread.ids.removeAll { id in
            asked.contains { $0.hasSameBytes(as: id) } && !received.setAside.contains { $0.hasSameBytes(as: id) }
        }
        // A record that is written all the time brings its state with each answer.
        if reread.ids.isEmpty || reread.attempts >= turn.configuration.rereadAttempts {
            if let cursor = reread.cursor { progress.cursor = cursor }
            self.reread = nil
        } else {
            self.reread = reread
        }
    }

    // MARK: Resting

    /// A subscription has nothing more to ask until its next poll.
    mutating func rest(_ turn: inout EngineTurn<some PullStore>) {
        let configuration = turn.configuration
        activity = .idle
        interval = isActive ? configuration.pollFloor : min(interval + interval / 2, configuration.pollCeiling)
        isActive = false
        comparisons = 0
        // Devices that began together don't ask together; no poll comes later than the longest interval.
        let jitter = interval * Double.random(in: 0...configuration.pollJitter, using: &turn.shared.random)
        let isLongest = interval >= configuration.pollCeiling
        due = turn.now.advanced(
            by: isLongest ? max(interval - jitter, configuration.pollFloor) : interval + jitter)
        if reading == .askedAgain {
            reading = .unread
            mustRead = true
            due = turn.now
        } else if !mustRead || progress.cursor == nil {
            // Without a cursor nothing was there to be read.
            reading = .complete
        }
    }
}

extension PullRound {
    /// How many of the rows seen are at or past a moment.
    func rowCount(from bound: String) -> Int { moments.values.count { !$0.precedesInBytes(bound) } }
}
