public import BkendWire

/// A filter that the REST API can express, as far as its type shows: `Condition`, `AllOf`, `AnyOf` and `Both`.
///
/// The API accepts one group of conditions that must all hold, and one group of which at least one must hold
/// (rest-api.md §4). A filter of another form is a `Filter`: the local store accepts it, and an online query with it
/// doesn't compile. Errors that types can't detect, such as the same operator twice on one field, throw
/// `FilterNotExpressible` before any request.
public protocol RESTExpressible: FilterConvertible {}

/// A part of an "and": a `Condition` or an `AllOf`.
public protocol Conjunct: RESTExpressible {
    /// The conditions that must all hold.
    var conjuncts: [Condition] { get }
}

/// A part of an "or": a `Condition` or an `AnyOf`.
public protocol Alternative: RESTExpressible {
    /// The conditions of which one must hold.
    var alternatives: [Condition] { get }
}

extension Condition: Conjunct, Alternative {
    /// The condition alone.
    public var conjuncts: [Condition] { [self] }
    /// The condition alone.
    public var alternatives: [Condition] { [self] }
}

extension RESTFilter: RESTExpressible {}

/// Conditions that must all hold: `a && b`.
public struct AllOf: Conjunct, Hashable {
    /// The conditions.
    public var conjuncts: [Condition]

    /// Conditions that must all hold. Without conditions, every record matches.
    public init(_ conditions: [Condition]) { conjuncts = conditions }

    /// The filter as a tree.
    public var filter: Filter { .allOf(conjuncts.map(Filter.condition)) }
}

/// Conditions of which one must hold: `a || b`.
public struct AnyOf: Alternative, Hashable {
    /// The conditions.
    public var alternatives: [Condition]

    /// Conditions of which one must hold. Without conditions, no record matches; the REST API can't express that.
    public init(_ conditions: [Condition]) { alternatives = conditions }

    /// The filter as a tree.
    public var filter: Filter { .anyOf(alternatives.map(Filter.condition)) }
}

/// An "and" part together with an "or" part: `a && (b || c)`.
public struct Both: RESTExpressible, Hashable {
    /// The conditions that must all hold.
    public var allOf: AllOf
    /// The conditions of which at least one must hold.
    public var anyOf: AnyOf

    /// Both parts.
    public init(_ allOf: AllOf, _ anyOf: AnyOf) {
        self.allOf = allOf
        self.anyOf = anyOf
    }

    /// The filter as a tree.
    public var filter: Filter { .allOf(allOf.conjuncts.map(Filter.condition) + [anyOf.filter]) }
}
