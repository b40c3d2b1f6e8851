import BkendWire

extension Filter {
    /// The filter as it reads where these fields are missing from every record: a hidden field can't be probed.
    func hiding(_ fields: [String]) -> Filter {
        if fields.isEmpty { return self }
        switch self {
        case .condition(let condition):
            guard condition.field.isInside(fields) else { return self }
            return condition.operators.allSatisfy(\.matchesMissing) ? .all : .anyOf([])
        case .allOf(let filters): return .allOf(filters.map { $0.hiding(fields) })
        case .anyOf(let filters): return .anyOf(filters.map { $0.hiding(fields) })
        case .not(let filter): return .not(filter.hiding(fields))
        }
    }
}

extension Filter {
    /// Whether a condition is about one of these fields.
    func mentions(_ fields: [String]) -> Bool {
        switch self {
        case .condition(let condition): condition.field.isInside(fields)
        case .allOf(let filters), .anyOf(let filters): filters.contains { $0.mentions(fields) }
        case .not(let filter): filter.mentions(fields)
        }
    }
}

extension String {
    /// Whether the path starts with one of these fields.
    func isInside(_ fields: [String]) -> Bool {
        fields.contains { field in
            guard utf8.starts(with: field.utf8) else { return false }
            let rest = utf8.dropFirst(field.utf8.count)
            return rest.isEmpty || rest.first == 0x2E
        }
    }
}

extension FilterOperator {
    /// Whether the operator matches a record without the field, as MongoDB has it: null stands for missing.
    var matchesMissing: Bool {
        switch self {
        case .equals(let value), .greaterOrEqual(let value), .lessOrEqual(let value): value.isNull
        case .notEquals(let value): !value.isNull
        case .isIn(let values): values.contains(.null)
        case .isNotIn(let values): !values.contains(.null)
        case .exists(let exists): !exists
        case .greater, .less, .regex, .contains: false
        }
    }
}
