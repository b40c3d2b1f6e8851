import BkendWire

/// Records whose later entries wait for a lost request to be out of the world are remembered over a crash: nobody knows
/// then how long they have waited, so they wait the whole time again.
extension PushMachine {
    mutating func storeHolds(_ turn: inout EngineTurn<some PushStore>) throws {
        let records = holds.keys.sorted {
            $0.table == $1.table ? $0.id.precedesInBytes($1.id) : $0.table.precedesInBytes($1.table)
        }
        let names = records.map { JSON.array([.string($0.table), .string($0.id)]) }
        try turn.store.setMeta(MetaKey.holds, names.isEmpty ? nil : JSON.array(names).description)
    }

    mutating func restoreHolds(_ turn: inout EngineTurn<some PushStore>) throws {
        try hold(by: MetaKey.holds, &turn)
        try takeHolds(&turn)
    }

    /// What came with a guest's outbox since it was looked at last: its records wait like the others, and of its entries
    /// that were sent nobody here knows when their answers were lost.
    mutating func noteTakenIn(_ turn: inout EngineTurn<some PushStore>) throws {
        let newest = try turn.store.newestEntry
        guard newest > newestEntry else { return }
        try takeHolds(&turn)
        for entry in try turn.store.entries(
            table: nil, state: .ambiguous, after: newestEntry, limit: .max)
        where entries[entry.sequence].lostAt == nil {
            entries[entry.sequence].lostAt = turn.now
        }
        newestEntry = newest
    }

    private mutating func takeHolds(_ turn: inout EngineTurn<some PushStore>) throws {
        guard try turn.store.meta(MetaKey.takenHolds) != nil else { return }
        try hold(by: MetaKey.takenHolds, &turn)
        try turn.store.setMeta(MetaKey.takenHolds, nil)
        try storeHolds(&turn)
    }

    private mutating func hold(by key: String, _ turn: inout EngineTurn<some PushStore>) throws {
        guard let text = try turn.store.meta(key) else { return }
        for record in try JSON(parsing: text).arrayValue ?? [] {
            guard let table = record[0]?.stringValue, let id = record[1]?.stringValue else { continue }
            holds[RecordKey(table, id)] = turn.now.advanced(by: turn.configuration.serverTimeout)
        }
    }
}
