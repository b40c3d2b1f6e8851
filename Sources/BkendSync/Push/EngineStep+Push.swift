import BkendWire

/// Which entries are sent now.
extension EngineStep {
    /// Entries whose requests may have been applied: each is settled by reading, before anything else.
    func planSettling() throws {
        try forgetPast()
        let busy = turn.shared.flights.entries
        var lookups: [(table: String, entries: [Int64])] = []
        var changes: [(table: String, entries: [OutboxEntry])] = []
        var probed: Set<PushPlace> = []
        for entry in try tx.entries(state: .ambiguous) where !busy.contains(entry.sequence) && isDue(entry) {
            if entry.kind != .create {
                // What is read would be sent and refused again, as fast as the network allows.
                if isHeldBack(entry, &probed) { continue }
                if let copy = try takeCopy(of: entry) {
                    _ = try decide(entry, on: copy.row)
                } else if state.push.entries[entry.sequence].copy == nil {
                    changes.add(entry, to: entry.table)
                }
            } else if entry.clientKey != nil {
                lookups.add(entry.sequence, to: entry.table)
            } else if maySend {
                try settleKeyless(entry)
            }
        }
        for (table, entries) in lookups where maySend { try lookUp(table, entries) }
        for (table, entries) in changes { try read(table, entries) }
    }

    /// The first entries of their lanes.
    func planQueued() throws {
        if let moment = state.push.notBefore {
            if now < moment { return }
            state.push.notBefore = nil
        }
        let busy = turn.shared.flights.entries
        var slots = configuration.lanes - turn.shared.flights.writes
        let isStrict = configuration.lanes <= 1
        if isStrict, try tx.entries(state: .ambiguous, limit: 1).first != nil { return }
        var reads: [(table: String, entries: [OutboxEntry])] = []
        // What waits or is being read takes room in the list without using a slot.
        let waiting = state.push.entries.all.count { $0.wait != nil } + state.push.holds.count + busy.count
        let limit = isStrict ? 1 : configuration.candidatesPerLane * configuration.lanes + waiting
        var probed: Set<PushPlace> = []
        for entry in try tx.sendable(limit: limit, skipping: skipped()) {
            if slots <= 0 { break }
            guard !busy.contains(entry.sequence), isDue(entry), try isOurs(entry) else { continue }
            if let hold = state.push.holds[RecordKey(entry.table, entry.record)], hold > now { continue }
            if isHeldBack(entry, &probed) { continue }
            switch entry.kind {
            case .create:
                guard maySend, try entry.clientKey == nil || isLearnt(entry.table) else { continue }
                if try sendCreate(entry) { slots -= 1 }
            case .update, .delete:
                if let copy = try takeCopy(of: entry) {
                    guard maySend else { continue }
                    if try decide(entry, on: copy.row) { slots -= 1 }
                } else if state.push.entries[entry.sequence].unreadableAt != nil {
                    guard maySend else { continue }
                    try sendBlind(entry)
                    slots -= 1
                } else if state.push.entries[entry.sequence].copy == nil {
                    reads.add(entry, to: entry.table)
                }
            }
        }
        for (table, entries) in reads { try read(table, entries) }
    }

    // MARK: Whose turn it is

    /// What is paused takes no room in the list of what may be sent. Once it is tried again, the next entry is, and after
    /// the last the first: the one that was refused would say the same for ever, and hold up others that are permitted.
    private func skipped() throws -> [SendableSkip] {
        let parked = state.push.parked.filter { $0.parking.until > now }.map {
            SendableSkip(table: $0.parking.place.table, entry: $0.sequence)
        }
        return try parked
            + state.push.places.byKey.keys.sorted().compactMap { place in
                guard let pause = state.push.places[place].pause else { return nil }
                if pause.until > now { return SendableSkip(table: place.table, kind: place.kind) }
                guard let kind = place.kind, try tx.hasQueued(place.table, kind, after: pause.tried) else { return nil }
                return SendableSkip(table: place.table, kind: kind, through: pause.tried)
            }
    }

    private func isDue(_ entry: OutboxEntry) -> Bool {
        guard let wait = state.push.entries[entry.sequence].wait else { return true }
        return wait.until <= now
    }

    private func isOurs(_ entry: OutboxEntry) throws -> Bool {
        rules.maySend(entry.user, turn.shared.session.user, try tx.owner)
    }

    /// The pause that an entry is under; the table's whole one first.
    func pause(of entry: OutboxEntry) -> PushPlace? {
        [PushPlace(table: entry.table), PushPlace(table: entry.table, kind: entry.kind)].first {
            state.push.places[$0].pause != nil
        }
    }

    /// Whether an entry waits for a pause to end. Of what is paused one entry goes out to see whether the reason is gone.
    private func isHeldBack(_ entry: OutboxEntry, _ probed: inout Set<PushPlace>) -> Bool {
        guard let place = pause(of: entry) else { return false }
        return isProbed(place) || !probed.insert(place).inserted
    }

    /// Whether a paused place isn't to be tried yet, or is being tried.
    private func isProbed(_ place: PushPlace) -> Bool {
        if let pause = state.push.places[place].pause, pause.until > now { return true }
        return turn.shared.flights.all.contains { item in
            guard item.request.operation.table == place.table, !item.request.entries.isEmpty else {
                return false
            }
            // A place of one kind is tried by that kind's own requests, and by the reads that come before them.
            switch (place.kind, item.request.operation) {
            case (.create?, .create), (.update?, .update), (.delete?, .delete), (nil, _): return true
            case (.update?, .list), (.update?, .record), (.delete?, .list), (.delete?, .record): return true
            default: return false
            }
        }
    }

    /// Forgets what was read too long ago to be decided on, while the engine was paused for example.
    private func forgetPast() throws {
        let count = state.push.holds.count
        state.push.holds = state.push.holds.filter { $0.value > now }
        if state.push.holds.count != count { try storeHolds() }
        let lifetime = configuration.copyLifetime
        state.push.entries.changeAll { [now] memory in
            if let copy = memory.copy, copy.at.duration(to: now) > lifetime { memory.copy = nil }
            if let moment = memory.unreadableAt, moment.duration(to: now) > lifetime { memory.unreadableAt = nil }
        }
    }

    // MARK: Waiting

    /// Lets an entry wait after a failure.
    func wait(_ sequence: Int64) {
        state.push.entries[sequence].wait = later(state.push.entries[sequence].wait)
    }

    /// Queues an entry again whose request certainly did nothing, and says when it may go out.
    func again(_ sequence: Int64, _ verdict: Verdict) throws {
        guard try putBack(sequence, verdict.failure) else { return }
        switch verdict {
        // The gate, or the session, says when.
        case .tooMany, .unauthorized, .engineRefused, .tableRefused, .refused: break
        default: wait(sequence)
        }
    }

    /// Takes an entry back whose request certainly did nothing; false where it isn't on its way. Of a change that was sent
    /// before, and whose answer was lost then, that says nothing about the earlier copy: it stays in doubt, so that a
    /// policy is told.
    func putBack(_ sequence: Int64, _ failure: EntryFailure) throws -> Bool {
        guard let entry = try tx.entry(sequence), entry.state == .inFlight else { return false }
        if entry.kind == .update, state.push.entries[sequence].lostAt != nil {
            try tx.markAmbiguous(sequence, failure)
        } else {
            try tx.requeue(sequence, after: failure)
        }
        state.push.entries[sequence].copy = nil
        return true
    }

    /// Nobody knows whether an entry was applied.
    func ambiguous(_ sequence: Int64, _ verdict: Verdict) throws {
        guard try tx.entry(sequence)?.state == .inFlight else { return }
        try tx.markAmbiguous(sequence, verdict.failure)
        state.push.entries[sequence].lostAt = now
        state.push.entries[sequence].copy = nil
        wait(sequence)
    }

    /// An entry that was sent before in vain is done: a delayed copy of its request may still arrive and undo what later
    /// entries of the record set, so these wait until a server can't be at it any more.
    func holdLane(of entry: OutboxEntry) throws {
        guard entry.state == .ambiguous || state.push.entries[entry.sequence].lostAt != nil else { return }
        let until = lostAt(entry.sequence).advanced(by: configuration.serverTimeout)
        guard until > now else { return }
        state.push.holds[RecordKey(entry.table, entry.record)] = until
        try storeHolds()
    }

    /// When an ambiguous entry's answer was lost, at the latest.
    func lostAt(_ sequence: Int64) -> SyncInstant { state.push.entries[sequence].lostAt ?? state.startedAt }
}

extension PushPlace {
    init(table: String) { self.init(table: table, kind: nil) }
}

extension Verdict {
    /// As an entry remembers it.
    var failure: EntryFailure {
        switch self {
        case .rejected(let error), .pageTooLarge(let error), .denied(let error), .unauthorized(let error),
            .tableRefused(let error),
            .engineRefused(let error):
            EntryFailure(error)
        case .done: EntryFailure(code: "malformedAnswer", message: "the response doesn't match the request")
        case .missing: EntryFailure(code: ErrorCode.notFound.rawValue, message: "there is no such record", status: 404)
        case .tooMany: EntryFailure(code: ErrorCode.rateLimitExceeded.rawValue, message: "too many requests")
        case .tooLong: EntryFailure(code: "tooLong", message: "the URL is too long", status: 414)
        case .serverFailed(let status, _):
            EntryFailure(code: "serverFailed", message: "the server failed", status: status)
        case .foreign(let status, let message): EntryFailure(code: "foreignAnswer", message: message, status: status)
        case .notSent(let failure), .lost(let failure):
            EntryFailure(code: failure.kind.rawValue, message: failure.message)
        case .refused: EntryFailure(code: "notSent", message: "the write's user isn't signed in")
        }
    }
}

extension Array {
    /// Adds to the group of a table, groups in the order met.
    mutating func add<Member>(_ member: Member, to table: String) where Element == (table: String, entries: [Member]) {
        if let index = firstIndex(where: { $0.table == table }) {
            self[index].entries.append(member)
        } else {
            append((table, [member]))
        }
    }
}
