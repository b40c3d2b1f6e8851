/// Encodes one value into a slot.
struct JSONValueEncoder: Encoder {
    let box: JSONBox
    let slot: JSONSlot

    init(box: JSONBox, slot: JSONSlot = JSONSlot()) {
        self.box = box
        self.slot = slot
    }

    var codingPath: [any CodingKey] { box.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { box.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        slot.becomeObject()
        return KeyedEncodingContainer(JSONKeyedEncodingContainer<Key>(box: box, slot: slot))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.becomeArray()
        return JSONUnkeyedEncodingContainer(box: box, slot: slot)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        JSONSingleValueEncodingContainer(box: box, slot: slot)
    }
}

/// A place that a value is being encoded into; containers share it.
final class JSONSlot {
    private enum Content {
        case empty
        case value(JSON)
        case object([(key: String, slot: Part)])
        case array([Part])
    }

    /// A finished value, or a place that is still being filled.
    private enum Part {
        case value(JSON)
        case slot(JSONSlot)

        var json: JSON {
            switch self {
            case .value(let json): json
            case .slot(let slot): slot.json
            }
        }
    }

    private var content = Content.empty

    /// What was encoded; an empty object when nothing was, as for a type without fields.
    var json: JSON {
        switch content {
        case .empty: .object(JSONObject())
        case .value(let json): json
        case .object(let members): .object(JSONObject(members.map { ($0.key, $0.slot.json) }))
        case .array(let parts): .array(parts.map(\.json))
        }
    }

    func becomeObject() { if case .object = content {} else { content = .object([]) } }

    func becomeArray() { if case .array = content {} else { content = .array([]) } }

    func set(_ json: JSON) { content = .value(json) }

    func set(_ json: JSON, forKey key: String) { append(.value(json), forKey: key) }

    func append(_ json: JSON) { append(.value(json)) }

    /// A new place under a key.
    func nested(forKey key: String) -> JSONSlot {
        let slot = JSONSlot()
        append(.slot(slot), forKey: key)
        return slot
    }

    /// A new place at the end.
    func nested() -> JSONSlot {
        let slot = JSONSlot()
        append(.slot(slot))
        return slot
    }

    var count: Int { if case .array(let parts) = content { parts.count } else { 0 } }

    private func append(_ part: Part, forKey key: String) {
        guard case .object(var members) = content else { return }
        content = .empty  // so that the array below is this function's own and grows in place
        members.append((key, part))
        content = .object(members)
    }

    private func append(_ part: Part) {
        guard case .array(var parts) = content else { return }
        content = .empty
        parts.append(part)
        content = .array(parts)
    }
}
