import BkendWire

/// What a table's schema makes of the values in a query (rest-api.md §4, §5).
struct QueryTyping: Sendable {
    let schema: FieldSchema

    /// The value that a bracket-form text means for a field: the number or boolean that the schema says, else the text.
    func value(of text: String, for field: String) -> JSON {
        let kind = schema.schema(at: field).flatMap { $0.kind == .array ? $0.items.first?.kind : $0.kind }
        switch kind {
        case .int, .double:
            if let number = try? JSON(parsing: text), number.doubleValue != nil { return number }
        case .bool:
            if text.hasSameBytes(as: "true") { return true }
            if text.hasSameBytes(as: "false") { return false }
        default: break
        }
        return .string(text)
    }

    /// The filter with what is compared with dates brought into the stored form, so that `2025-01-08T00:00:00Z` equals
    /// `2025-01-08T00:00:00.000Z`.
    func normalised(_ filter: Filter) -> Filter {
        switch filter {
        case .condition(let condition):
            guard isDate(condition.field) else { return filter }
            let isArray = schema.schema(at: condition.field)?.kind == .array
            return .condition(
                Condition(condition.field, condition.operators.map { Self.normalised($0, ofArray: isArray) }))
        case .allOf(let filters): return .allOf(filters.map(normalised))
        case .anyOf(let filters): return .anyOf(filters.map(normalised))
        case .not(let filter): return .not(normalised(filter))
        }
    }

    private func isDate(_ field: String) -> Bool {
        if field.hasSameBytes(as: SystemField.createdAt.rawValue) { return true }
        if field.hasSameBytes(as: SystemField.updatedAt.rawValue) { return true }
        guard let schema = schema.schema(at: field) else { return false }
        return schema.kind == .date || (schema.kind == .array && schema.items.first?.kind == .date)
    }

    private static func normalised(_ filterOperator: FilterOperator, ofArray isArray: Bool) -> FilterOperator {
        switch filterOperator {
        case .equals(let value): .equals(date(value))
        case .notEquals(let value): .notEquals(date(value))
        case .greater(let value): .greater(date(value))
        case .greaterOrEqual(let value): .greaterOrEqual(date(value))
        case .less(let value): .less(date(value))
        case .lessOrEqual(let value): .lessOrEqual(date(value))
        case .isIn(let values): .isIn(values.map(date))
        case .isNotIn(let values): .isNotIn(values.map(date))
        // Of an array the element is looked for; in the text of one date, a part of it.
        case .contains(let value) where isArray: .contains(date(value))
        case .regex, .exists, .contains: filterOperator
        }
    }

    private static func date(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): Timestamp(text).map { .string($0.description) } ?? value
        case .array(let values): .array(values.map(date))
        default: value
        }
    }
}
