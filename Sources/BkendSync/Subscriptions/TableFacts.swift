import BkendWire

/// What the store must know of a table, from its `/spec`. Where nothing is known it assumes the worst: any field may be
/// unique; and the best: extra fields are taken.
package struct TableFacts: Hashable, Sendable {
    /// Top-level fields that a unique index involves; nil when that isn't known, which counts as all.
    package var uniqueFields: [String]?
    /// Top-level fields of type date.
    package var dates: [String]
    /// Whether fields that the schema doesn't name are taken, so that a create may carry its key.
    package var takesExtraFields: Bool
    /// Whether the server keeps `clientKey` unique, so that no create can be applied twice.
    package var hasUniqueKey: Bool
    /// The fields of the server's indexes that are worth having here too.
    package var indexes: [[IndexDefinition.Field]]

    /// Facts.
    package init(
        uniqueFields: [String]? = nil, dates: [String] = [], takesExtraFields: Bool = true, hasUniqueKey: Bool = false,
        indexes: [[IndexDefinition.Field]] = []
    ) {
        self.uniqueFields = uniqueFields
        self.dates = dates
        self.takesExtraFields = takesExtraFields
        self.hasUniqueKey = hasUniqueKey
        self.indexes = indexes
    }

    /// Whether writes of the table must reach the server in the order they were made.
    package var isOrdered: Bool { uniqueFields?.isEmpty != true }

    /// Whether any of these fields may be part of a unique index.
    func involvesUnique(_ fields: JSONObject) -> Bool {
        guard let uniqueFields else { return true }
        return uniqueFields.contains { fields[$0] != nil }
    }

    package static func == (a: TableFacts, b: TableFacts) -> Bool { a.json == b.json }

    package func hash(into hasher: inout Hasher) { hasher.combine(json) }

    var json: JSONObject {
        var json: JSONObject = [
            "uniqueFields": uniqueFields.map { .array($0.map(JSON.string)) } ?? .null,
            "dates": .array(dates.map(JSON.string)), "takesExtraFields": .bool(takesExtraFields),
            "hasUniqueKey": .bool(hasUniqueKey),
        ]
        let keys = indexes.map { JSON.object(StoreIndex.definition($0).keyJSON) }
        if !keys.isEmpty { json["indexes"] = .array(keys) }
        return json
    }

    init(_ json: JSONObject) {
        self.init(
            uniqueFields: json["uniqueFields"]?.arrayValue?.compactMap(\.stringValue),
            dates: json["dates"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            takesExtraFields: json["takesExtraFields"]?.boolValue ?? true,
            hasUniqueKey: json["hasUniqueKey"]?.boolValue ?? false,
            indexes: (json["indexes"]?.arrayValue ?? []).compactMap { TableFacts.indexFields($0.objectValue) })
    }

    /// The fields of an index's key, as `{"category":1,"createdAt":-1}`; nil for what is none.
    static func indexFields(_ key: JSONObject?) -> [IndexDefinition.Field]? {
        guard let key, !key.isEmpty else { return nil }
        let fields = key.compactMap { path, direction -> IndexDefinition.Field? in
            switch direction.intValue {
            case 1: IndexDefinition.Field(path)
            case -1: IndexDefinition.Field(path, descending: true)
            // A text or other special index: nothing that a query here could use.
            default: nil
            }
        }
        return fields.count == key.count ? fields : nil
    }
}

extension StoreSnapshot {
    /// What is known of a table, nil for nothing.
    package func facts(of table: String) throws -> TableFacts? {
        if let known = knownFacts[ExactString(table)] { return known }
        let facts = try db.first("SELECT facts FROM sync_tables WHERE collection = ?", .text(table)) {
            TableFacts(try $0.object(0))
        }
        knownFacts[ExactString(table)] = .some(facts)
        return facts
    }
}

extension StoreTransaction {
    /// Keeps what the server said about a table.
    package func setFacts(_ facts: TableFacts, of table: String) throws {
        if try self.facts(of: table) == facts { return }
        try db.perform(
            "INSERT OR REPLACE INTO sync_tables (collection, facts) VALUES (?, ?)", .text(table),
            .utf8(facts.json.serialized()))
        knownFacts = [:]
        try followSpec(facts.indexes, of: table)
        if !facts.takesExtraFields { try dropKeys(of: table) }
    }

    /// Creates that were never sent lose their keys: the table takes no field that its schema doesn't name.
    private func dropKeys(of table: String) throws {
        for entry in try storedEntries(table: table) where entry.kind == .create {
            if entry.clientKey != nil && entry.attempts == 0 { try dropKey(of: entry) }
        }
    }

    /// Takes the key out of a create that the server doesn't have.
    func dropKey(of create: OutboxEntry) throws {
        let key = RecordKey(create.table, create.record)
        let base = try serverWord(on: key)
        try db.perform("UPDATE sync_entries SET client_key = NULL WHERE sequence = ?", .int(create.sequence))
        // A record that is made again keeps the key of its old id here: it tells that it is.
        try db.perform(
            "UPDATE sync_aliases SET client_key = NULL WHERE local_id = ? AND client_key = local_id",
            .text(create.record))
        touchesOutbox = true
        try rebuild(key, base: base)
    }
}
