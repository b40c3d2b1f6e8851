public import BkendWire

/// A type whose values are arrays on the wire.
public protocol ArrayValue<Element> {
    /// The type of the array's elements.
    associatedtype Element
}

extension Array: ArrayValue {}
extension Set: ArrayValue {}
extension Optional: ArrayValue where Wrapped: ArrayValue {
    /// The type of the wrapped array's elements.
    public typealias Element = Wrapped.Element
}

extension Field where Value: ArrayValue, Value.Element: Encodable {
    /// `$eq`: the array has an equal element (rest-api.md §5). It is also the condition for the whole array, so two of
    /// these on one field can't be sent in one query. The local store accepts them.
    public func contains(_ element: Value.Element) -> Condition {
        Condition(fieldPath, .equals(.operand(element)))
    }

    /// `$in`: the array has an element equal to any of these.
    public func containsAny(of elements: [Value.Element]) -> Condition {
        Condition(fieldPath, .isIn(elements.map { .operand($0) }))
    }

    /// `$nin`: the array has no element equal to any of these; a missing field matches.
    public func containsNone(of elements: [Value.Element]) -> Condition {
        Condition(fieldPath, .isNotIn(elements.map { .operand($0) }))
    }
}

extension Field where Value == JSON {
    /// `$contains`: a string that holds the operand, or an array with an equal element.
    public func contains(_ element: JSON) -> Condition { Condition(fieldPath, .contains(element)) }
}
