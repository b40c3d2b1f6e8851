public import BkendWire
public import Foundation

/// A type whose values have an order on the server, so that `<`, `<=`, `>` and `>=` compile on its fields.
///
/// Ranges compare within one JSON type only: numbers with numbers, strings with strings by code point, booleans with
/// booleans (rest-api.md §5). An enum of strings or numbers can conform without an implementation.
public protocol RangeValue {
    /// The type that such a field is compared with: the type itself, or the wrapped type of an optional.
    associatedtype Bound: Encodable = Self
}

extension Field where Value: RangeValue {
    /// `$lt`: less, within the bound's JSON type. A missing field never matches.
    public static func < (field: Field, bound: Value.Bound) -> Condition {
        Condition(field.fieldPath, .less(.operand(bound)))
    }

    /// `$lte`: less or equal, within the bound's JSON type.
    public static func <= (field: Field, bound: Value.Bound) -> Condition {
        Condition(field.fieldPath, .lessOrEqual(.operand(bound)))
    }

    /// `$gt`: greater, within the bound's JSON type. A missing field never matches.
    public static func > (field: Field, bound: Value.Bound) -> Condition {
        Condition(field.fieldPath, .greater(.operand(bound)))
    }

    /// `$gte`: greater or equal, within the bound's JSON type.
    public static func >= (field: Field, bound: Value.Bound) -> Condition {
        Condition(field.fieldPath, .greaterOrEqual(.operand(bound)))
    }
}

extension Optional: RangeValue where Wrapped: RangeValue {
    /// The type that the wrapped type is compared with.
    public typealias Bound = Wrapped.Bound
}
extension Bool: RangeValue {}
extension String: RangeValue {}
extension Int: RangeValue {}
extension Int8: RangeValue {}
extension Int16: RangeValue {}
extension Int32: RangeValue {}
extension Int64: RangeValue {}
extension UInt: RangeValue {}
extension UInt8: RangeValue {}
extension UInt16: RangeValue {}
extension UInt32: RangeValue {}
extension UInt64: RangeValue {}
extension Float: RangeValue {}
extension Double: RangeValue {}
extension Decimal: RangeValue {}
extension Date: RangeValue {}
extension UUID: RangeValue {}
extension JSON: RangeValue {}
