import Foundation

/// Turns single values into JSON at one place of the whole.
struct JSONBox {
    var codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: any Sendable]

    func appending(_ key: any CodingKey) -> JSONBox { JSONBox(codingPath: codingPath + [key], userInfo: userInfo) }

    func json<Value: Encodable>(of value: Value) throws -> JSON {
        switch value {
        case let value as JSON:
            try checkFinite(value)
            return value
        case let value as JSONObject:
            try checkFinite(.object(value))
            return .object(value)
        case let value as Date: return try json(date: value)
        case let value as Data: return .string(value.base64EncodedString())
        case let value as URL: return .string(value.absoluteString)
        case let value as Decimal: return try json(decimal: value)
        default: break
        }
        let encoder = JSONValueEncoder(box: self)
        try value.encode(to: encoder)
        let json = encoder.slot.json
        return value is any UnorderedCollection ? Self.ordered(json, isSet: value is any UnorderedElements) : json
    }

    func json(integer value: some FixedWidthInteger) throws -> JSON {
        if let exact = Int64(exactly: value) { return .int(exact) }
        if let exact = Double(exactly: value) { return .double(exact) }
        throw refusal(value, "\(value) is beyond 64 bits signed and would lose digits: encode it as a string")
    }

    func json(number value: Double) throws -> JSON {
        guard value.isFinite else { throw refusal(value, "\(value) has no JSON form") }
        return .double(value)
    }

    /// A float by its shortest decimal digits, so that `0.1` stays `0.1`.
    func json(number value: Float) throws -> JSON {
        guard value.isFinite else { throw refusal(value, "\(value) has no JSON form") }
        if let short = Double(value.description), Float(short) == value { return .double(short) }
        return .double(Double(value))
    }

    private func json(date value: Date) throws -> JSON {
        guard let timestamp = Timestamp(value) else {
            throw refusal(value, "a date must lie in the years 0000 to 9999 and be a number")
        }
        return .string(timestamp.description)
    }

    private func json(decimal value: Decimal) throws -> JSON {
        if !value.isNaN {
            let text = value.description
            if let exact = Int64(text) { return .int(exact) }
            if let double = Double(text), double.isFinite, double.exactDecimal == value { return .double(double) }
        }
        throw refusal(value, "\(value) would lose digits as a JSON number: encode it as a string")
    }

    private func checkFinite(_ value: JSON, path: [any CodingKey] = []) throws {
        switch value {
        case .double(let number) where !number.isFinite:
            let context = EncodingError.Context(
                codingPath: codingPath + path, debugDescription: "\(number) has no JSON form")
            throw EncodingError.invalidValue(number, context)
        case .array(let values):
            for (index, value) in values.enumerated() {
                try checkFinite(value, path: path + [JSONCodingKey.index(index)])
            }
        case .object(let object):
            for (key, value) in object { try checkFinite(value, path: path + [JSONCodingKey.name(key)]) }
        default: break
        }
    }

    private func refusal(_ value: Any, _ message: String) -> EncodingError {
        .invalidValue(value, EncodingError.Context(codingPath: codingPath, debugDescription: message))
    }

    /// One form for a collection whose own order is random.
    private static func ordered(_ json: JSON, isSet: Bool) -> JSON {
        switch json {
        case .object(let object): return .object(JSONObject(unique: object.sorted { $0.key.precedesInBytes($1.key) }))
        case .array(let values):
            let width = isSet ? 1 : 2
            let groups = stride(from: 0, to: values.count, by: width).map { start in
                let group = Array(values[start..<min(start + width, values.count)])
                return (text: JSON.array(group).serialized(), group: group)
            }
            return .array(groups.sorted { $0.text.lexicographicallyPrecedes($1.text) }.flatMap(\.group))
        default: return json
        }
    }
}

extension Double {
    /// The decimal of the shortest digits that read back as this double.
    var exactDecimal: Decimal? { Decimal(string: JSONNumber.text(of: self)) }
}

/// A collection whose order says nothing and differs from run to run.
protocol UnorderedCollection {}
/// One that encodes its elements, not pairs of key and value.
protocol UnorderedElements: UnorderedCollection {}

extension Set: UnorderedElements {}
extension Dictionary: UnorderedCollection {}
