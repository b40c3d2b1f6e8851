import BkendWire

/// Records whose later entries wait for a lost request to be out of the world are remembered over a crash: nobody knows
/// then how long they have waited, so they wait the whole time again.
extension EngineStep {
    static let holdsKey = "engine.holds"
    /// Records that came with a guest's outbox.
    static let takenHoldsKey = "engine.takenHolds"

    func storeHolds() throws {
        let records = state.push.holds.keys.sorted {
            $0.table == $1.table ? $0.id.precedesInBytes($1.id) : $0.table.precedesInBytes($1.table)
        }
        let names = records.map { JSON.array([.string($0.table), .string($0.id)]) }
        try tx.setMeta(Self.holdsKey, names.isEmpty ? nil : JSON.array(names).description)
    }

    func restoreHolds() throws {
        try hold(by: Self.holdsKey)
        try takeHolds()
    }

    /// What came with a guest's outbox since it was looked at last: its records wait like the others, and of its entries
    /// that were sent nobody here knows when their answers were lost.
    func noteTakenIn() throws {
        let newest = try tx.newestEntry
        guard newest > state.push.newestEntry else { return }
        try takeHolds()
        for entry in try tx.entries(state: .ambiguous, after: state.push.newestEntry)
        where state.push.entries[entry.sequence].lostAt == nil {
            state.push.entries[entry.sequence].lostAt = now
        }
        state.push.newestEntry = newest
    }

    private func takeHolds() throws {
        guard try tx.meta(Self.takenHoldsKey) != nil else { return }
        try hold(by: Self.takenHoldsKey)
        try tx.setMeta(Self.takenHoldsKey, nil)
        try storeHolds()
    }

    private func hold(by key: String) throws {
        guard let text = try tx.meta(key) else { return }
        for record in try JSON(parsing: text).arrayValue ?? [] {
            guard let table = record[0]?.stringValue, let id = record[1]?.stringValue else { continue }
            state.push.holds[RecordKey(table, id)] = now.advanced(by: configuration.serverTimeout)
        }
    }
}
