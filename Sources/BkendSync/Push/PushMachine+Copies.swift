import BkendWire

/// The present copies of records that waiting updates and deletes are about.
extension PushMachine {
    /// Asks for copies, as many as one list holds; one such list a table at a time.
    mutating func read(_ table: String, _ entries: [OutboxEntry], _ turn: inout EngineTurn<some PushStore>) throws {
        var listed = entries
        if turn.shared.tables[table].isUnlistable {
            listed = []
        } else {
            listed.removeAll { self.entries[$0.sequence].isReadAlone }
        }
        var slots = turn.configuration.lanes - turn.shared.flights.all.count { $0.errand.isCopy }
        for entry in entries where !listed.contains(where: { $0.sequence == entry.sequence }) {
            guard turn.maySend else { return }
            guard slots > 0 else { break }
            slots -= 1
            try turn.send(
                .copy(entry.sequence), .record(table: table, id: entry.record), entries: [entry.sequence])
        }
        let isReading = turn.shared.flights.all.contains { item in
            if case .copies(table, _) = item.errand { true } else { false }
        }
        guard !listed.isEmpty, !isReading, turn.maySend else { return }
        let ids = turn.idBatch(listed.map(\.record), of: table)
        let some = listed.prefix(ids.count).map(\.sequence)
        let query = SubscriptionQuery(table: table, filter: RESTFilter())
        // The default limit of 20 would look like eighty deletions.
        try turn.send(
            .copies(table: table, some), query.rows(ids: ids, limit: turn.configuration.pageLimit), entries: some)
    }

    mutating func copiesRead(
        _ table: String, _ sequences: [Int64], _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>
    ) throws {
        switch verdict {
        case .done(.page(let page)):
            turn.growPages(of: table)
            for sequence in sequences {
                guard let entry = try turn.store.entry(sequence) else { continue }
                if let row = page.rows.first(where: { $0.id.hasSameBytes(as: entry.record) }) {
                    try took(row, for: entry, isSecondLook: false, &turn)
                } else {
                    // A list shows what a filter lets through: only the record's own route says that it is gone.
                    entries[sequence].isReadAlone = true
                }
            }
        case .tooLong:
            let most = turn.shared.tables[table].idLimit ?? turn.configuration.pageLimit
            turn.shared.tables[table].idLimit = max(1, min(most, sequences.count) / 2)
            if sequences.count == 1 { entries[sequences[0]].isReadAlone = true }
        case .pageTooLarge(let error):
            // One record is no page: it is read by its own route.
            if !turn.shrinkPages(of: table, from: sequences.count, to: error) {
                for sequence in sequences { entries[sequence].isReadAlone = true }
            }
        case .denied, .rejected: turn.shared.tables[table].isUnlistable = true
        case .tableRefused(let error):
            pauseTable(table, error, &turn)
            for sequence in sequences { wait(sequence, &turn) }
        case .lost:
            shrinkPages(of: table, for: sequences, &turn)
            for sequence in sequences { wait(sequence, &turn) }
        default: for sequence in sequences { waitForCopy(sequence, verdict, &turn) }
        }
    }

    mutating func copyRead(_ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>) throws {
        guard let entry = try turn.store.entry(sequence) else { return }
        switch verdict {
        case .done(.record(let row)):
            entries[sequence].isReadAlone = false
            try took(row, for: entry, isSecondLook: true, &turn)
        case .missing: try goneElsewhere(entry, &turn)
        case .denied, .rejected, .pageTooLarge:
            // It may be written without being read; the server judges the write.
            if entry.state == .ambiguous {
                entries[sequence].lostAt = lostAt(sequence)
                try turn.store.requeue(sequence, after: nil)
            }
            entries[sequence].unreadableAt = turn.now
        case .tableRefused(let error):
            pauseTable(entry.table, error, &turn)
            wait(sequence, &turn)
        default: waitForCopy(sequence, verdict, &turn)
        }
    }

    private mutating func waitForCopy(_ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some PushStore>) {
        switch verdict {
        case .tooMany, .unauthorized, .engineRefused, .refused: break
        default: wait(sequence, &turn)
        }
    }

    /// A copy came. One that is older than what is known was overtaken: it is read once more by the record's own route.
    private mutating func took(
        _ row: AnswerRow, for entry: OutboxEntry, isSecondLook: Bool, _ turn: inout EngineTurn<some PushStore>
    ) throws {
        let base = try turn.store.baseUpdatedAt(entry.table, entry.record)
        if let base, let mine = row.updatedAt, mine.precedesInBytes(base) {
            if !isSecondLook {
                entries[entry.sequence].isReadAlone = true
                return
            }
            // Asked for later and yet older: the server went back. What else did?
            turn.note(.wentBack(table: entry.table))
        }
        entries[entry.sequence].copy = EntryMemory.Copy(row: row, at: turn.now, base: base)
    }

    /// The copy to decide an entry on, used up. One that was older than what is known even when it was read again is
    /// what the server has now; one that a page has overtaken since is read again.
    mutating func takeCopy(of entry: OutboxEntry, _ turn: inout EngineTurn<some PushStore>) throws -> EntryMemory.Copy?
    {
        guard turn.maySend, let copy = entries[entry.sequence].copy else { return nil }
        entries[entry.sequence].copy = nil
        if let base = try turn.store.baseUpdatedAt(entry.table, entry.record), let mine = copy.row.updatedAt,
            mine.precedesInBytes(base), copy.base.map({ !$0.hasSameBytes(as: base) }) ?? true
        {
            entries[entry.sequence].isReadAlone = true
            return nil
        }
        return copy
    }
}
