import BkendWire

/// Refusals that may not be an entry's own fault.
extension PushMachine {
    /// The server refuses whatever is sent to a table.
    mutating func pauseTable(_ table: String, _ error: ErrorBody, _ turn: inout EngineTurn<some PushStore>) {
        pause(PushPlace(table: table), .refused(error.code), &turn)
    }

    /// - Parameter entry: the one that was refused last.
    mutating func pause(
        _ place: PushPlace, _ reason: PauseReason, by entry: Int64 = 0, _ turn: inout EngineTurn<some PushStore>
    ) {
        let attempts = (places[place].pause?.attempts ?? 0) + 1
        places[place].pause = PlaceMemory.Pause(
            reason: reason, until: turn.backoff(attempts + 1), attempts: attempts, tried: entry)
    }

    /// A write of a table was accepted: nothing of its kind waits as a whole any more.
    mutating func accepted(_ entry: OutboxEntry) {
        places[PushPlace(table: entry.table)].pause = nil
        let place = PushPlace(table: entry.table, kind: entry.kind)
        places[place].pause = nil
        places[place].denied = []
        if entries[entry.sequence].parking != nil { unpark(place) }
        entries.forget(entry.sequence)
    }

    /// This user may not do it. One or two such entries are at fault themselves, once a second attempt says the same;
    /// several in a row mean that the permission is gone, and then none of those that wait is a dead letter. One that
    /// waits alone is: the app must hear of it.
    mutating func denied(_ entry: OutboxEntry, _ error: ErrorBody, _ turn: inout EngineTurn<some PushStore>) throws {
        if try turn.store.owner.isEmpty { return try deniedToGuest(entry, error, &turn) }
        let place = PushPlace(table: entry.table, kind: entry.kind)
        var streak = places[place].denied
        let wasDenied = entries[entry.sequence].wasDenied
        entries[entry.sequence].wasDenied = true
        if !streak.contains(entry.sequence) { streak.append(entry.sequence) }
        places[place].denied = streak
        let waitsAlone = try !turn.store.hasOthersWaiting(beside: entry)
        if streak.count >= turn.configuration.refusalsBeforePause, !(wasDenied && waitsAlone) {
            try again(entry.sequence, .denied(error), &turn)
            return pause(place, .refused(error.code), by: entry.sequence, &turn)
        }
        if wasDenied {
            // The streak stays: a third record that is refused still says that it isn't this one's fault.
            try turn.store.fail(entry.sequence, because: EntryFailure(error))
            entries.forget(entry.sequence)
            if waitsAlone { places[place].pause = nil }
        } else {
            try again(entry.sequence, .denied(error), &turn)
        }
    }

    /// An entry is at fault itself.
    mutating func rejected(_ entry: OutboxEntry, _ error: ErrorBody, _ turn: inout EngineTurn<some PushStore>) throws {
        turn.learnAgain(entry.table)
        try turn.store.fail(entry.sequence, because: EntryFailure(error))
        places[PushPlace(table: entry.table)].pause = nil
        entries.forget(entry.sequence)
    }

    /// What is common to all writes. False when the fate is the kind's own business.
    mutating func takeCommon(
        _ fate: WriteFate, _ entry: OutboxEntry, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>
    ) throws -> Bool {
        switch fate {
        case .refresh where try turn.store.owner.isEmpty:
            // Without a session there is none to refresh.
            guard case .unauthorized(let error) = verdict else { return false }
            try deniedToGuest(entry, error, &turn)
        case .again, .refresh, .enginePaused, .refused: try again(entry.sequence, verdict, &turn)
        case .tablePaused(let error):
            try again(entry.sequence, verdict, &turn)
            pauseTable(entry.table, error, &turn)
        case .ambiguous: try ambiguous(entry.sequence, verdict, &turn)
        case .rejected(let error): try rejected(entry, error, &turn)
        case .denied(let error): try denied(entry, error, &turn)
        case .applied, .duplicate, .gone: return false
        }
        return true
    }
}
