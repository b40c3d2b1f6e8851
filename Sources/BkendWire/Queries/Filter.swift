/// Which records a query is about: a tree over conditions on fields.
///
/// The local store answers any filter. The REST API has one object of conditions that must all hold and one of which
/// any may hold; `RESTFilter` is that form, and `rest()` tells whether a filter has it.
public indirect enum Filter: Hashable, Sendable {
    /// A condition on one field.
    case condition(Condition)
    /// All of these; every record when empty.
    case allOf([Filter])
    /// Any of these; no record when empty.
    case anyOf([Filter])
    /// Not this one (MongoDB's `$nor` of one): every record that the filter doesn't match.
    case not(Filter)

    /// Matches every record.
    public static let all = Filter.allOf([])
}

/// Operators on one field, all of which must hold.
public struct Condition: Hashable, Sendable {
    /// The field's name, or a dotted path into objects and arrays.
    package var field: String {
        get { exactField.string }
        set { exactField = ExactString(newValue) }
    }
    /// The operators; none says nothing about the field.
    package var operators: [FilterOperator]
    private var exactField: ExactString

    /// A condition on a field.
    package init(_ field: String, _ operators: FilterOperator...) { self.init(field, operators) }

    /// A condition on a field.
    package init(_ field: String, _ operators: [FilterOperator]) {
        exactField = ExactString(field)
        self.operators = operators
    }
}

/// What can be seen as a filter.
public protocol FilterConvertible: Sendable {
    /// This as a filter tree.
    var filter: Filter { get }
}

extension Filter: FilterConvertible {
    /// The filter itself.
    public var filter: Filter { self }
}

extension Condition: FilterConvertible {
    /// The condition as a filter tree.
    public var filter: Filter { .condition(self) }
}
