import BkendWire

/// What tables are like: read once a start, since schemas change, and again when the server has refused a write.
extension EngineTurn where Store: SpecStore {
    /// Reads the specs of tables that have writes or subscriptions.
    mutating func planSpecs() throws {
        for table in try store.tablesToLearn() where !shared.tables[table].isSpecAsked {
            guard maySend else { return }
            guard isDue(shared.tables[table].specWait) else { continue }
            shared.tables[table].isSpecAsked = true
            shared.tables[table].specAskedAt = now
            try send(.spec(table: table), .spec(table: table))
        }
    }

    mutating func learned(_ table: String, _ verdict: Verdict) throws {
        switch verdict {
        case .done(.object(let spec)): try store.setFacts(TableFacts(spec: spec), of: table)
        // Nothing is known then, and the worst is assumed.
        case .denied, .rejected, .tableRefused, .missing, .done: break
        default:
            shared.tables[table].isSpecAsked = false
            shared.tables[table].specWait = later(shared.tables[table].specWait)
        }
    }

    /// Whether creates of a table may carry a key: its schema has been read, or won't be.
    func isLearnt(_ table: String) throws -> Bool {
        if try store.facts(of: table) != nil { return true }
        if shared.tables[table].isSpecAsked { return !shared.flights.contains(.spec(table: table)) }
        return shared.tables[table].specWait?.attempts ?? 0 >= configuration.specAttempts
    }

    /// The server refused a write: the schema may be another by now.
    mutating func learnAgain(_ table: String) {
        if let asked = shared.tables[table].specAskedAt, asked.advanced(by: configuration.pollCeiling) > now { return }
        shared.tables[table].isSpecAsked = false
    }
}
