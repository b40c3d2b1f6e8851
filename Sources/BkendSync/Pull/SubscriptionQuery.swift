import BkendWire

/// The list requests of a subscription: its filter, narrowed, in a given order.
package struct SubscriptionQuery: Sendable, Hashable {
    /// The table.
    package var table: String
    /// The subscription's own filter.
    package var filter: RESTFilter

    /// The query of a subscription.
    package init(table: String, filter: RESTFilter) {
        self.table = table
        self.filter = filter
    }

    /// A list request.
    package func list(
        _ conditions: [Condition] = [], sortBy field: SystemField, _ direction: Query.Sort.Direction = .ascending,
        limit: Int
    ) -> SyncRequest.Operation {
        let narrowed = conditions.reduce(filter) { Self.narrow($0, by: $1) }
        // `limit` is always said: a server's default of 20 would hide the rest.
        var items = [
            QueryItem("limit", String(limit)), QueryItem("sortBy", field.rawValue),
            QueryItem("sortDirection", direction.rawValue),
        ]
        if let and = narrowed.andFilters { items.append(QueryItem("andFilters", and.description)) }
        if let or = narrowed.orFilters { items.append(QueryItem("orFilters", or.description)) }
        return .list(table: table, items)
    }

    /// The filter with a further condition. Where both use an operator on one field, which the REST form can't say
    /// twice, the narrower operand stays.
    static func narrow(_ filter: RESTFilter, by condition: Condition) -> RESTFilter {
        var all = filter.allOf
        if let index = all.firstIndex(where: { $0.field.hasSameBytes(as: condition.field) }) {
            for new in condition.operators {
                if let old = all[index].operators.firstIndex(where: { $0.name == new.name }) {
                    all[index].operators[old] = narrower(all[index].operators[old], new)
                } else {
                    all[index].operators.append(new)
                }
            }
        } else {
            all.append(condition)
        }
        // Each operator stands once on each field now, which is all that can be wrong with it.
        return (try? RESTFilter(allOf: all, anyOf: filter.anyOf)) ?? filter
    }

    private static func narrower(_ old: FilterOperator, _ new: FilterOperator) -> FilterOperator {
        switch (old, new) {
        case (.greater(.string(let a)), .greater(.string(let b))): .greater(.string(a.precedesInBytes(b) ? b : a))
        case (.greaterOrEqual(.string(let a)), .greaterOrEqual(.string(let b))):
            .greaterOrEqual(.string(a.precedesInBytes(b) ? b : a))
        case (.less(.string(let a)), .less(.string(let b))): .less(.string(a.precedesInBytes(b) ? a : b))
        case (.lessOrEqual(.string(let a)), .lessOrEqual(.string(let b))):
            .lessOrEqual(.string(a.precedesInBytes(b) ? a : b))
        case (.isIn(let a), .isIn(let b)): .isIn(a.filter(b.contains))
        // An equality to two different values holds for no record, and neither does `$in` of nothing.
        case (.equals(let a), .equals(let b)): a == b ? new : .isIn([])
        default: new
        }
    }
}

extension SubscriptionQuery {
    /// The newest row by `updatedAt`, and the total.
    package var newest: SyncRequest.Operation { list(sortBy: .updatedAt, .descending, limit: 1) }

    /// The newest row at or past a moment, and their number.
    package func overlap(from bound: String) -> SyncRequest.Operation {
        list([Condition("updatedAt", .greaterOrEqual(.string(bound)))], sortBy: .updatedAt, .descending, limit: 1)
    }

    /// The number of rows in a range of ids.
    package func count(in range: IDRange) -> SyncRequest.Operation {
        list(range.conditions, sortBy: .id, limit: 1)
    }

    /// Rows in a range of ids, ascending.
    package func rows(in range: IDRange, limit: Int) -> SyncRequest.Operation {
        list(range.conditions, sortBy: .id, limit: limit)
    }

    /// Rows by their ids.
    package func rows(ids: [String], limit: Int) -> SyncRequest.Operation {
        list([Condition("id", .isIn(ids.map(JSON.string)))], sortBy: .id, limit: limit)
    }
}
