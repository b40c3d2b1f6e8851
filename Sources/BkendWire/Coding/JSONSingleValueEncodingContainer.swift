/// Encodes a value that is neither object nor array.
struct JSONSingleValueEncodingContainer: SingleValueEncodingContainer {
    let box: JSONBox
    let slot: JSONSlot

    var codingPath: [any CodingKey] { box.codingPath }

    mutating func encodeNil() { slot.set(.null) }
    mutating func encode(_ value: Bool) { slot.set(.bool(value)) }
    mutating func encode(_ value: String) { slot.set(.string(value)) }
    mutating func encode(_ value: Double) throws { slot.set(try box.json(number: value)) }
    mutating func encode(_ value: Float) throws { slot.set(try box.json(number: value)) }
    mutating func encode(_ value: Int) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: Int8) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: Int16) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: Int32) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: Int64) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: UInt) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: UInt8) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: UInt16) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: UInt32) throws { slot.set(try box.json(integer: value)) }
    mutating func encode(_ value: UInt64) throws { slot.set(try box.json(integer: value)) }
    mutating func encode<Value: Encodable>(_ value: Value) throws { slot.set(try box.json(of: value)) }
}
