import Foundation

/// Decodes one JSON value at one place of the whole.
struct JSONValueDecoder: Decoder {
    var value: JSON
    var codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any]

    func appending(_ key: any CodingKey, _ value: JSON) -> JSONValueDecoder {
        JSONValueDecoder(value: value, codingPath: codingPath + [key], userInfo: userInfo)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else { throw mismatch([String: JSON].self, "an object") }
        return KeyedDecodingContainer(JSONKeyedDecodingContainer<Key>(object: object, reader: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch([JSON].self, "an array") }
        return JSONUnkeyedDecodingContainer(elements: elements, reader: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { JSONSingleValueDecodingContainer(reader: self) }

    // MARK: Values

    func bool() throws -> Bool {
        guard case .bool(let flag) = value else { throw mismatch(Bool.self, "a boolean") }
        return flag
    }

    func string() throws -> String {
        guard case .string(let text) = value else { throw mismatch(String.self, "a string") }
        return text
    }

    /// A whole number that fits; `2.0` counts as one.
    func integer<Integer: FixedWidthInteger>() throws -> Integer {
        let exact: Integer?
        switch value {
        case .int(let number): exact = Integer(exactly: number)
        case .double(let number): exact = Integer(exactly: number)
        default: throw mismatch(Integer.self, "a whole number")
        }
        guard let exact else {
            throw corrupted("\(excerpt) is no whole number from \(Integer.min) to \(Integer.max)")
        }
        return exact
    }

    func double() throws -> Double {
        switch value {
        case .double(let number): return number
        case .int(let number):
            guard let exact = Double(exactly: number) else {
                throw corrupted("\(number) would lose digits as a Double: declare the field as Int64")
            }
            return exact
        default: throw mismatch(Double.self, "a number")
        }
    }

    /// The nearest float of a fraction; a whole number must fit exactly.
    func float() throws -> Float {
        let number = try double()
        let float = Float(number)
        guard float.isFinite, number.rounded() != number || Double(float) == number else {
            throw corrupted("\(excerpt) would lose digits as a Float: declare the field as Double")
        }
        return float
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let special = try special(type), let value = special as? Value { return value }
        let result = try Value(from: self)
        if case .object(let object) = value, let dictionary = result as? any StringKeyed,
            dictionary.memberCount != object.count
        {
            throw corrupted("two names differ only in their Unicode form: declare the field as JSONObject")
        }
        return result
    }

    /// A value whose own `Codable` form is not the one that the wire has.
    private func special(_ type: any Decodable.Type) throws -> Any? {
        if type == JSON.self { return value }
        if type == JSONObject.self {
            guard case .object(let object) = value else { throw mismatch(JSONObject.self, "an object") }
            return object
        }
        if type == Date.self {
            guard let timestamp = Timestamp(try string(expecting: "a date in ISO 8601")) else {
                throw corrupted("expected a date in ISO 8601, found \(excerpt)")
            }
            return timestamp.date
        }
        if type == Data.self {
            guard let data = Data(base64Encoded: try string(expecting: "base64")) else {
                throw corrupted("expected base64 (RFC 4648 §4)")
            }
            return data
        }
        if type == URL.self {
            guard let url = URL(string: try string(expecting: "a URL")) else {
                throw corrupted("expected a URL, found \(excerpt)")
            }
            return url
        }
        if type == Decimal.self { return try decimal() }
        return nil
    }

    private func decimal() throws -> Decimal {
        switch value {
        case .int(let number): return Decimal(number)
        case .double(let number):
            guard let exact = number.exactDecimal else {
                throw corrupted("\(excerpt) is beyond the range of a Decimal")
            }
            return exact
        default: throw mismatch(Decimal.self, "a number")
        }
    }

    private func string(expecting expected: String) throws -> String {
        guard case .string(let text) = value else { throw mismatch(String.self, expected) }
        return text
    }

    // MARK: Errors

    /// The value's text, cut where it would fill a log.
    private var excerpt: String {
        let text = value.description
        return text.count <= 80 ? text : text.prefix(80) + "…"
    }

    private func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: codingPath, debugDescription: "expected \(expected), found \(value.typeName)")
        return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    private func corrupted(_ message: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: message))
    }
}

/// A dictionary by strings, whose keys Swift compares by canonical equivalence: two JSON names can fall together.
private protocol StringKeyed {
    var memberCount: Int { get }
}

extension Dictionary: StringKeyed where Key == String {
    fileprivate var memberCount: Int { count }
}
