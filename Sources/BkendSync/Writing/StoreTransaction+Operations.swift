import BkendWire

/// What concerns several parts and belongs to none of the other operations.
extension StoreTransaction {
    /// Keeps what the server said about a table, and follows it: the table's indexes, and the keys of creates.
    package func setFacts(_ facts: TableFacts, of table: String) throws {
        if try self.facts.of(table) == facts { return }
        try self.facts.keep(facts, of: table)
        try indexes.followSpec(facts.indexes, of: table)
        if facts.takesExtraFields { return }
        // Creates that were never sent lose their keys: the table takes no field that its schema doesn't name.
        for entry in try outbox.storedEntries(table: table) where entry.kind == .create {
            if entry.clientKey != nil && entry.attempts == 0 { try dropKey(of: entry) }
        }
    }

    /// Takes the key out of a create that the server doesn't have.
    func dropKey(of create: OutboxEntry) throws {
        let key = RecordKey(create.table, create.record)
        let base = try lanes.serverWord(on: key)
        try outbox.dropKey(of: create)
        try aliases.dropKey(of: create.record)
        touchesOutbox = true
        try lanes.rebuild(key, base: base)
    }

    /// Drops what nothing holds and writes the change log; called once, before the commit.
    ///
    /// - Throws: what an operation threw that failed in its middle.
    func finish() throws {
        try requireSound()
        try holding.dropUnheld()
        try changes.log(keeping: changeLimit)
        if touchesOutbox { _ = try advance("outbox") }
    }
}
