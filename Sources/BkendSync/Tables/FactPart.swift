import BkendWire

/// What the store knows of its tables (`sync_tables`).
package struct FactPart<Store: StoreView>: StorePart {
    let store: Store

    /// What is known of a table, nil for nothing.
    package func of(_ table: String) throws -> TableFacts? {
        if let known = store.knownFacts[ExactString(table)] { return known }
        let facts = try db.first("SELECT facts FROM sync_tables WHERE collection = ?", .text(table)) {
            TableFacts(try $0.object(0))
        }
        store.knownFacts[ExactString(table)] = .some(facts)
        return facts
    }
}

extension FactPart where Store == StoreTransaction {
    /// Keeps what is known of a table, and nothing else; see `StoreTransaction.setFacts`.
    func keep(_ facts: TableFacts, of table: String) throws {
        try db.perform(
            "INSERT OR REPLACE INTO sync_tables (collection, facts) VALUES (?, ?)", .text(table),
            .utf8(facts.json.serialized()))
        store.knownFacts = [:]
    }
}

extension StoreView {
    /// What is known of tables.
    package var facts: FactPart<Self> { FactPart(store: self) }
}
