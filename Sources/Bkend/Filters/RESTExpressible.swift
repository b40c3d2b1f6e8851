public import BkendWire

/// A filter that the REST API can express, as far as its type shows: `Condition`, `AllOf`, `AnyOf` and `Both`.
///
/// The API accepts one group of conditions that must all hold, and one group of which at least one must hold
/// (rest-api.md §4). A filter of another form is a `Filter`: the local store accepts it, and an online query with it
/// doesn't compile. Errors that types can't detect, such as the same operator twice on one field, throw
/// `FilterNotExpressible` before any request.
public protocol RESTExpressible: FilterConvertible {}

/// A part of an "and": a `Condition` or an `AllOf`.
public protocol Conjunct: RESTExpressible {}

/// A part of an "or": a `Condition` or an `AnyOf`.
public protocol Alternative: RESTExpressible {}

extension Condition: Conjunct, Alternative {}
extension RESTFilter: RESTExpressible {}

/// Conditions that must all hold: `a && b`.
public struct AllOf: Conjunct, Hashable {
    /// The filter as a tree.
    public let filter: Filter

    init(_ conditions: [Filter]) { filter = .allOf(conditions) }

    /// Conditions that must all hold, chosen at run time. Without conditions, every record matches.
    public init(_ conditions: [Condition]) { self.init(conditions.map(Filter.condition)) }
}

/// Conditions of which one must hold: `a || b`.
public struct AnyOf: Alternative, Hashable {
    /// The filter as a tree.
    public let filter: Filter

    init(_ conditions: [Filter]) { filter = .anyOf(conditions) }

    /// Conditions of which one must hold, chosen at run time. Without conditions, no record matches, which the REST API
    /// can't express.
    public init(_ conditions: [Condition]) { self.init(conditions.map(Filter.condition)) }
}

/// An "and" part together with an "or" part: `a && (b || c)`.
public struct Both: RESTExpressible, Hashable {
    let allOf: AllOf
    let anyOf: AnyOf

    init(_ allOf: AllOf, _ anyOf: AnyOf) {
        self.allOf = allOf
        self.anyOf = anyOf
    }

    /// The filter as a tree.
    public var filter: Filter { .allOf(allOf.filter.conjuncts + [anyOf.filter]) }
}
