import BkendDocuments
import BkendWire

/// Updates and deletes, decided on the server's present copy.
extension EngineStep {
    /// Decides an entry on a copy and sends what is left to send; whether a request went out.
    func decide(_ entry: OutboxEntry, on row: AnswerRow) throws -> Bool {
        let theirs = try row.document()
        switch entry.kind {
        case .create: return false
        case .update: return try decideUpdate(entry, row, theirs)
        case .delete: return try decideDelete(entry, row, theirs)
        }
    }

    private func decideUpdate(_ entry: OutboxEntry, _ row: AnswerRow, _ theirs: JSONObject) throws -> Bool {
        let plan = UpdatePlan(
            entry, theirs: theirs, policy: try policy(of: entry), merge: rules.merge)
        for conflict in plan.conflicts { try report(conflict, of: entry, isMaybeApplied: plan.isMaybeApplied) }
        if plan.fields.isEmpty {
            try holdLane(of: entry)
            try tx.completeUpdate(entry.sequence, row: row.text)
            accepted(entry)
            return false
        }
        // What an earlier start had in flight may still arrive after it was sent again.
        if entry.state == .ambiguous { state.push.entries[entry.sequence].lostAt = lostAt(entry.sequence) }
        // A delayed copy of what was lost would undo a value that isn't the same.
        let isSame = plan.fields.says(sameAs: entry.fields)
        let base = try tx.base(entry.table, entry.record)?.bytes
        // A conflict that was decided and reported is none at the next attempt.
        if entry.state == .ambiguous || !isSame || base != row.text || !plan.conflicts.isEmpty {
            try tx.rebase(entry.sequence, onto: row.text, fields: plan.fields)
        }
        guard let next = try tx.entry(entry.sequence), next.state == .queued else { return false }
        let body = JSON.object(next.fields).serialized()
        guard try mark(next, body: body) else { return false }
        try send(
            .update(entry.sequence, asRead: row), .update(table: entry.table, id: entry.record), body: body,
            entries: [entry.sequence])
        return true
    }

    private func decideDelete(_ entry: OutboxEntry, _ row: AnswerRow, _ theirs: JSONObject) throws -> Bool {
        let changes = DeletePlan.changes(entry, theirs: theirs)
        if !changes.isEmpty {
            let staysDeleted: Bool
            if case .serverWins = try policy(of: entry) { staysDeleted = false } else { staysDeleted = true }
            try report(deleteOf: entry, changes, isSent: staysDeleted)
            if !staysDeleted {
                try tx.rebase(entry.sequence, onto: row.text, fields: [:])
                accepted(entry)
                return false
            }
            try tx.retakeImage(ofDelete: entry.sequence, row: row.text)
        }
        if entry.state == .ambiguous { try tx.requeue(entry.sequence) }
        guard let next = try tx.entry(entry.sequence), next.state == .queued else { return false }
        return try sendDelete(next)
    }

    private func sendDelete(_ entry: OutboxEntry) throws -> Bool {
        guard try mark(entry, body: []) else { return false }
        try send(
            .delete(entry.sequence), .delete(table: entry.table, id: entry.record), entries: [entry.sequence])
        return true
    }

    /// Sends an entry whose record can't be read.
    func sendBlind(_ entry: OutboxEntry) throws {
        if entry.kind == .delete {
            _ = try sendDelete(entry)
            return
        }
        let body = JSON.object(entry.fields).serialized()
        guard try mark(entry, body: body) else { return }
        try send(
            .update(entry.sequence, asRead: nil), .update(table: entry.table, id: entry.record), body: body,
            entries: [entry.sequence])
    }

    // MARK: Answers

    func updated(_ sequence: Int64, _ verdict: Verdict, asRead: AnswerRow?) throws {
        guard let entry = try tx.entry(sequence) else { return }
        let fate = rules.updateFate(verdict)
        if try takeCommon(fate, entry, verdict) { return }
        switch fate {
        case .applied(let row?):
            if let asRead { try reportRace(entry, asRead: asRead.document(), answer: row.document()) }
            try holdLane(of: entry)
            try tx.completeUpdate(sequence, row: row.text)
            accepted(entry)
        case .gone: try goneElsewhere(entry)
        case .duplicate(let error): try rejected(entry, error)
        default: try ambiguous(sequence, verdict)
        }
    }

    func deleted(_ sequence: Int64, _ verdict: Verdict) throws {
        guard let entry = try tx.entry(sequence) else { return }
        let fate = rules.deleteFate(verdict)
        if try takeCommon(fate, entry, verdict) { return }
        switch fate {
        case .applied, .gone:
            state.push.guarding.noteDeletion(of: RecordKey(entry.table, entry.record), at: now)
            try tx.completeDelete(sequence)
            accepted(entry)
        case .duplicate(let error): try rejected(entry, error)
        default: try ambiguous(sequence, verdict)
        }
    }

    /// The server says that the record is gone.
    func goneElsewhere(_ entry: OutboxEntry) throws {
        if entry.kind == .delete {
            state.push.guarding.noteDeletion(of: RecordKey(entry.table, entry.record), at: now)
            try tx.completeDelete(entry.sequence)
            return accepted(entry)
        }
        let policy = configuration.policies.deletedElsewhere(table: entry.table)
        try report(deletedElsewhere: entry, policy)
        if policy == .createAgain, try tx.recreate(entry.table, entry.record) { return accepted(entry) }
        for dropped in try tx.gone(entry.table, entry.record) { state.push.entries.forget(dropped.sequence) }
        accepted(entry)
    }
}
