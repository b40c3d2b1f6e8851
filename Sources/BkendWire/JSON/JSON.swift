/// A JSON value (RFC 8259) that loses nothing on the way through: 64-bit integers stay exact, objects keep the order
/// of their keys, and strings are compared by their bytes.
///
/// ```swift
/// let tables: JSON = ["tables": [["name": "notes", "searchIndex": true]]]
/// let name = tables["tables"]?[0]?["name"]?.stringValue
/// ```
///
/// Equality follows MongoDB's (rest-api.md §5): numbers by value, so `1 == 1.0`; strings by code points, so a composed
/// and a decomposed "é" differ; objects by keys, values *and* their order; booleans never equal 0 or 1.
public enum JSON: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits.
    case int(Int64)
    /// Every other number; always finite.
    case double(Double)
    /// A string of Unicode scalar values.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object, its members in order.
    case object(JSONObject)
}

extension JSON: Hashable {
    /// Equality as MongoDB defines it; see the type.
    public static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.int(let x), .int(let y)): x == y
        case (.double(let x), .double(let y)): x == y
        case (.int(let x), .double(let y)), (.double(let y), .int(let x)): Int64(exactly: y) == x
        case (.string(let x), .string(let y)): x.hasSameBytes(as: y)
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)): x == y
        default: false
        }
    }

    /// Hashes so that equal values hash equally: a number by its value, a string by its bytes.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value ? 2 : 1)
        case .int(let value): hasher.combine(value)
        case .double(let value):
            if let whole = Int64(exactly: value) { hasher.combine(whole) } else { hasher.combine(value) }
        case .string(let value): value.hashBytes(into: &hasher)
        case .array(let values): hasher.combine(values)
        case .object(let object): hasher.combine(object)
        }
    }
}

extension JSON {
    /// The type's name as an error message gives it: `null`, `boolean`, `number`, `string`, `array` or `object`.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int, .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The boolean, or nil when the value is of another type.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The string, or nil when the value is of another type.
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    /// The number as an exact 64-bit integer (`2.0` counts), or nil when it is none.
    public var intValue: Int64? {
        switch self {
        case .int(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// The number as a double (an integer past 2^53 is rounded), or nil when the value is no number.
    public var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The elements, or nil when the value is no array.
    public var arrayValue: [JSON]? { if case .array(let values) = self { values } else { nil } }

    /// The object, or nil when the value is none.
    public var objectValue: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// Whether the value is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The member of that name, or nil when there is none or the value is no object.
    public subscript(key: String) -> JSON? { objectValue?[key] }

    /// The element at that position, or nil when there is none or the value is no array.
    public subscript(index: Int) -> JSON? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A double.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object, its members in the order written; of two with one name the last counts.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
}

extension JSON: CustomStringConvertible {
    /// The compact JSON text.
    public var description: String { String(decoding: serialized(), as: UTF8.self) }
}
