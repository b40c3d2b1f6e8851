import BkendWire

/// What `apply` did to a table, as it tells the operator.
package struct TableChange: Hashable, Sendable, CustomStringConvertible {
    /// The table.
    package let table: String
    /// What changed, each a few words; empty when nothing did.
    package let changes: [String]
    /// What was asked for, or goes without asking, and wasn't done: whole sentences.
    package let warnings: [String]

    /// One line.
    package var description: String {
        changes.isEmpty ? "table \(table): no changes" : "table \(table): \(changes.joined(separator: ", "))"
    }

    init(table: String, changes: [String], warnings: [String] = []) {
        self.table = table
        self.changes = changes
        self.warnings = warnings
    }

    /// The object of `--json`.
    package var json: JSONObject {
        var json: JSONObject = ["table": .string(table), "changes": .array(changes.map(JSON.string))]
        if !warnings.isEmpty { json["warnings"] = .array(warnings.map(JSON.string)) }
        return json
    }

    /// A table that is made.
    init(creating new: TableDefinition) {
        let fields = new.schema.properties.count
        let indexes = new.indexes.count
        self.init(
            table: new.name,
            changes: [
                "created", "\(fields) field\(fields == 1 ? "" : "s")", "\(indexes) index\(indexes == 1 ? "" : "es")",
            ])
    }

    /// What differs between two definitions of a table.
    init(from old: TableDefinition, to new: TableDefinition, warnings: [String] = []) {
        var changes: [String] = []
        for property in new.schema.properties {
            if let before = old.schema[property.name] {
                if before != property.schema { changes.append("field \(property.name) changed") }
            } else {
                changes.append("field \(property.name) added")
            }
        }
        for property in old.schema.properties where new.schema[property.name] == nil {
            changes.append("field \(property.name) removed from the schema")
        }
        if Set(old.schema.required) != Set(new.schema.required) { changes.append("required fields changed") }
        if old.additionalProperties != new.additionalProperties {
            changes.append("additional fields \(new.additionalProperties ? "allowed" : "refused")")
        }
        for index in new.indexes where !old.indexes.contains(index) {
            let isKnown = old.indexes.contains { $0.name.hasSameBytes(as: index.name) }
            changes.append("index \(index.name) \(isKnown ? "rebuilt" : "added")")
        }
        for index in old.indexes where !new.indexes.contains(where: { $0.name.hasSameBytes(as: index.name) }) {
            changes.append("index \(index.name) dropped")
        }
        if old.permissions != new.permissions { changes.append("permissions replaced") }
        if old.expressionPermissions != new.expressionPermissions { changes.append("expression permissions replaced") }
        if old.columnPermissions != new.columnPermissions { changes.append("column permissions replaced") }
        if old.rowFilters != new.rowFilters { changes.append("row filters replaced") }
        if old.searchIndex != new.searchIndex { changes.append("search index \(new.searchIndex ? "on" : "off")") }
        let (wasKept, isKept) = (old.clientKeyIndex != nil, new.clientKeyIndex != nil)
        if wasKept != isKept { changes.append("client keys \(isKept ? "kept unique" : "no longer kept unique")") }
        if changes.isEmpty, old.clientKeys != new.clientKeys { changes.append("the setting of client keys changed") }
        if changes.isEmpty, old != new { changes.append("schema changed") }
        self.init(table: new.name, changes: changes, warnings: warnings)
    }
}
