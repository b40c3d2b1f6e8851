import BkendWire

extension TableFacts {
    /// What `/spec` says of a table (rest-api.md §11): unique fields of schema and indexes, dates, extra fields.
    package init(spec: JSONObject) {
        self.init()
        let properties = spec["schema"]?["properties"]?.objectValue ?? JSONObject()
        var unique: [String] = []
        var hasKey = false
        func add(_ field: String) {
            if !unique.contains(where: { $0.hasSameBytes(as: field) }) { unique.append(field) }
        }
        for (field, schema) in properties {
            if schema["bsonType"]?.stringValue == "date" || schema["type"]?.stringValue == "date" {
                dates.append(field)
            }
            if Self.holdsUnique(schema) { add(field) }
        }
        for index in spec["indexes"]?.arrayValue ?? [] where index["unique"] == .bool(true) {
            let paths = (index["key"] ?? index["fields"])?.objectValue?.keys ?? []
            if paths.count == 1, paths[0].hasSameBytes(as: SystemField.id.rawValue) { continue }
            if paths.count == 1, paths[0].hasSameBytes(as: OutboxEntry.clientKeyField) {
                // Our own index: no write of the app's can break it.
                hasKey = true
                continue
            }
            for path in paths { add(String(path.prefix { $0 != "." })) }
        }
        if properties[OutboxEntry.clientKeyField].map({ $0["unique"] == .bool(true) }) ?? false {
            hasKey = true
            unique.removeAll { $0.hasSameBytes(as: OutboxEntry.clientKeyField) }
        }
        for index in spec["indexes"]?.arrayValue ?? [] {
            guard let fields = Self.indexFields((index["key"] ?? index["fields"])?.objectValue),
                !StoreIndex.isBuiltIn(fields),
                // By this one nobody asks.
                fields.count > 1 || !fields[0].path.hasSameBytes(as: OutboxEntry.clientKeyField)
            else { continue }
            indexes.append(fields)
        }
        uniqueFields = unique
        hasUniqueKey = hasKey
        let isOpen = (spec["additionalProperties"] ?? spec["schema"]?["additionalProperties"]) != .bool(false)
        takesExtraFields = isOpen || properties[OutboxEntry.clientKeyField] != nil
    }

    /// Whether a field's schema, or one inside it, is unique.
    private static func holdsUnique(_ schema: JSON) -> Bool {
        if schema["unique"] == .bool(true) { return true }
        return schema["properties"]?.objectValue?.contains { holdsUnique($0.value) } ?? false
    }
}
