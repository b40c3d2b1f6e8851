/// A table: its schema, indexes and permissions (rest-api.md §6, §7, §11).
package struct TableDefinition: Hashable, Sendable {
    /// The table's name.
    package var name: String
    /// The schema of its records, an object.
    package var schema: FieldSchema
    /// The indexes beside the built-in ones and those of unique fields.
    package var indexes: [IndexDefinition]
    /// The boolean permissions, nil when the table configures none.
    package var permissions: Permissions?
    /// The expressions that win over the boolean form, per operation.
    package var expressionPermissions: [TableOperation: PermissionExpression]
    /// Fields that not everyone may read or write.
    package var columnPermissions: [ExactName: ColumnPermission]
    /// What narrows lists.
    package var rowFilters: [RowFilter]
    /// Whether lists and `search` may use a trigram index.
    package var searchIndex: Bool
    /// Whether a server keeps the keys of devices' creates unique (`clientKey`), so that none is applied twice. In a
    /// file of tables nil means yes, where the records allow it; of a table that is there it means that they don't, or
    /// that nobody asked since it was made.
    package var clientKeys: Bool?

    /// A field's name as a dictionary key, compared by code point.
    package struct ExactName: Hashable, Sendable {
        /// The name.
        package let name: String

        /// A name.
        package init(_ name: String) { self.name = name }

        /// Same code points.
        package static func == (a: ExactName, b: ExactName) -> Bool { a.name.hasSameBytes(as: b.name) }

        /// Hashes the code points.
        package func hash(into hasher: inout Hasher) { name.hashBytes(into: &hasher) }
    }

    /// A table that takes any fields and has the default permissions.
    package init(name: String) {
        self.name = name
        schema = FieldSchema(.object)
        indexes = []
        expressionPermissions = [:]
        columnPermissions = [:]
        rowFilters = []
        searchIndex = false
    }

    /// Whether records may hold fields that the schema doesn't name.
    package var additionalProperties: Bool { schema.additionalProperties }

    /// The indexes of fields that the schema calls unique, at any depth outside arrays. They are sparse: a missing field
    /// isn't a value that two records could share.
    package var uniqueFieldIndexes: [IndexDefinition] {
        func paths(_ schema: FieldSchema, _ prefix: String) -> [String] {
            schema.properties.flatMap { property -> [String] in
                let path = prefix + property.name
                return (property.schema.unique ? [path] : []) + paths(property.schema, path + ".")
            }
        }
        return paths(schema, "").map {
            IndexDefinition(name: "_unique_\($0)", fields: [.init($0)], unique: true, sparse: true)
        }
    }

    /// The object of `TABLES.json`, in its `bsonType` form.
    package var json: JSONObject {
        var form = schema
        form.additionalProperties = true
        var out: JSONObject = [
            "name": .string(name), "additionalProperties": .bool(additionalProperties), "schema": .object(form.json),
            "indexes": .array(indexes.map { .object($0.json) }),
        ]
        if let permissions { out["permissions"] = .object(permissions.json) }
        if !expressionPermissions.isEmpty {
            let rules = TableOperation.allCases.compactMap { operation in
                expressionPermissions[operation].map { (operation.rawValue, JSON.string($0.description)) }
            }
            out["expressionPermissions"] = .object(JSONObject(rules))
        }
        if !columnPermissions.isEmpty {
            let names = columnPermissions.keys.sorted { $0.name.precedesInBytes($1.name) }
            out["columnPermissions"] = .object(
                JSONObject(
                    names.map { name in
                        var rule = JSONObject()
                        rule["read"] = columnPermissions[name]?.read.map { .string($0.description) }
                        rule["write"] = columnPermissions[name]?.write.map { .string($0.description) }
                        return (name.name, .object(rule))
                    }))
        }
        if !rowFilters.isEmpty {
            out["rowFilters"] = .array(
                rowFilters.map { ["expression": .string($0.expression.description), "filter": .object($0.filter)] })
        }
        if searchIndex { out["searchIndex"] = true }
        if let clientKeys { out["clientKeys"] = .bool(clientKeys) }
        return out
    }
}

/// Every mistake of a table definition, with its path.
package struct TableDefinitionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The mistakes; `field` is the path inside the JSON.
    package var mistakes: [ErrorBody.Detail]

    /// One line a mistake.
    package var description: String { mistakes.map { "\($0.field): \($0.message)" }.joined(separator: "\n") }
}

extension TableDefinition {
    /// Reads a table from an element of `TABLES.json`, or from what `/spec` answers: it names the table by `tableName`,
    /// lists the server's own indexes too, and gives the permissions of a table that configures none.
    ///
    /// - Throws: `TableDefinitionError` with every mistake at once.
    package init(_ json: JSON, path: String = "table") throws(TableDefinitionError) {
        var reader = SchemaReader()
        let isSpec = Self.isSpec(json)
        self.init(name: json[isSpec ? "tableName" : "name"]?.stringValue ?? "")
        guard case .object(let object) = json else {
            reader.mistake(path, "type", "must be an object that describes a table, not \(json.typeName)")
            throw TableDefinitionError(mistakes: reader.mistakes)
        }
        if let flaw = TableName.flaw(in: name) { reader.mistake("\(path).name", "name", flaw) }
        for (key, value) in object {
            let place = "\(path).\(key)"
            switch key {
            case "name": break
            case "tableName" where isSpec: break
            case "schemaVersion" where isSpec: break
            case "schema":
                schema = reader.field(value, path: place).schema
                if (schema.kind ?? .object) != .object {
                    reader.mistake(place, "type", "a table's schema is an object")
                }
                schema.kind = .object
            case "additionalProperties": break
            case "indexes": indexes = reader.indexes(value, path: place, isSpec: isSpec)
            case "permissions": permissions = reader.permissions(value, path: place)
            case "expressionPermissions": expressionPermissions = reader.expressions(value, path: place)
            case "columnPermissions":
                for (field, rule) in reader.columns(value, path: place) { columnPermissions[ExactName(field)] = rule }
            case "rowFilters": rowFilters = reader.rowFilters(value, path: place)
            case "searchIndex": searchIndex = reader.flag(value, path: place)
            case "clientKeys": clientKeys = reader.flag(value, path: place)
            default: reader.mistake(place, "unknown", "is not a part of a table")
            }
        }
        if let value = object["additionalProperties"] {
            schema.additionalProperties = reader.flag(value, path: "\(path).additionalProperties")
        }
        if isSpec { dropWhatIsImplied(path: path, &reader) }
        for property in schema.properties where SystemField.contains(property.name) {
            reader.mistake("\(path).schema.properties.\(property.name)", "reserved", "is set by the server alone")
        }
        guard reader.mistakes.isEmpty else { throw TableDefinitionError(mistakes: reader.mistakes) }
    }

    private static func isSpec(_ json: JSON) -> Bool { json["name"] == nil && json["tableName"] != nil }

    /// Leaves out what a spec lists and every table has anyway.
    private mutating func dropWhatIsImplied(path: String, _ reader: inout SchemaReader) {
        let implied = IndexDefinition.builtIn + uniqueFieldIndexes
        if indexes.contains(.clientKey) {
            indexes.removeAll { $0 == .clientKey }
            if clientKeys == nil { clientKeys = true }
        }
        // MongoDB calls the index of its own `_id` so too.
        indexes.removeAll { $0.name.hasSameBytes(as: "_id_") || implied.contains($0) }
        for index in indexes where index.name.utf8.first == 0x5F {
            reader.mistake(
                "\(path).indexes", "reserved", "\(index.name): a name that starts with _ is the server's own")
        }
        if permissions == .unconfigured(for: name) { permissions = nil }
    }

    /// The definitions in a file: those of `{"tables":[…]}`, or what `/spec` has answered, wrapped in
    /// `{"success":true,"data":…}` or not, or an array of such answers. Nil when it is neither.
    package static func definitions(in json: JSON) -> [JSON]? {
        if let tables = json["tables"]?.arrayValue { return tables }
        if let specs = json.arrayValue, !specs.isEmpty, specs.allSatisfy(isSpec) { return specs }
        return [json, json["data"] ?? .null].first(where: isSpec).map { [$0] }
    }

    /// Reads the tables of `{"tables":[…]}`, or the one that `/spec` has answered.
    ///
    /// - Throws: `TableDefinitionError` with every mistake at once.
    package static func tables(_ json: JSON) throws(TableDefinitionError) -> [TableDefinition] {
        guard let values = definitions(in: json) else {
            let mistake = ErrorBody.Detail(
                field: "tables", rule: "required",
                message: "must be an array of tables; the answer of one table's /spec is taken as it is too")
            throw TableDefinitionError(mistakes: [mistake])
        }
        var tables: [TableDefinition] = []
        var mistakes: [ErrorBody.Detail] = []
        for (index, value) in values.enumerated() {
            do throws(TableDefinitionError) {
                let table = try TableDefinition(value, path: "tables[\(index)]")
                if tables.contains(where: { $0.name == table.name }) {
                    let message = "two tables are named \(table.name)"
                    mistakes.append(.init(field: "tables[\(index)].name", rule: "unique", message: message))
                }
                tables.append(table)
            } catch { mistakes += error.mistakes }
        }
        guard mistakes.isEmpty else { throw TableDefinitionError(mistakes: mistakes) }
        return tables
    }
}
