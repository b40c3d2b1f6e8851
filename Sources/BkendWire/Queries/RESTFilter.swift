/// A filter in the form that the REST API can say: all of `andFilters`, and any of `orFilters` unless those are empty
/// (rest-api.md §4).
package struct RESTFilter: Hashable, Sendable, FilterConvertible {
    /// The conditions that must all hold, one a field.
    package private(set) var allOf: [Condition]
    /// The conditions of which one must hold, one a field; empty for no such part.
    package private(set) var anyOf: [Condition]

    /// A filter that matches every record.
    package init() {
        allOf = []
        anyOf = []
    }

    /// The form of these conditions. Conditions on one field are merged into one.
    ///
    /// - Throws: `FilterNotExpressible` when an operator would stand twice on a field, or a choice can't be one object.
    package init(allOf: [Condition], anyOf: [Condition] = []) throws(FilterNotExpressible) {
        self.init()
        for condition in allOf { try add(condition) }
        // An alternative that says nothing holds for every record, and so does the choice.
        if anyOf.contains(where: \.operators.isEmpty) { return }
        self.anyOf = try Self.alternatives(anyOf)
    }

    /// Choices of one branch go to the conditions that must all hold, or where that would repeat an operator on a field
    /// take the place of the choice.
    init(allOf: [Condition], anyOf: [Condition], single: [Condition]) throws(FilterNotExpressible) {
        try self.init(allOf: allOf, anyOf: anyOf)
        for condition in single {
            do throws(FilterNotExpressible) { try add(condition) } catch {
                guard self.anyOf.isEmpty else { throw error }
                self.anyOf = try Self.alternatives([condition])
            }
        }
    }

    /// The filter as a tree.
    package var filter: Filter {
        let all = allOf.map(Filter.condition)
        if anyOf.isEmpty { return all.count == 1 ? all[0] : .allOf(all) }
        return .allOf(all + [.anyOf(anyOf.map(Filter.condition))])
    }

    /// Whether it matches every record.
    package var isEmpty: Bool { allOf.isEmpty && anyOf.isEmpty }

    private mutating func add(_ condition: Condition) throws(FilterNotExpressible) {
        if condition.operators.isEmpty { return }
        guard let index = allOf.firstIndex(where: { $0.field.hasSameBytes(as: condition.field) }) else {
            allOf.append(try Self.checked(condition))
            return
        }
        var operators = allOf[index].operators
        operators += condition.operators.filter { !operators.contains($0) }
        allOf[index] = try Self.checked(Condition(condition.field, operators))
    }

    /// One condition a field; equalities on one field become one `$in`, which means the same.
    private static func alternatives(_ conditions: [Condition]) throws(FilterNotExpressible) -> [Condition] {
        var merged: [Condition] = []
        for condition in conditions {
            guard let index = merged.firstIndex(where: { $0.field.hasSameBytes(as: condition.field) }) else {
                merged.append(try checked(condition))
                continue
            }
            if merged[index] == condition { continue }
            guard let first = equalities(merged[index]), let second = equalities(condition) else {
                throw FilterNotExpressible(field: condition.field, reason: .alternativesOnOneField)
            }
            merged[index] = Condition(condition.field, .isIn(first + second.filter { !first.contains($0) }))
        }
        return merged
    }

    private static func equalities(_ condition: Condition) -> [JSON]? {
        guard condition.operators.count == 1 else { return nil }
        return switch condition.operators[0] {
        case .equals(let value): [value]
        case .isIn(let values): values
        default: nil
        }
    }

    private static func checked(_ condition: Condition) throws(FilterNotExpressible) -> Condition {
        var names: Set<String> = []
        for filterOperator in condition.operators where !names.insert(filterOperator.name).inserted {
            throw FilterNotExpressible(field: condition.field, reason: .repeatedOperator(filterOperator.name))
        }
        return condition
    }
}

extension Filter {
    /// The filter in the form that the REST API can say.
    ///
    /// - Throws: `FilterNotExpressible` when it has none; the local store still answers it.
    package func rest() throws(FilterNotExpressible) -> RESTFilter {
        var all: [Condition] = []
        var any: [Condition]?
        var single: [Condition] = []
        try collect(into: &all, &any, &single)
        return try RESTFilter(allOf: all, anyOf: any ?? [], single: single)
    }

    /// `single`: the choices of one branch, which either part can say.
    private func collect(
        into all: inout [Condition], _ any: inout [Condition]?, _ single: inout [Condition]
    ) throws(FilterNotExpressible) {
        switch self {
        case .condition(let condition): all.append(condition)
        case .allOf(let filters): for filter in filters { try filter.collect(into: &all, &any, &single) }
        case .anyOf(let filters):
            if filters.isEmpty { throw FilterNotExpressible(field: nil, reason: .nothing) }
            guard let branches = try Self.branches(filters) else { return }
            if branches.count == 1 {
                single.append(branches[0])
            } else if any == nil {
                any = branches
            } else if any != branches {
                throw FilterNotExpressible(field: branches[0].field, reason: .secondChoice)
            }
        case .not: throw FilterNotExpressible(field: nil, reason: .negation)
        }
    }

    /// A choice's branches, each of which must come down to one condition; nil when one of them holds for every record.
    private static func branches(_ filters: [Filter]) throws(FilterNotExpressible) -> [Condition]? {
        var branches: [Condition] = []
        for filter in filters {
            // An empty choice holds for no record, so that it adds nothing to another one.
            if case .anyOf(let nested) = filter, nested.isEmpty { continue }
            let form = try filter.rest()
            if form.isEmpty { return nil }
            guard form.allOf.isEmpty || form.anyOf.isEmpty && form.allOf.count == 1 else {
                throw FilterNotExpressible(field: form.allOf.last?.field, reason: .combinationInChoice)
            }
            branches += form.allOf + form.anyOf
        }
        if branches.isEmpty { throw FilterNotExpressible(field: nil, reason: .nothing) }
        return branches
    }
}

/// The REST API has no form for a query; nothing was sent. The local store answers any filter.
public struct FilterNotExpressible: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the REST form can't say.
    package enum Reason: Hashable, Sendable {
        /// The operator would stand twice on one field.
        case repeatedOperator(String)
        /// Two branches of a choice are about one field and aren't both equalities.
        case alternativesOnOneField
        /// More than one choice ("or") that must hold at once.
        case secondChoice
        /// A branch of a choice is itself several conditions.
        case combinationInChoice
        /// A negated filter.
        case negation
        /// A choice without branches.
        case nothing
        /// An order by more than one field.
        case secondSortField
        /// A selected field whose name holds a comma, or a space at its start or end.
        case selectedName
    }

    /// The field, where one is to blame.
    public var field: String?
    /// What can't be said.
    package var reason: Reason

    /// What can't be said, on which field.
    package init(field: String?, reason: Reason) {
        self.field = field
        self.reason = reason
    }

    /// What can't be said, on which field, and what to do.
    public var description: String {
        let place = field.map { " (field \($0))" } ?? ""
        let what =
            switch reason {
            case .repeatedOperator(let name): "\(name) would stand twice on one field"
            case .alternativesOnOneField: "two alternatives on one field can be sent only when both are equalities"
            case .secondChoice: "only one group of alternatives can be sent"
            case .combinationInChoice: "an alternative of several conditions can't be sent"
            case .negation: "a negated filter can't be sent"
            case .nothing: "a choice without alternatives can't be sent"
            case .selectedName: "a name with a comma or with outer spaces can't be selected"
            case .secondSortField: "only one field of an order can be sent (ties break by id)"
            }
        return "the REST API can't express this query\(place): \(what). Query the local store, or send several queries."
    }
}
