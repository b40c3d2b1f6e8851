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
