#if Server
import BkendWire

extension RecordValidator {
    /// One value in its stored form. Null is stored as null, which only a required field refuses.
    mutating func value(_ value: JSON, _ schema: FieldSchema, isRequired: Bool, at path: String) -> JSON {
        if value.isNull {
            if isRequired { fail(path, "required", "is required and can't be null") }
            return .null
        }
        guard let typed = typed(value, schema, at: path) else { return value }
        if let allowed = schema.allowed, !allowed.contains(where: { same($0, typed, schema) }) {
            fail(path, "enum", "must be one of \(allowed.map(\.description).joined(separator: ", "))")
        }
        bounds(typed, schema, at: path)
        return typed
    }

    /// The value as its type stores it; nil (and a failure) when it is of another type.
    private mutating func typed(_ value: JSON, _ schema: FieldSchema, at path: String) -> JSON? {
        switch schema.kind {
        case nil:
            switch value {
            case .object(let object): return .object(self.object(object, schema, at: path))
            case .array(let values): return .array(elements(values, schema, at: path))
            default: return value
            }
        case .string, .reference:
            if value.stringValue != nil { return value }
        case .bool:
            if value.boolValue != nil { return value }
        case .double:
            if value.doubleValue != nil { return value }
        case .int:
            if let whole = value.intValue { return .int(whole) }
            if value.doubleValue != nil {
                fail(path, "type", "must be a whole number of 64 bits, not \(value)")
                return nil
            }
        case .date:
            if let text = value.stringValue {
                if let date = Timestamp(text) { return .string(date.description) }
                fail(path, "date", "must be an ISO 8601 date, like 2025-01-08T09:30:00.000Z")
                return nil
            }
        case .object:
            if let object = value.objectValue { return .object(self.object(object, schema, at: path)) }
        case .array:
            if let values = value.arrayValue { return .array(elements(values, schema, at: path)) }
        }
        fail(path, "type", "must be \(Self.name(of: schema.kind)), not \(value.typeName)")
        return nil
    }

    private mutating func elements(_ values: [JSON], _ schema: FieldSchema, at path: String) -> [JSON] {
        let element = schema.items.first ?? FieldSchema()
        return values.enumerated().map { index, value in
            let place = "\(path).\(index)"
            if value.isNull, element.kind != nil {
                fail(place, "type", "must be \(Self.name(of: element.kind)), not null")
                return value
            }
            return self.value(value, element, isRequired: false, at: place)
        }
    }

    private mutating func bounds(_ value: JSON, _ schema: FieldSchema, at path: String) {
        switch value {
        case .int, .double:
            if let minimum = schema.minimum, Self.isLess(value, minimum) {
                fail(path, "minimum", "must be at least \(minimum)")
            }
            if let maximum = schema.maximum, Self.isLess(maximum, value) {
                fail(path, "maximum", "must be at most \(maximum)")
            }
        case .string(let text):
            length(text.unicodeScalars.count, "characters", schema, at: path)
            if let pattern = schema.pattern, !matches(pattern, text) {
                fail(path, "pattern", "must match the pattern \(pattern)")
            }
        case .array(let values): length(values.count, "elements", schema, at: path)
        default: break
        }
    }

    private mutating func length(_ count: Int, _ unit: String, _ schema: FieldSchema, at path: String) {
        func limit(_ number: Int) -> String { "\(number) \(number == 1 ? String(unit.dropLast()) : unit)" }
        if let least = schema.minLength, count < least {
            fail(path, "minLength", "must have at least \(limit(least)), not \(count)")
        }
        if let most = schema.maxLength, count > most {
            fail(path, "maxLength", "must have at most \(limit(most)), not \(count)")
        }
    }

    /// Whether an enumerated value is this one; dates are compared in their stored form.
    private func same(_ allowed: JSON, _ value: JSON, _ schema: FieldSchema) -> Bool {
        if schema.kind == .date, let date = allowed.stringValue.flatMap(Timestamp.init) {
            return value == .string(date.description)
        }
        return allowed == value
    }

    /// Numbers by value; exact between integers, also past 2^53.
    private static func isLess(_ a: JSON, _ b: JSON) -> Bool {
        if case .int(let x) = a, case .int(let y) = b { return x < y }
        guard let x = a.doubleValue, let y = b.doubleValue else { return false }
        return x < y
    }

    private static func name(of kind: FieldSchema.Kind?) -> String {
        switch kind {
        case .string: "a string"
        case .reference: "a record's id (a string)"
        case .int: "a whole number"
        case .double: "a number"
        case .bool: "true or false"
        case .date: "an ISO 8601 date (a string)"
        case .object: "an object"
        case .array: "an array"
        case nil: "a value"
        }
    }
}
#endif
