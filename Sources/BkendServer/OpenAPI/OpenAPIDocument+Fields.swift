import BkendWire

extension OpenAPIDocument {
    /// What a schema is about: the same field may be absent from an answer, and must be there on create.
    enum Direction {
        case create, change, answer
    }

    /// The schema of an object with fields.
    func object(_ schema: FieldSchema, _ direction: Direction, depth: Int = 0) -> JSONObject {
        var out: JSONObject = ["type": "object"]
        let properties = schema.properties.map { property -> (String, JSON) in
            let isRequired = schema.required.contains { $0.hasSameBytes(as: property.name) }
            return (property.name, .object(field(property.schema, direction, isRequired: isRequired, depth: depth + 1)))
        }
        if !properties.isEmpty || depth == 0 { out["properties"] = .object(JSONObject(properties)) }
        // A default fills what is absent, on create alone. A PATCH sets whole fields: within them all is required.
        let required = schema.required.filter { name in
            direction == .change || schema[name]?.default == nil
        }
        let demands = direction == .create || (direction == .change && depth > 0)
        if demands, !required.isEmpty { out["required"] = .array(required.map(JSON.string)) }
        if direction != .answer { out["additionalProperties"] = .bool(schema.additionalProperties) }
        return out
    }

    /// The schema of a field's value.
    private func field(_ schema: FieldSchema, _ direction: Direction, isRequired: Bool, depth: Int) -> JSONObject {
        var out = typed(schema, direction, depth: depth)
        // Null satisfies every rule but `required`; what is of any type takes it without a word.
        if schema.kind != nil, !isRequired || direction == .answer { out["nullable"] = true }
        if let allowed = schema.allowed {
            let values = allowed.map { direction == .answer ? Self.stored($0, schema) : $0 }
            let takesNull = !isRequired && !values.contains(.null)
            out["enum"] = .array(values + (takesNull ? [.null] : []))
        }
        if direction == .create, let value = schema.default { out["default"] = value }
        if schema.unique { out["description"] = "No two records have the same value." }
        return out
    }

    private func typed(_ schema: FieldSchema, _ direction: Direction, depth: Int) -> JSONObject {
        switch schema.kind {
        case .string: return text(schema)
        case .reference:
            var out = text(schema)
            if let table = schema.table { out["description"] = .string("The id of a record of \(table).") }
            return out
        case .int:
            var out: JSONObject = ["type": "integer", "format": "int64"]
            out["minimum"] = schema.minimum ?? .int(.min)
            out["maximum"] = schema.maximum ?? .int(.max)
            return out
        case .double:
            var out: JSONObject = ["type": "number", "format": "double"]
            out["minimum"] = schema.minimum
            out["maximum"] = schema.maximum
            return out
        case .bool: return ["type": "boolean"]
        case .date:
            var out: JSONObject = [
                "type": "string", "format": "date-time",
                "description": "ISO 8601; stored in UTC with milliseconds.",
            ]
            if direction == .answer { return out }
            out.merge(lengths(schema, "minLength", "maxLength"))
            return out
        case .object: return object(schema, direction, depth: depth)
        case .array:
            var out: JSONObject = ["type": "array"]
            let element = schema.items.first ?? FieldSchema()
            out["items"] = .object(self.element(element, direction, depth: depth + 1))
            out.merge(lengths(schema, "minItems", "maxItems"))
            return out
        case nil: return schema.properties.isEmpty ? [:] : object(schema, direction, depth: depth)
        }
    }

    /// An array's elements: null is none where they have a type.
    private func element(_ schema: FieldSchema, _ direction: Direction, depth: Int) -> JSONObject {
        var out = field(schema, direction, isRequired: schema.kind != nil, depth: depth)
        if direction == .answer { out["nullable"] = nil }
        return out
    }

    private func text(_ schema: FieldSchema) -> JSONObject {
        var out: JSONObject = ["type": "string"]
        out["pattern"] = schema.pattern.map(JSON.string)
        out.merge(lengths(schema, "minLength", "maxLength"))
        return out
    }

    private func lengths(_ schema: FieldSchema, _ least: String, _ most: String) -> JSONObject {
        var out = JSONObject()
        out[least] = schema.minLength.map { .int(Int64($0)) }
        out[most] = schema.maxLength.map { .int(Int64($0)) }
        return out
    }

    private static func stored(_ value: JSON, _ schema: FieldSchema) -> JSON {
        guard schema.kind == .date, let date = value.stringValue.flatMap(Timestamp.init) else { return value }
        return .string(date.description)
    }
}

extension JSONObject {
    fileprivate mutating func merge(_ other: JSONObject) {
        for (key, value) in other { self[key] = value }
    }
}
