import BkendWire

/// What the app is told; each is written in the transaction that caused it.
extension EngineTurn {
    func policy(of entry: OutboxEntry) throws -> ConflictPolicy {
        let members = try store.subscriptions(of: entry.table).map(\.number).filter {
            try store.isMember(entry.record, of: $0)
        }
        return configuration.policies.conflict(table: entry.table, subscriptions: members)
    }

    func report(_ decided: UpdatePlan.Decided, of entry: OutboxEntry, isMaybeApplied: Bool) throws {
        let conflict = decided.conflict
        var detail: JSONObject = [
            "field": .string(conflict.field), "mine": conflict.mine, "entry": .int(entry.sequence),
            "kept": .string(decided.sent == nil ? "theirs" : "mine"),
        ]
        detail["before"] = conflict.before
        detail["theirs"] = conflict.theirs
        if let sent = decided.sent, sent != conflict.mine {
            detail["kept"] = "merged"
            detail["sent"] = sent
        }
        switch decided.flaw {
        case .tooDeep: detail["mergeTooDeep"] = true
        case .refused: detail["mergeRefused"] = true
        case nil: break
        }
        if isMaybeApplied { detail["maybeApplied"] = true }
        try store.report("conflict", entry.table, entry.record, detail: detail)
    }

    /// A delete of a record that was changed elsewhere.
    func report(deleteOf entry: OutboxEntry, _ changes: [FieldConflict], isSent: Bool) throws {
        let fields = JSONObject(changes.map { ($0.field, $0.theirs ?? .null) })
        try store.report(
            "deleteConflict", entry.table, entry.record,
            detail: [
                "entry": .int(entry.sequence), "theirs": .object(fields), "before": .object(entry.before),
                "kept": .string(isSent ? "mine" : "theirs"),
            ])
    }

    func report(deletedElsewhere entry: OutboxEntry, _ policy: DeletedElsewherePolicy) throws {
        try store.report(
            "deletedElsewhere", entry.table, entry.record,
            detail: [
                "entry": .int(entry.sequence), "mine": .object(entry.fields),
                "became": .string(policy == .createAgain ? "createdAgain" : "deleted"),
            ])
    }

    /// Fields of an update's answer that are neither ours nor as they were read.
    func reportRace(_ entry: OutboxEntry, asRead: JSONObject, answer: JSONObject) throws {
        let fields = UpdateRace.fields(sent: entry.fields, asRead: asRead, answer: answer)
        if fields.isEmpty { return }
        try store.report(
            "race", entry.table, entry.record,
            detail: ["entry": .int(entry.sequence), "fields": .array(fields.map(JSON.string))])
    }
}
