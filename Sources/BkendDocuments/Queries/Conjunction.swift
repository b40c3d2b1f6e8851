import BkendWire

/// What a filter asks of every document it matches: the operators that stand in an AND at its root.
struct Conjunction {
    /// One operator on one field.
    struct Term {
        let field: String
        let filterOperator: FilterOperator
    }

    private(set) var terms: [Term] = []
    /// Whether the terms are the whole filter.
    private(set) var isComplete = true

    /// Takes a filter's root apart.
    init(_ filter: Filter) { collect(filter) }

    private mutating func collect(_ filter: Filter) {
        switch filter {
        case .condition(let condition):
            terms += condition.operators.map { Term(field: condition.field, filterOperator: $0) }
        case .allOf(let filters): for filter in filters { collect(filter) }
        case .anyOf(let filters):
            if filters.count == 1 { return collect(filters[0]) }
            guard let term = Self.membership(filters) else { return isComplete = false }
            terms.append(term)
        case .not: isComplete = false
        }
    }

    /// Equalities on one field of which any may hold are one `$in`.
    private static func membership(_ filters: [Filter]) -> Term? {
        var field: String?
        var values: [JSON] = []
        for filter in filters {
            guard case .condition(let condition) = filter, condition.operators.count == 1 else { return nil }
            if let field, !field.hasSameBytes(as: condition.field) { return nil }
            field = condition.field
            switch condition.operators[0] {
            case .equals(let value): values.append(value)
            case .isIn(let more): values += more
            default: return nil
            }
        }
        return field.map { Term(field: $0, filterOperator: .isIn(values)) }
    }
}
