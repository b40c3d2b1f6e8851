import BkendAccounts
import BkendWire

/// The answer of `/spec` (rest-api.md §2, §11).
enum TableSpec {
    /// Refuses callers who may not know what a table looks like.
    static func check(_ table: Table, caller: Caller) throws(ErrorBody) {
        _ = try TableAccess(definition: table.definition, caller: caller).access(to: .read)
        if caller.group == .guest {
            throw ErrorBody(.permissionDenied, "the spec of \(table.name) is for signed-in callers")
        }
    }

    /// The table's schema, indexes and rules, for administrators and for signed-in callers who may read.
    static func json(of table: Table, caller: Caller) throws(ErrorBody) -> JSONObject {
        try check(table, caller: caller)
        let definition = table.definition
        let form = definition.json
        let indexes = definition.impliedIndexes + definition.indexes
        var out: JSONObject = [
            "tableName": .string(table.name), "schema": form["schema"] ?? [:],
            "indexes": .array(
                indexes.map { index -> JSON in
                    [
                        "name": .string(index.name), "key": .object(index.keyJSON), "unique": .bool(index.unique),
                        "sparse": .bool(index.sparse),
                    ]
                }),
            "permissions": .object((definition.permissions ?? .unconfigured(for: table.name)).json),
        ]
        for part in ["expressionPermissions", "columnPermissions", "rowFilters", "searchIndex"] {
            out[part] = form[part]
        }
        // Where they are unique the index says so; where that wasn't refused, whoever applies this may ask again.
        if definition.clientKeys == false { out["clientKeys"] = false }
        out["additionalProperties"] = .bool(definition.additionalProperties)
        out["schemaVersion"] = .int(Int64(table.version))
        return out
    }
}
