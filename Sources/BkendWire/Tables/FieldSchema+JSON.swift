extension FieldSchema {
    /// The schema in its `bsonType` form, as `/spec` answers it.
    package var json: JSONObject {
        var out = JSONObject()
        if let kind { out["bsonType"] = .string(kind == .reference ? "string" : kind.rawValue) }
        if kind == .reference { out["reference"] = table.map(JSON.string) ?? true }
        out["default"] = `default`
        if unique { out["unique"] = true }
        out["pattern"] = pattern.map(JSON.string)
        out["minimum"] = minimum
        out["maximum"] = maximum
        out["minLength"] = minLength.map { .int(Int64($0)) }
        out["maxLength"] = maxLength.map { .int(Int64($0)) }
        out["enum"] = allowed.map(JSON.array)
        if let element = items.first { out["items"] = .object(element.json) }
        if !required.isEmpty { out["required"] = .array(required.map(JSON.string)) }
        if !properties.isEmpty {
            out["properties"] = .object(JSONObject(properties.map { ($0.name, JSON.object($0.schema.json)) }))
        }
        if !additionalProperties { out["additionalProperties"] = false }
        return out
    }
}

extension FieldSchema.Kind {
    /// Whether a value is of the type.
    fileprivate func admits(_ value: JSON) -> Bool {
        switch self {
        case .string, .reference: value.stringValue != nil
        case .int: value.intValue != nil
        case .double: value.doubleValue != nil
        case .bool: value.boolValue != nil
        case .date: value.stringValue.flatMap(Timestamp.init) != nil
        case .object: value.objectValue != nil
        case .array: value.arrayValue != nil
        }
    }
}

extension FieldSchema {
    /// Whether the field or one inside it is unique.
    fileprivate var holdsUnique: Bool { unique || properties.contains { $0.schema.holdsUnique } }

    /// Adds a name to those that must be present, whether a list or the field itself says so.
    fileprivate mutating func require(_ name: String) {
        if !required.contains(where: { $0.hasSameBytes(as: name) }) { required.append(name) }
    }
}

/// Reads a schema from its `bsonType` form or its design-time form, collecting every mistake with its path.
struct SchemaReader {
    private(set) var mistakes: [ErrorBody.Detail] = []

    mutating func mistake(_ path: String, _ rule: String, _ message: String) {
        mistakes.append(ErrorBody.Detail(field: path, rule: rule, message: message))
    }

    mutating func field(_ json: JSON, path: String, depth: Int = 0) -> (schema: FieldSchema, required: Bool) {
        var schema = FieldSchema()
        guard case .object(let object) = json else {
            mistake(path, "type", "must be an object that describes a field, not \(json.typeName)")
            return (schema, false)
        }
        guard depth <= 16 else {
            mistake(path, "depth", "fields may nest 16 levels deep")
            return (schema, false)
        }
        var isRequired = false
        for (key, value) in object {
            let place = "\(path).\(key)"
            switch key {
            case "bsonType", "type": schema.kind = kind(value, path: place)
            case "required":
                if case .bool(let required) = value {
                    isRequired = required
                } else {
                    for name in names(value, path: place) { schema.require(name) }
                }
            case "default": schema.default = value
            case "unique": schema.unique = flag(value, path: place)
            case "pattern": schema.pattern = text(value, path: place)
            case "minimum": schema.minimum = number(value, path: place)
            case "maximum": schema.maximum = number(value, path: place)
            case "minLength", "minItems": schema.minLength = length(value, path: place)
            case "maxLength", "maxItems": schema.maxLength = length(value, path: place)
            case "enum":
                if case .array(let values) = value, !values.isEmpty {
                    schema.allowed = values
                } else {
                    mistake(place, "type", "must be an array of at least one value")
                }
            case "items": schema.items = [field(value, path: place, depth: depth + 1).schema]
            case "properties": properties(value, into: &schema, path: place, depth: depth)
            case "additionalProperties": schema.additionalProperties = flag(value, path: place)
            case "reference" where value == .bool(true): break
            case "table", "reference":
                schema.table = text(value, path: place)
                if let flaw = schema.table.flatMap({ TableName.flaw(in: $0) }) { mistake(place, "name", flaw) }
            case "description", "title", "name": break
            default: mistake(place, "unknown", "is not a rule of a field; known are type, required, default, unique, …")
            }
        }
        if object["reference"] != nil { schema.kind = .reference }
        if schema.table != nil, schema.kind != .reference {
            mistake("\(path).table", "type", "only a reference has a table")
        }
        if schema.items.contains(where: \.holdsUnique) {
            mistake("\(path).items", "unique", "elements of an array can't be unique; declare a unique index")
        }
        bounds(of: schema, path: path)
        for name in schema.required where !schema.properties.isEmpty && schema[name] == nil {
            mistake("\(path).required", "unknown", "names \(name), which properties doesn't describe")
        }
        return (schema, isRequired)
    }

    /// Rules that no value could meet, and a default that the type refuses: each create would fail later.
    private mutating func bounds(of schema: FieldSchema, path: String) {
        if let least = schema.minimum?.doubleValue, let greatest = schema.maximum?.doubleValue, least > greatest {
            mistake("\(path).minimum", "range", "is greater than maximum")
        }
        if let least = schema.minLength, let greatest = schema.maxLength, least > greatest {
            mistake("\(path).minLength", "range", "is greater than maxLength")
        }
        if let kind = schema.kind, let value = schema.default, !value.isNull, !kind.admits(value) {
            mistake("\(path).default", "type", "is no \(kind.rawValue) but a \(value.typeName)")
        }
    }

    private mutating func properties(_ json: JSON, into schema: inout FieldSchema, path: String, depth: Int) {
        guard case .object(let object) = json else {
            return mistake(path, "type", "must be an object of fields, not \(json.typeName)")
        }
        for (name, value) in object {
            if !TableName.isFieldName(name) {
                mistake("\(path).\(name)", "name", "a field name is a letter, then letters, digits and _")
            }
            let (property, isRequired) = field(value, path: "\(path).\(name)", depth: depth + 1)
            schema.properties.append(FieldSchema.Property(name, property))
            if isRequired { schema.require(name) }
        }
    }

    private mutating func kind(_ json: JSON, path: String) -> FieldSchema.Kind? {
        switch json.stringValue {
        case "number": return .double
        case "boolean": return .bool
        case "long": return .int
        case let name?:
            if let kind = FieldSchema.Kind(rawValue: name) { return kind }
            fallthrough
        default:
            let types = "string, number, int, double, boolean, date, object, array, reference"
            mistake(path, "type", "must be one of \(types)")
            return nil
        }
    }

    mutating func flag(_ json: JSON, path: String) -> Bool {
        if case .bool(let value) = json { return value }
        mistake(path, "type", "must be true or false, not \(json.typeName)")
        return false
    }

    mutating func text(_ json: JSON, path: String) -> String? {
        if case .string(let value) = json { return value }
        mistake(path, "type", "must be a string, not \(json.typeName)")
        return nil
    }

    private mutating func number(_ json: JSON, path: String) -> JSON? {
        if json.doubleValue != nil { return json }
        mistake(path, "type", "must be a number, not \(json.typeName)")
        return nil
    }

    private mutating func length(_ json: JSON, path: String) -> Int? {
        if let value = json.intValue.flatMap(Int.init(exactly:)), value >= 0 { return value }
        mistake(path, "type", "must be a whole number from 0")
        return nil
    }

    mutating func names(_ json: JSON, path: String) -> [String] {
        guard case .array(let values) = json else {
            mistake(path, "type", "must be an array of names, not \(json.typeName)")
            return []
        }
        return values.enumerated().compactMap { text($1, path: "\(path)[\($0)]") }
    }
}
