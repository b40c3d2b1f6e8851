import BkendWire

/// What becomes of an update after the server's present copy was read (sync.md, "Push").
package struct UpdatePlan: Sendable, Hashable {
    /// A conflict and what it came to.
    package struct Decided: Sendable, Hashable {
        /// The three values.
        package var conflict: FieldConflict
        /// What is sent; nil when the server's value stays.
        package var sent: JSON?
        /// Why a merging function's value couldn't be stored, so that mine was kept.
        package var flaw: MergeFlaw?
    }

    /// Why a merging function's value can't be stored.
    package enum MergeFlaw: Sendable, Hashable {
        /// It nests deeper than a field may.
        case tooDeep
        /// It holds a name that no server stores, or a number that JSON can't write.
        case refused
    }

    /// The fields to send; none means that the update is done.
    package var fields = JSONObject()
    /// The conflicts, in the order of the fields.
    package var conflicts: [Decided] = []
    /// Whether the update was sent before and may have been applied.
    package var isMaybeApplied = false

    /// Decides field by field.
    ///
    /// An update whose answer was lost is done when every field says mine, and as if never sent when every other field is
    /// as before. Anything else may be ours, changed again by somebody: a conflict.
    package init(
        _ entry: OutboxEntry, theirs: JSONObject, policy: ConflictPolicy,
        merge: (_ before: JSON?, _ mine: JSON, _ theirs: JSON?) -> FieldMerge
    ) {
        let decisions = entry.fields.map { ($0.key, $0.value, merge(entry.before[$0.key], $0.value, theirs[$0.key])) }
        let isSuspicious = entry.state == .ambiguous && decisions.contains { $0.2 == .conflict }
        var both: [FieldConflict] = []
        for (field, mine, decision) in decisions {
            switch decision {
            case .agreed: continue
            case .send where !isSuspicious: fields[field] = mine
            case .send, .conflict:
                // An unknown field was sent along with the others: it goes out again without a word.
                guard let their = theirs[field] else {
                    fields[field] = mine
                    continue
                }
                both.append(
                    FieldConflict(
                        table: entry.table, record: entry.record, field: field, before: entry.before[field],
                        mine: mine, theirs: their, maybeApplied: isSuspicious))
            }
        }
        isMaybeApplied = isSuspicious
        if case .mergeRecord(let function) = policy, !both.isEmpty {
            let names = both.map(\.field)
            let conflict = RecordConflict(entry, fields: names, theirs: theirs, maybeApplied: isSuspicious)
            take(function(conflict), of: both, entry, theirs: theirs)
            return
        }
        for conflict in both {
            let decided = Self.decide(conflict, policy)
            if let sent = decided.sent { fields[conflict.field] = sent }
            conflicts.append(decided)
        }
    }

    /// Takes a merged record: of the conflicts what it says, of all other fields what differs from the server's. A value
    /// that no server stores is reported, and its field left as it would be without the function.
    private mutating func take(
        _ merged: JSONObject, of both: [FieldConflict], _ entry: OutboxEntry, theirs: JSONObject
    ) {
        for conflict in both {
            // A field that the function left out stays as the server has it.
            let decided = merged[conflict.field].map { Self.decided(conflict, $0) } ?? Decided(conflict: conflict)
            if let sent = decided.sent { fields[conflict.field] = sent }
            conflicts.append(decided)
        }
        for (field, value) in merged where !both.contains(where: { $0.field.hasSameBytes(as: field) }) {
            let isOurs = !SystemField.contains(field) && !field.hasSameBytes(as: FieldName.clientKey)
            guard isOurs else { continue }
            let unnamed = FieldName.flaw(in: [field: .null]).map { _ in MergeFlaw.refused }
            if let flaw = unnamed ?? Self.flaw(in: value) {
                let conflict = FieldConflict(
                    table: entry.table, record: entry.record, field: field, before: entry.before[field],
                    mine: fields[field] ?? theirs[field] ?? .null, theirs: theirs[field],
                    maybeApplied: isMaybeApplied)
                conflicts.append(Decided(conflict: conflict, sent: fields[field], flaw: flaw))
            } else if let their = theirs[field], their.says(sameAs: value) {
                fields[field] = nil
            } else {
                fields[field] = value
            }
        }
    }

    private static func decide(_ conflict: FieldConflict, _ policy: ConflictPolicy) -> Decided {
        switch policy {
        case .clientWins: Decided(conflict: conflict, sent: conflict.mine)
        // A merged record was taken as a whole.
        case .serverWins, .mergeRecord: Decided(conflict: conflict)
        case .merge(let function): decided(conflict, function(conflict))
        }
    }

    private static func decided(_ conflict: FieldConflict, _ value: JSON) -> Decided {
        // What can't be stored can't be sent either: what the user wrote is, as without a policy.
        if let flaw = flaw(in: value) {
            return Decided(conflict: conflict, sent: conflict.mine, flaw: flaw)
        }
        return Decided(conflict: conflict, sent: conflict.theirs == value ? JSON?.none : value)
    }

    /// Why no server stores a value.
    private static func flaw(in value: JSON) -> MergeFlaw? {
        if value.nests(deeperThan: JSON.deepestField) { return .tooDeep }
        return !value.isFinite || FieldName.flaw(in: ["value": value]) != nil ? .refused : nil
    }
}

/// What becomes of a delete after the server's present copy was read.
package enum DeletePlan {
    /// The fields that were changed on the server since the delete was made. A field that either side doesn't show is
    /// unknown.
    package static func changes(_ entry: OutboxEntry, theirs: JSONObject) -> [FieldConflict] {
        entry.before.compactMap { field, before in
            guard !SystemField.contains(field), let their = theirs[field], !their.says(sameAs: before) else {
                return nil
            }
            return FieldConflict(
                table: entry.table, record: entry.record, field: field, before: before, mine: .null, theirs: their)
        }
    }
}

/// What an update's answer shows beside its own fields.
package enum UpdateRace {
    /// The fields that are neither ours nor as they were read: somebody wrote between the read and the update.
    package static func fields(sent: JSONObject, asRead: JSONObject, answer: JSONObject) -> [String] {
        answer.compactMap { field, value in
            guard sent[field] == nil, !SystemField.contains(field), let read = asRead[field] else { return nil }
            return read.says(sameAs: value) ? nil : field
        }
    }
}
