/// Encodes the elements of an array.
struct JSONUnkeyedEncodingContainer: UnkeyedEncodingContainer {
    let box: JSONBox
    let slot: JSONSlot

    var codingPath: [any CodingKey] { box.codingPath }
    var count: Int { slot.count }

    private var element: JSONBox { box.appending(JSONCodingKey.index(slot.count)) }

    mutating func encodeNil() { slot.append(.null) }
    mutating func encode(_ value: Bool) { slot.append(.bool(value)) }
    mutating func encode(_ value: String) { slot.append(.string(value)) }
    mutating func encode(_ value: Double) throws { slot.append(try element.json(number: value)) }
    mutating func encode(_ value: Float) throws { slot.append(try element.json(number: value)) }
    mutating func encode(_ value: Int) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: Int8) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: Int16) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: Int32) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: Int64) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: UInt) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: UInt8) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: UInt16) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: UInt32) throws { slot.append(try element.json(integer: value)) }
    mutating func encode(_ value: UInt64) throws { slot.append(try element.json(integer: value)) }
    mutating func encode<Value: Encodable>(_ value: Value) throws { slot.append(try element.json(of: value)) }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder().container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { encoder() }

    private func encoder() -> JSONValueEncoder {
        let box = element
        return JSONValueEncoder(box: box, slot: slot.nested())
    }
}
