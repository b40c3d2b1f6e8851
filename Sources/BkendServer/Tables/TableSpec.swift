#if Server
import BkendWire

/// The answer of `/spec` (rest-api.md §2, §11).
enum TableSpec {
    /// The table's schema, indexes and rules, for administrators and for signed-in callers who may read.
    static func json(of table: Table, caller: Caller) throws(ErrorBody) -> JSONObject {
        let definition = table.definition
        _ = try TableAccess(definition: definition, caller: caller).access(to: .read)
        if caller.group == .guest {
            throw ErrorBody(.permissionDenied, "the spec of \(table.name) is for signed-in callers")
        }
        let form = definition.json
        let indexes = IndexDefinition.builtIn + definition.uniqueFieldIndexes + definition.indexes
        var out: JSONObject = [
            "tableName": .string(table.name), "schema": form["schema"] ?? [:],
            "indexes": .array(
                indexes.map { index -> JSON in
                    [
                        "name": .string(index.name), "key": .object(index.keyJSON), "unique": .bool(index.unique),
                        "sparse": .bool(index.sparse),
                    ]
                }),
            "permissions": .object((definition.permissions ?? Permissions.unconfigured).json),
        ]
        for part in ["expressionPermissions", "columnPermissions", "rowFilters"] { out[part] = form[part] }
        out["additionalProperties"] = .bool(definition.additionalProperties)
        out["schemaVersion"] = .int(Int64(table.version))
        return out
    }
}
#endif
