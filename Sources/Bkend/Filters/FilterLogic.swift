public import BkendWire

// The result's type says what can be sent. The overloads over any filter lose against the others wherever both fit.

/// Both must hold.
public func && (a: some Conjunct, b: some Conjunct) -> AllOf { AllOf(a.filter.conjuncts + b.filter.conjuncts) }

/// Both must hold.
public func && (a: some Conjunct, b: AnyOf) -> Both { Both(AllOf(a.filter.conjuncts), b) }

/// Both must hold.
public func && (a: AnyOf, b: some Conjunct) -> Both { Both(AllOf(b.filter.conjuncts), a) }

/// Both must hold.
public func && (a: Both, b: some Conjunct) -> Both { Both(a.allOf && b, a.anyOf) }

/// Both must hold.
public func && (a: some Conjunct, b: Both) -> Both { Both(a && b.allOf, b.anyOf) }

/// Both must hold. Only the local store accepts such a filter.
@_disfavoredOverload
public func && (a: some FilterConvertible, b: some FilterConvertible) -> Filter { .allOf([a.filter, b.filter]) }

/// One must hold.
public func || (a: some Alternative, b: some Alternative) -> AnyOf {
    AnyOf(a.filter.alternatives + b.filter.alternatives)
}

/// One must hold. Only the local store accepts such a filter.
@_disfavoredOverload
public func || (a: some FilterConvertible, b: some FilterConvertible) -> Filter { .anyOf([a.filter, b.filter]) }

/// It must not hold. Only the local store accepts such a filter.
public prefix func ! (a: some FilterConvertible) -> Filter { .not(a.filter) }

extension Filter {
    /// The parts of an "and".
    var conjuncts: [Filter] { if case .allOf(let parts) = self { parts } else { [self] } }

    /// The parts of an "or".
    fileprivate var alternatives: [Filter] { if case .anyOf(let parts) = self { parts } else { [self] } }
}

extension Filter {
    /// The field of an operand that has no JSON form; see `JSON.operand(_:)`.
    package var unwritableField: String? {
        switch self {
        case .condition(let condition):
            condition.operators.contains { !$0.operand.isFinite } ? condition.field : nil
        case .allOf(let filters), .anyOf(let filters): filters.lazy.compactMap(\.unwritableField).first
        case .not(let filter): filter.unwritableField
        }
    }
}
