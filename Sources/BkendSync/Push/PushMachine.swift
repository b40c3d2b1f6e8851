import BkendWire

/// The writes of the outbox: which is sent when, and what answers mean to them.
struct PushMachine: Sendable {
    /// Whose store it was when it was looked at last; nil before.
    var owner: String?
    /// When the engine began to lead: the earliest moment that an ambiguous entry's answer can have been lost.
    private(set) var startedAt = SyncInstant.zero
    /// The number of the newest entry that was looked at: one with a greater number that was sent came from elsewhere.
    var newestEntry: Int64 = 0
    /// Local writes wait until then for more of them.
    var notBefore: SyncInstant?
    /// What is remembered of entries.
    var entries = Memories<Int64, EntryMemory>()
    /// What is remembered of tables' writes.
    var places = Memories<PushPlace, PlaceMemory>()
    /// Records whose later entries wait until a server can't be at an earlier request any more.
    var holds: [RecordKey: SyncInstant] = [:]
    /// Rows that should not be on the server, before they are deleted.
    var guarding = DeletionGuard()

    /// The push of an engine that doesn't lead.
    init() {}

    /// The push of an engine that begins to lead.
    init(_ turn: inout EngineTurn<some PushStore>) throws {
        startedAt = turn.now
        // What was sent before counts as lost at the start.
        newestEntry = try turn.store.newestEntry
        try restoreHolds(&turn)
    }

    // MARK: What the app says

    /// Waits a little for more writes; the first one sets the moment.
    mutating func noteLocalWrite(_ turn: EngineTurn<some PushStore>) {
        if notBefore == nil { notBefore = turn.now.advanced(by: turn.configuration.debounce) }
    }

    /// Nothing waits any longer, for whatever reason.
    mutating func tryNow(at now: SyncInstant) {
        notBefore = nil
        entries.changeAll { memory in
            memory.wait?.until = now
            memory.parking?.until = now
        }
        places.changeAll { $0.pause?.until = now }
    }

    // MARK: What is not known

    /// What was in flight is ambiguous at once, so that the next leader need not wait for it.
    func stop(_ turn: inout EngineTurn<some PushStore>) throws {
        for flight in turn.shared.flights.all where flight.request.operation.isWrite {
            for sequence in flight.request.entries where try turn.store.entry(sequence)?.state == .inFlight {
                try turn.store.markAmbiguous(
                    sequence, EntryFailure(code: "stopped", message: "syncing was stopped"))
            }
        }
    }

    /// An answer couldn't be kept because the store couldn't write: the request may have been applied.
    mutating func orphan(_ sequence: Int64, _ turn: inout EngineTurn<some PushStore>) throws {
        guard try turn.store.entry(sequence)?.state == .inFlight else { return }
        try turn.store.markAmbiguous(
            sequence, EntryFailure(code: "storeFailed", message: "the response couldn't be stored"))
        entries[sequence].lostAt = turn.now
    }

    // MARK: What others find

    /// Takes what rows turned out to be, beside being stored.
    mutating func take(_ received: Received, table: String, _ turn: inout EngineTurn<some PushStore>) {
        for sequence in received.adopted + received.calledOff { entries.forget(sequence) }
        for twin in received.twins {
            guarding.suspect(
                RecordKey(table, twin.id), copyOf: twin.original, isShared: twin.isShared, at: turn.now)
        }
        for id in received.cancelled { guarding.suspect(RecordKey(table, id), copyOf: nil, at: turn.now) }
        if !received.malformed.isEmpty { turn.fail("list", table: table, "a row in the response isn't a record") }
    }

    /// The record of some entries has another id by now: what was read under the former one doesn't count.
    mutating func renamed(_ sequences: [Int64]) { for sequence in sequences { entries[sequence].copy = nil } }
}

// MARK: What waits

extension PushMachine {
    /// The moments at which something that waits is due.
    var moments: [SyncInstant] {
        var moments = notBefore.map { [$0] } ?? []
        moments += entries.all.compactMap(\.wait?.until)
        moments += entries.all.compactMap(\.parking?.until)
        moments += holds.values
        moments += places.all.compactMap(\.pause?.until)
        moments += guarding.suspects.values.map(\.due)
        return moments
    }

    /// The entries that wait by themselves, in order.
    var parked: [(sequence: Int64, parking: EntryMemory.Parking)] {
        entries.byKey.compactMap { sequence, memory in memory.parking.map { (sequence, $0) } }.sorted { $0.0 < $1.0 }
    }

    /// What waits as a whole or in part, and until when the first of it is tried.
    var pauses: [PushPlace: PlaceMemory.Pause] {
        let whole = places.byKey.compactMapValues(\.pause)
        return parked.reduce(into: whole) { all, parked in
            let known = all[parked.parking.place]
            if let known, known.until <= parked.parking.until { return }
            all[parked.parking.place] = PlaceMemory.Pause(
                reason: known?.reason ?? parked.parking.reason, until: parked.parking.until,
                attempts: known?.attempts ?? 0)
        }
    }

    /// Forgets what the server said to a user that isn't the store's any more.
    mutating func forgetRefusals(at now: SyncInstant) {
        places = Memories()
        entries.changeAll { memory in
            memory.parking = nil
            memory.wasDenied = false
            memory.unreadableAt = nil
            memory.wait?.until = now
        }
    }
}
