import BkendWire

/// Updates and deletes, decided on the server's present copy.
extension PushMachine {
    /// Decides an entry on a copy and sends what is left to send; whether a request went out.
    mutating func decide(_ entry: OutboxEntry, on row: AnswerRow, _ turn: inout EngineTurn<some PushStore>) throws
        -> Bool
    {
        let theirs = try row.document()
        switch entry.kind {
        case .create: return false
        case .update: return try decideUpdate(entry, row, theirs, &turn)
        case .delete: return try decideDelete(entry, row, theirs, &turn)
        }
    }

    private mutating func decideUpdate(
        _ entry: OutboxEntry, _ row: AnswerRow, _ theirs: JSONObject, _ turn: inout EngineTurn<some PushStore>
    ) throws -> Bool {
        let plan = UpdatePlan(
            entry, theirs: theirs, policy: try turn.policy(of: entry), merge: turn.rules.merge)
        for conflict in plan.conflicts { try turn.report(conflict, of: entry, isMaybeApplied: plan.isMaybeApplied) }
        if plan.fields.isEmpty {
            try holdLane(of: entry, &turn)
            try turn.store.completeUpdate(entry.sequence, row: row.text)
            accepted(entry)
            return false
        }
        // What an earlier start had in flight may still arrive after it was sent again.
        if entry.state == .ambiguous { entries[entry.sequence].lostAt = lostAt(entry.sequence) }
        // A delayed copy of what was lost would undo a value that isn't the same.
        let isSame = plan.fields.says(sameAs: entry.fields)
        let base = try turn.store.baseText(entry.table, entry.record)
        // A conflict that was decided and reported is none at the next attempt.
        if entry.state == .ambiguous || !isSame || base != row.text || !plan.conflicts.isEmpty {
            try turn.store.rebase(entry.sequence, onto: row.text, fields: plan.fields)
        }
        guard let next = try turn.store.entry(entry.sequence), next.state == .queued else { return false }
        let body = JSON.object(next.fields).serialized()
        guard try mark(next, body: body, &turn) else { return false }
        try turn.send(
            .update(entry.sequence, asRead: row), .update(table: entry.table, id: entry.record), body: body,
            entries: [entry.sequence])
        return true
    }

    private mutating func decideDelete(
        _ entry: OutboxEntry, _ row: AnswerRow, _ theirs: JSONObject, _ turn: inout EngineTurn<some PushStore>
    ) throws -> Bool {
        let changes = DeletePlan.changes(entry, theirs: theirs)
        if !changes.isEmpty {
            let staysDeleted: Bool
            if case .serverWins = try turn.policy(of: entry) { staysDeleted = false } else { staysDeleted = true }
            try turn.report(deleteOf: entry, changes, isSent: staysDeleted)
            if !staysDeleted {
                try turn.store.rebase(entry.sequence, onto: row.text, fields: [:])
                accepted(entry)
                return false
            }
            try turn.store.retakeImage(ofDelete: entry.sequence, row: row.text)
        }
        if entry.state == .ambiguous { try turn.store.requeue(entry.sequence, after: nil) }
        guard let next = try turn.store.entry(entry.sequence), next.state == .queued else { return false }
        return try sendDelete(next, &turn)
    }

    private mutating func sendDelete(_ entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws -> Bool {
        guard try mark(entry, body: [], &turn) else { return false }
        try turn.send(
            .delete(entry.sequence), .delete(table: entry.table, id: entry.record), entries: [entry.sequence])
        return true
    }

    /// Sends an entry whose record can't be read.
    mutating func sendBlind(_ entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws {
        if entry.kind == .delete {
            _ = try sendDelete(entry, &turn)
            return
        }
        let body = JSON.object(entry.fields).serialized()
        guard try mark(entry, body: body, &turn) else { return }
        try turn.send(
            .update(entry.sequence, asRead: nil), .update(table: entry.table, id: entry.record), body: body,
            entries: [entry.sequence])
    }

    // MARK: Answers

    mutating func updated(
        _ sequence: Int64, _ verdict: Verdict, asRead: AnswerRow?, _ turn: inout EngineTurn<some PushStore>
    ) throws {
        guard let entry = try turn.store.entry(sequence) else { return }
        let fate = turn.rules.updateFate(verdict)
        if try takeCommon(fate, entry, verdict, &turn) { return }
        switch fate {
        case .applied(let row?):
            if let asRead { try turn.reportRace(entry, asRead: asRead.document(), answer: row.document()) }
            try holdLane(of: entry, &turn)
            try turn.store.completeUpdate(sequence, row: row.text)
            accepted(entry)
        case .gone: try goneElsewhere(entry, &turn)
        case .duplicate(let error): try rejected(entry, error, &turn)
        default: try ambiguous(sequence, verdict, &turn)
        }
    }

    mutating func deleted(_ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>) throws {
        guard let entry = try turn.store.entry(sequence) else { return }
        let fate = turn.rules.deleteFate(verdict)
        if try takeCommon(fate, entry, verdict, &turn) { return }
        switch fate {
        case .applied, .gone:
            guarding.noteDeletion(of: RecordKey(entry.table, entry.record), at: turn.now)
            try turn.store.completeDelete(sequence)
            accepted(entry)
        case .duplicate(let error): try rejected(entry, error, &turn)
        default: try ambiguous(sequence, verdict, &turn)
        }
    }

    /// The server says that the record is gone.
    mutating func goneElsewhere(_ entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws {
        if entry.kind == .delete {
            guarding.noteDeletion(of: RecordKey(entry.table, entry.record), at: turn.now)
            try turn.store.completeDelete(entry.sequence)
            return accepted(entry)
        }
        let policy = turn.configuration.policies.deletedElsewhere(table: entry.table)
        try turn.report(deletedElsewhere: entry, policy)
        if policy == .createAgain, try turn.store.recreate(entry.table, entry.record) { return accepted(entry) }
        for dropped in try turn.store.gone(entry.table, entry.record) { entries.forget(dropped.sequence) }
        accepted(entry)
    }
}
