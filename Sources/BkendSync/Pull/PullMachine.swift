import BkendWire

/// The subscriptions' pulls: one question a table at a time, the ranges of a first pull aside; tables side by side.
struct PullMachine: Sendable {
    /// The pulls by the numbers of their subscriptions.
    private(set) var pulls: [Int64: SubscriptionPull] = [:]

    /// In the order of their numbers.
    var ordered: [SubscriptionPull] { pulls.values.sorted { $0.number < $1.number } }

    // MARK: What is asked next

    /// Sends what is due.
    mutating func plan(_ turn: inout EngineTurn<some PullStore>) throws {
        try load(turn)
        var busy = turn.shared.flights.pulledTables
        for number in pulls.keys.sorted() {
            guard var pull = pulls[number] else { continue }
            let table = pull.query.table
            if try turn.store.hasKeylessCreateOnItsWay(table) { continue }
            if try pull.ask(isTableBusy: busy.contains(table), &turn) { busy.insert(table) }
            pulls[number] = pull
        }
    }

    /// Brings the pulls in line with the store's subscriptions.
    private mutating func load(_ turn: EngineTurn<some PullStore>) throws {
        let subscriptions = try turn.store.subscriptions(of: nil)
        for number in pulls.keys where !subscriptions.contains(where: { $0.number == number }) { pulls[number] = nil }
        let owner = try turn.store.owner
        for subscription in subscriptions {
            let query = SubscriptionQuery(table: subscription.table, filter: subscription.filter)
            if let known = pulls[subscription.number], known.isOf(owner) {
                // A filter that names a local id changes its spelling, not its meaning.
                pulls[subscription.number]?.query = query
                // The app may have said its word meanwhile.
                pulls[subscription.number]?.progress.mayRemoveMost = subscription.progress.mayRemoveMost
                continue
            }
            pulls[subscription.number] = SubscriptionPull(
                number: subscription.number, user: owner, query: query, progress: subscription.progress, due: turn.now,
                interval: turn.configuration.pollFloor)
        }
    }

    // MARK: Answers

    /// Takes the answer to what a subscription asked.
    mutating func answered(
        _ number: Int64, _ ask: PullAsk, _ verdict: Verdict, _ flight: Flight, date: Timestamp?,
        _ turn: inout EngineTurn<some PullStore>
    ) throws {
        guard var pull = pulls[number] else { return }
        // The app has ended the subscription, or given the store to a user, and the engine wasn't told yet.
        guard let subscription = try turn.store.subscription(number), try pull.isOf(turn.store.owner) else {
            pulls[number] = nil
            return
        }
        // The app may have said its word meanwhile.
        pull.progress.mayRemoveMost = subscription.progress.mayRemoveMost
        try pull.answered(ask, verdict, flight, date: date, &turn)
        pulls[number] = pull
    }

    /// An answer to what a subscription asked is not coming, or came to nothing.
    mutating func abandon(_ number: Int64, _ ask: PullAsk) { pulls[number]?.abandon(ask) }

    // MARK: What others find

    /// The app wants everything read now. A subscription that waits for an answer may have been answered before.
    mutating func readAll(at now: SyncInstant, asking: Set<Int64>) {
        changeAll { pull in
            pull.due = now
            pull.mustRead = true
            pull.reading = asking.contains(pull.number) ? .askedAgain : .unread
        }
    }

    /// All are due.
    mutating func poll(at now: SyncInstant) { changeAll { $0.due = now } }

    /// Everything is compared; of all tables or of one.
    mutating func compareFully(_ table: String? = nil) {
        changeAll { if table == nil || $0.query.table == table { $0.wantsFull = true } }
    }

    /// What was passed over of a table is read again.
    mutating func readAgain(_ table: String) {
        changeAll { if $0.query.table == table { $0.mustRead = true } }
    }

    /// Notes the server's time. When it goes back, rows written since then bear stamps below the cursor: every
    /// subscription reads from there again.
    mutating func noteClock(_ date: Timestamp, askedAt: SyncInstant, _ turn: inout EngineTurn<some PullStore>) {
        if let (last, at) = turn.shared.serverClock,
            last.milliseconds - date.milliseconds > turn.configuration.overlap.milliseconds
        {
            // An answer that was overtaken on its way is no clock that went back.
            if askedAt < at { return }
            let since = date.milliseconds - at.duration(to: turn.now).milliseconds
            changeAll { $0.clockWentBack(to: Timestamp(clamping: since)) }
        }
        turn.shared.serverClock = (date, turn.now)
    }

    private mutating func changeAll(_ change: (inout SubscriptionPull) -> Void) {
        for index in pulls.indices { change(&pulls.values[index]) }
    }
}
