import BkendWire

extension RecordValidator {
    /// One value in its stored form. Null is stored as null, which only a required field refuses.
    mutating func value(_ value: JSON, _ schema: FieldSchema, isRequired: Bool) -> JSON {
        if value.isNull {
            if isRequired { fail("required", "is required and can't be null") }
            return .null
        }
        guard let typed = typed(value, schema) else { return value }
        if let allowed = schema.allowed, !isAmong(allowed, typed, schema) {
            fail("enum", "must be one of \(Self.list(allowed))")
        }
        bounds(typed, schema)
        return typed
    }

    /// The value as its type stores it; nil (and a failure) when it is of another type.
    private mutating func typed(_ value: JSON, _ schema: FieldSchema) -> JSON? {
        switch schema.kind {
        case nil:
            switch value {
            case .object(let object): return .object(self.object(object, schema))
            case .array(let values): return .array(elements(values, schema))
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
                fail("type", "must be a whole number of 64 bits, not \(value)")
                return nil
            }
        case .date:
            if let text = value.stringValue {
                if let date = Timestamp(text) { return .string(date.description) }
                fail("date", "must be an ISO 8601 date, like 2025-01-08T09:30:00.000Z")
                return nil
            }
        case .object:
            if let object = value.objectValue { return .object(self.object(object, schema)) }
        case .array:
            if let values = value.arrayValue { return .array(elements(values, schema)) }
        }
        fail("type", "must be \(Self.name(of: schema.kind)), not \(value.typeName)")
        return nil
    }

    private mutating func elements(_ values: [JSON], _ schema: FieldSchema) -> [JSON] {
        let element = schema.items.first ?? FieldSchema()
        return values.enumerated().map { index, value in
            place.enter(element: index)
            defer { place.leave() }
            if value.isNull, element.kind != nil {
                fail("type", "must be \(Self.name(of: element.kind)), not null")
                return value
            }
            return self.value(value, element, isRequired: false)
        }
    }

    private mutating func bounds(_ value: JSON, _ schema: FieldSchema) {
        switch value {
        case .int, .double:
            if let minimum = schema.minimum, Self.isLess(value, minimum) {
                fail("minimum", "must be at least \(minimum)")
            }
            if let maximum = schema.maximum, Self.isLess(maximum, value) {
                fail("maximum", "must be at most \(maximum)")
            }
        case .string(let text):
            length(text.unicodeScalars.count, "characters", schema)
            if let pattern = schema.pattern, !matches(pattern, text) {
                fail("pattern", "must match the pattern \(pattern.shortened(to: Self.patternBytes))")
            }
        case .array(let values): length(values.count, "elements", schema)
        default: break
        }
    }

    private mutating func length(_ count: Int, _ unit: String, _ schema: FieldSchema) {
        func limit(_ number: Int) -> String { "\(number) \(number == 1 ? String(unit.dropLast()) : unit)" }
        if let least = schema.minLength, count < least {
            fail("minLength", "must have at least \(limit(least)), not \(count)")
        }
        if let most = schema.maxLength, count > most {
            fail("maxLength", "must have at most \(limit(most)), not \(count)")
        }
    }

    /// Whether a value is one of those allowed.
    private func isAmong(_ allowed: [JSON], _ value: JSON, _ schema: FieldSchema) -> Bool {
        if schema.kind != .date, let texts = schema.allowedTexts {
            return value.stringValue.map { texts.contains(ExactString($0)) } ?? false
        }
        return allowed.contains { same($0, value, schema) }
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

    /// The first of a list of values, and how many more there are.
    private static func list(_ values: [JSON]) -> String {
        let shown = values.prefix(shownValues).map { $0.description.shortened(to: valueBytes) }
        let more = values.count > shownValues ? " and \(values.count - shownValues) more" : ""
        return shown.joined(separator: ", ") + more
    }

    /// How many values of a list a message shows.
    private static let shownValues = 10
    /// How many bytes of a value a message shows, and how many of a pattern.
    private static let valueBytes = 40, patternBytes = 256

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
