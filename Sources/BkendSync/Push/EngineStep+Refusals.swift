import BkendWire

/// Refusals that may not be an entry's own fault.
extension EngineStep {
    /// The server refuses whatever is sent to a table.
    func pauseTable(_ table: String, _ error: ErrorBody) {
        pause(PushPlace(table: table), .refused(error.code))
    }

    /// - Parameter entry: the one that was refused last.
    func pause(_ place: PushPlace, _ reason: PauseReason, by entry: Int64 = 0) {
        let attempts = (state.push.places[place].pause?.attempts ?? 0) + 1
        state.push.places[place].pause = PlaceMemory.Pause(
            reason: reason, until: backoff(attempts + 1), attempts: attempts, tried: entry)
    }

    /// A write of a table was accepted: nothing of its kind waits as a whole any more.
    func accepted(_ entry: OutboxEntry) {
        state.push.places[PushPlace(table: entry.table)].pause = nil
        let place = PushPlace(table: entry.table, kind: entry.kind)
        state.push.places[place].pause = nil
        state.push.places[place].denied = []
        if state.push.entries[entry.sequence].parking != nil { unpark(place) }
        state.push.entries.forget(entry.sequence)
    }

    /// This user may not do it. One or two such entries are at fault themselves, once a second attempt says the same;
    /// several in a row mean that the permission is gone, and then none of those that wait is a dead letter. One that
    /// waits alone is: the app must hear of it.
    func denied(_ entry: OutboxEntry, _ error: ErrorBody) throws {
        if try tx.owner.isEmpty { return try deniedToGuest(entry, error) }
        let place = PushPlace(table: entry.table, kind: entry.kind)
        var streak = state.push.places[place].denied
        let wasDenied = state.push.entries[entry.sequence].wasDenied
        state.push.entries[entry.sequence].wasDenied = true
        if !streak.contains(entry.sequence) { streak.append(entry.sequence) }
        state.push.places[place].denied = streak
        let waitsAlone = try !tx.hasOthersWaiting(beside: entry)
        if streak.count >= configuration.refusalsBeforePause, !(wasDenied && waitsAlone) {
            try again(entry.sequence, .denied(error))
            return pause(place, .refused(error.code), by: entry.sequence)
        }
        if wasDenied {
            // The streak stays: a third record that is refused still says that it isn't this one's fault.
            try tx.fail(entry.sequence, because: EntryFailure(error))
            state.push.entries.forget(entry.sequence)
            if waitsAlone { state.push.places[place].pause = nil }
        } else {
            try again(entry.sequence, .denied(error))
        }
    }

    /// An entry is at fault itself.
    func rejected(_ entry: OutboxEntry, _ error: ErrorBody) throws {
        learnAgain(entry.table)
        try tx.fail(entry.sequence, because: EntryFailure(error))
        state.push.places[PushPlace(table: entry.table)].pause = nil
        state.push.entries.forget(entry.sequence)
    }

    /// What is common to all writes. False when the fate is the kind's own business.
    func takeCommon(_ fate: WriteFate, _ entry: OutboxEntry, _ verdict: Verdict) throws -> Bool {
        switch fate {
        case .refresh where try tx.owner.isEmpty:
            // Without a session there is none to refresh.
            guard case .unauthorized(let error) = verdict else { return false }
            try deniedToGuest(entry, error)
        case .again, .refresh, .enginePaused, .refused: try again(entry.sequence, verdict)
        case .tablePaused(let error):
            try again(entry.sequence, verdict)
            pauseTable(entry.table, error)
        case .ambiguous: try ambiguous(entry.sequence, verdict)
        case .rejected(let error): try rejected(entry, error)
        case .denied(let error): try denied(entry, error)
        case .applied, .duplicate, .gone: return false
        }
        return true
    }
}
