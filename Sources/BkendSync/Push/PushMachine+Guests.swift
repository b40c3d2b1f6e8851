import BkendWire

/// What the server doesn't let a guest write waits: signing in mends it, so none of it is a dead letter.
extension PushMachine {
    /// A guest may not do it. One or two refused entries of a kind wait for themselves, since others may say something
    /// that is permitted; once several in a row were refused, the kind waits as a whole, and one at a time is tried.
    mutating func deniedToGuest(_ entry: OutboxEntry, _ error: ErrorBody, _ turn: inout EngineTurn<some PushStore>)
        throws
    {
        let place = PushPlace(table: entry.table, kind: entry.kind)
        var streak = places[place].denied
        if !streak.contains(entry.sequence), streak.count < turn.configuration.refusalsBeforePause {
            streak.append(entry.sequence)
        }
        places[place].denied = streak
        let until = turn.now.advanced(
            by: turn.configuration.guestProbe / 2 * (1 + Double.random(in: 0...1, using: &turn.shared.random)))
        if try putBack(entry.sequence, EntryFailure(error), &turn) {
            // One that stays in doubt is settled by reading, which doesn't look at what is parked.
            entries[entry.sequence].wait = RetryWait(until: until)
        }
        let reason = PauseReason.guestRefused(error.code)
        if streak.count < turn.configuration.refusalsBeforePause {
            entries[entry.sequence].parking = EntryMemory.Parking(place: place, reason: reason, until: until)
        } else {
            unpark(place)
            let attempts = (places[place].pause?.attempts ?? 0) + 1
            places[place].pause = PlaceMemory.Pause(
                reason: reason, until: until, attempts: attempts, tried: entry.sequence)
        }
    }

    /// Lets the entries of a place go that wait for themselves.
    mutating func unpark(_ place: PushPlace) {
        entries.changeAll { if $0.parking?.place == place { $0.parking = nil } }
    }

    // MARK: The store becomes a user's

    /// What was refused to the owner before says nothing to the present one, who may also read other schemas.
    mutating func noteOwner(_ turn: inout EngineTurn<some PushStore>) throws {
        let owner = try turn.store.owner
        defer { self.owner = owner }
        guard let known = self.owner, !known.hasSameBytes(as: owner) else { return }
        forgetRefusals(at: turn.now)
        turn.shared.session.identityWait = nil
        turn.shared.tables.changeAll { table in
            table.isUnlistable = false
            table.isSpecAsked = false
            table.specWait = nil
        }
    }

    /// Whether an answer refuses something to the former owner of the store: it is asked again as the present one.
    mutating func isRefusedToFormerOwner(
        _ verdict: Verdict, _ flight: Flight, _ turn: inout EngineTurn<some PushStore>
    ) throws -> Bool {
        switch verdict {
        case .denied, .unauthorized: break
        default: return false
        }
        // What a pull asked for is begun anew with the subscription.
        if case .pull = flight.errand { return false }
        if try flight.request.user.hasSameBytes(as: turn.store.owner) { return false }
        for sequence in flight.request.entries where try putBack(sequence, verdict.failure, &turn) {
            entries[sequence].wait = nil
        }
        turn.shared.abandon(flight)
        return true
    }
}
