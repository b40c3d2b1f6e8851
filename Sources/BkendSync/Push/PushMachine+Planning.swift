import BkendWire

/// Which entries are sent now.
extension PushMachine {
    /// Entries whose requests may have been applied: each is settled by reading, before anything else.
    mutating func planSettling(_ turn: inout EngineTurn<some PushStore>) throws {
        try forgetPast(&turn)
        let busy = turn.shared.flights.entries
        var lookups: [(table: String, entries: [Int64])] = []
        var changes: [(table: String, entries: [OutboxEntry])] = []
        var probed: Set<PushPlace> = []
        for entry in try turn.store.entries(table: nil, state: .ambiguous, after: 0, limit: .max)
        where !busy.contains(entry.sequence) && isDue(entry, turn) {
            if entry.kind != .create {
                // What is read would be sent and refused again, as fast as the network allows.
                if isHeldBack(entry, &probed, turn) { continue }
                if let copy = try takeCopy(of: entry, &turn) {
                    _ = try decide(entry, on: copy.row, &turn)
                } else if entries[entry.sequence].copy == nil {
                    changes.add(entry, to: entry.table)
                }
            } else if entry.clientKey != nil {
                lookups.add(entry.sequence, to: entry.table)
            } else if turn.maySend {
                try settleKeyless(entry, &turn)
            }
        }
        for (table, entries) in lookups where turn.maySend { try lookUp(table, entries, &turn) }
        for (table, entries) in changes { try read(table, entries, &turn) }
    }

    /// The first entries of their lanes.
    mutating func planQueued(_ turn: inout EngineTurn<some PushStore>) throws {
        if let moment = notBefore {
            if turn.now < moment { return }
            notBefore = nil
        }
        let busy = turn.shared.flights.entries
        var slots = turn.configuration.lanes - turn.shared.flights.writes
        let isStrict = turn.configuration.lanes <= 1
        if isStrict, try turn.store.entries(table: nil, state: .ambiguous, after: 0, limit: 1).first != nil { return }
        var reads: [(table: String, entries: [OutboxEntry])] = []
        var lookups: [(table: String, entries: [Int64])] = []
        // What waits or is being read takes room in the list without using a slot.
        let waiting = entries.all.count { $0.wait != nil } + holds.count + busy.count
        let limit = isStrict ? 1 : turn.configuration.candidatesPerLane * turn.configuration.lanes + waiting
        var probed: Set<PushPlace> = []
        for entry in try turn.store.sendable(limit: limit, skipping: skipped(turn)) {
            if slots <= 0 { break }
            guard !busy.contains(entry.sequence), isDue(entry, turn), try isOurs(entry, turn) else { continue }
            if let hold = holds[RecordKey(entry.table, entry.record)], hold > turn.now { continue }
            if isHeldBack(entry, &probed, turn) { continue }
            switch entry.kind {
            case .create:
                guard turn.maySend, try entry.clientKey == nil || turn.isLearnt(entry.table) else { continue }
                if try mustLookUp(entry, turn) {
                    lookups.add(entry.sequence, to: entry.table)
                } else if try sendCreate(entry, &turn) {
                    slots -= 1
                }
            case .update, .delete:
                if let copy = try takeCopy(of: entry, &turn) {
                    guard turn.maySend else { continue }
                    if try decide(entry, on: copy.row, &turn) { slots -= 1 }
                } else if entries[entry.sequence].unreadableAt != nil {
                    guard turn.maySend else { continue }
                    try sendBlind(entry, &turn)
                    slots -= 1
                } else if entries[entry.sequence].copy == nil {
                    reads.add(entry, to: entry.table)
                }
            }
        }
        for (table, entries) in lookups where turn.maySend { try lookUp(table, entries, &turn) }
        for (table, entries) in reads { try read(table, entries, &turn) }
    }

    // MARK: Whose turn it is

    /// What is paused takes no room in the list of what may be sent. Once it is tried again, the next entry is, and after
    /// the last the first: the one that was refused would say the same for ever, and hold up others that are permitted.
    private func skipped(_ turn: EngineTurn<some PushStore>) throws -> [SendableSkip] {
        let parked = self.parked.filter { $0.parking.until > turn.now }.map {
            SendableSkip(table: $0.parking.place.table, entry: $0.sequence)
        }
        return try parked
            + places.byKey.keys.sorted().compactMap { place in
                guard let pause = places[place].pause else { return nil }
                if pause.until > turn.now { return SendableSkip(table: place.table, kind: place.kind) }
                guard let kind = place.kind, try turn.store.hasQueued(place.table, kind, after: pause.tried) else {
                    return nil
                }
                return SendableSkip(table: place.table, kind: kind, through: pause.tried)
            }
    }

    private func isDue(_ entry: OutboxEntry, _ turn: EngineTurn<some PushStore>) -> Bool {
        guard let wait = entries[entry.sequence].wait else { return true }
        return wait.until <= turn.now
    }

    private func isOurs(_ entry: OutboxEntry, _ turn: EngineTurn<some PushStore>) throws -> Bool {
        turn.rules.maySend(entry.user, turn.shared.session.user, try turn.store.owner)
    }

    /// The pause that an entry is under; the table's whole one first.
    private func pause(of entry: OutboxEntry) -> PushPlace? {
        [PushPlace(table: entry.table), PushPlace(table: entry.table, kind: entry.kind)].first {
            places[$0].pause != nil
        }
    }

    /// Whether an entry waits for a pause to end. Of what is paused one entry goes out to see whether the reason is gone.
    private func isHeldBack(
        _ entry: OutboxEntry, _ probed: inout Set<PushPlace>, _ turn: EngineTurn<some PushStore>
    ) -> Bool {
        guard let place = pause(of: entry) else { return false }
        return isProbed(place, turn) || !probed.insert(place).inserted
    }

    /// Whether a paused place isn't to be tried yet, or is being tried.
    private func isProbed(_ place: PushPlace, _ turn: EngineTurn<some PushStore>) -> Bool {
        if let pause = places[place].pause, pause.until > turn.now { return true }
        return turn.shared.flights.all.contains { item in
            guard item.request.operation.table == place.table, !item.request.entries.isEmpty else {
                return false
            }
            // A place of one kind is tried by that kind's own requests, and by the reads that come before them.
            switch (place.kind, item.request.operation) {
            case (.create?, .list): return item.errand.isLookup
            case (.create?, .create), (.update?, .update), (.delete?, .delete), (nil, _): return true
            case (.update?, .list), (.update?, .record), (.delete?, .list), (.delete?, .record): return true
            default: return false
            }
        }
    }

    /// Forgets what was read too long ago to be decided on, while the engine was paused for example.
    private mutating func forgetPast(_ turn: inout EngineTurn<some PushStore>) throws {
        let count = holds.count
        holds = holds.filter { $0.value > turn.now }
        if holds.count != count { try storeHolds(&turn) }
        let (now, lifetime) = (turn.now, turn.configuration.copyLifetime)
        func isPast(_ moment: SyncInstant?) -> Bool { moment.map { $0.duration(to: now) > lifetime } ?? false }
        // Changing copies all memories: the state before this event is kept until the transaction has succeeded.
        guard entries.all.contains(where: { isPast($0.copy?.at) || isPast($0.unreadableAt) }) else { return }
        entries.changeAll { memory in
            if isPast(memory.copy?.at) { memory.copy = nil }
            if isPast(memory.unreadableAt) { memory.unreadableAt = nil }
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
