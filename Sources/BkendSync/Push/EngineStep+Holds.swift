import BkendWire

/// Records whose later entries wait for a lost request to be out of the world are remembered over a crash: nobody knows
/// then how long they have waited, so they wait the whole time again.
extension EngineStep {
    private static let key = "engine.holds"

    func storeHolds() throws {
        let records = state.push.holds.keys.sorted {
            $0.table == $1.table ? $0.id.precedesInBytes($1.id) : $0.table.precedesInBytes($1.table)
        }
        let names = records.map { JSON.array([.string($0.table), .string($0.id)]) }
        try tx.setMeta(Self.key, names.isEmpty ? nil : JSON.array(names).description)
    }

    func restoreHolds() throws {
        guard let text = try tx.meta(Self.key) else { return }
        for record in try JSON(parsing: text).arrayValue ?? [] {
            guard let table = record[0]?.stringValue, let id = record[1]?.stringValue else { continue }
            state.push.holds[RecordKey(table, id)] = now.advanced(by: configuration.serverTimeout)
        }
    }
}
