import BkendWire

/// Queries as the store asks them: local ids in their present form, moments in their stored form.
extension AliasPart {
    /// A query with every local id and moment in its present form.
    package func resolve(_ query: Query, table: String) throws -> Query {
        var result = query
        result.filter = try resolve(query.filter, table: table)
        if try store.hasAliases() {
            result.sort = try query.sort.map { Query.Sort(try resolve(path: $0.field), $0.direction) }
            result.select = try query.select?.map { try resolve(path: $0) }
        }
        return result
    }

    /// A filter with every local id, in values and paths, in its present form. What is compared with `createdAt`,
    /// `updatedAt` or a date field takes the stored form, as the server does it (rest-api.md §5).
    package func resolve(_ filter: Filter, table: String) throws -> Filter {
        let dates = try store.facts.of(table)?.dates ?? []
        return try resolve(filter, dates: Set(dates.map(ExactString.init)))
    }

    private func resolve(_ filter: Filter, dates: Set<ExactString>) throws -> Filter {
        switch filter {
        case .condition(let condition): .condition(try resolve(condition, dates: dates))
        case .allOf(let filters): .allOf(try filters.map { try resolve($0, dates: dates) })
        case .anyOf(let filters): .anyOf(try filters.map { try resolve($0, dates: dates) })
        case .not(let filter): .not(try resolve(filter, dates: dates))
        }
    }

    private func resolve(_ condition: Condition, dates: Set<ExactString>) throws -> Condition {
        let isDate =
            dates.contains(ExactString(condition.field))
            || condition.field.hasSameBytes(as: SystemField.createdAt.rawValue)
            || condition.field.hasSameBytes(as: SystemField.updatedAt.rawValue)
        func operand(_ value: JSON) throws -> JSON { isDate ? value.normalisedDate : try resolve(value) }
        let operators: [FilterOperator] = try condition.operators.map { test in
            switch test {
            case .equals(let value): .equals(try operand(value))
            case .notEquals(let value): .notEquals(try operand(value))
            case .greater(let value): .greater(try operand(value))
            case .greaterOrEqual(let value): .greaterOrEqual(try operand(value))
            case .less(let value): .less(try operand(value))
            case .lessOrEqual(let value): .lessOrEqual(try operand(value))
            case .isIn(let values): .isIn(try values.map(operand))
            case .isNotIn(let values): .isNotIn(try values.map(operand))
            case .contains(let value): .contains(try operand(value))
            case .regex, .exists: test
            }
        }
        return Condition(try resolve(path: condition.field), operators)
    }

    /// A name, or a dotted path, whose steps may be local ids.
    private func resolve(path: String) throws -> String {
        guard try store.hasAliases() else { return path }
        return try path.split(separator: ".", omittingEmptySubsequences: false).map { try resolve(String($0)) }
            .joined(separator: ".")
    }
}

extension JSON {
    /// A moment's text in the form that the server stores; any other value as it is.
    var normalisedDate: JSON {
        guard case .string(let text) = self, let moment = Timestamp(text) else { return self }
        return .string(moment.description)
    }
}
