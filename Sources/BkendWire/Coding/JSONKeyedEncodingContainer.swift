/// Encodes the members of an object.
struct JSONKeyedEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: JSONBox
    let slot: JSONSlot

    var codingPath: [any CodingKey] { box.codingPath }

    mutating func encodeNil(forKey key: Key) { slot.set(.null, forKey: key.stringValue) }
    mutating func encode(_ value: Bool, forKey key: Key) { slot.set(.bool(value), forKey: key.stringValue) }
    mutating func encode(_ value: String, forKey key: Key) { slot.set(.string(value), forKey: key.stringValue) }
    mutating func encode(_ value: Double, forKey key: Key) throws {
        slot.set(try box.appending(key).json(number: value), forKey: key.stringValue)
    }
    mutating func encode(_ value: Float, forKey key: Key) throws {
        slot.set(try box.appending(key).json(number: value), forKey: key.stringValue)
    }
    mutating func encode(_ value: Int, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: Int8, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: Int16, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: Int32, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: Int64, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: UInt, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: UInt8, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: UInt16, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: UInt32, forKey key: Key) throws { try encode(integer: value, forKey: key) }
    mutating func encode(_ value: UInt64, forKey key: Key) throws { try encode(integer: value, forKey: key) }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        slot.set(try box.appending(key).json(of: value), forKey: key.stringValue)
    }

    private func encode(integer value: some FixedWidthInteger, forKey key: Key) throws {
        slot.set(
            try Int64(exactly: value).map(JSON.int) ?? box.appending(key).json(integer: value), forKey: key.stringValue)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder(forKey: key).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder(forKey: key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { encoder(forKey: JSONCodingKey.superKey) }

    mutating func superEncoder(forKey key: Key) -> any Encoder { encoder(forKey: key) }

    private func encoder(forKey key: any CodingKey) -> JSONValueEncoder {
        JSONValueEncoder(box: box.appending(key), slot: slot.nested(forKey: key.stringValue))
    }
}
