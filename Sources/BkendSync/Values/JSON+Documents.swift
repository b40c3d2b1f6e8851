import BkendWire

extension JSON {
    /// Whether two values say the same in JSON: numbers by exact value, strings by code point, objects whatever the
    /// order of their members. MongoDB's equality, which `==` is, also asks for the order; between two spellings of one
    /// document it means nothing, and a write because of it would be spurious (sync.md, "Equality").
    package func says(sameAs other: JSON) -> Bool {
        switch (self, other) {
        case (.array(let a), .array(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.says(sameAs: $1) }
        case (.object(let a), .object(let b)): a.says(sameAs: b)
        default: self == other
        }
    }

    /// How deep a field's value may nest: with the record around it, it is then what any text may be (`JSONLimits`), so
    /// that whatever was stored can be read again.
    static let deepestField = JSONLimits().depth - 1

    /// Whether arrays and objects nest deeper than so many levels; `{}` is one level.
    func nests(deeperThan limit: Int) -> Bool {
        switch self {
        case .array(let values): limit < 1 || values.contains { $0.nests(deeperThan: limit - 1) }
        case .object(let object): limit < 1 || object.contains { $0.value.nests(deeperThan: limit - 1) }
        default: false
        }
    }

    /// The value with every string and every object key passed through a function. Of keys that become equal the last
    /// one's value counts.
    func mapStrings(_ transform: (String) throws -> String) rethrows -> JSON {
        switch self {
        case .string(let text): .string(try transform(text))
        case .array(let values): .array(try values.map { try $0.mapStrings(transform) })
        case .object(let object): .object(try object.mapStrings(transform))
        default: self
        }
    }

    /// Calls a function with every string and every object key.
    func visitStrings(_ visit: (String) throws -> Void) rethrows {
        switch self {
        case .string(let text): try visit(text)
        case .array(let values): for value in values { try value.visitStrings(visit) }
        case .object(let object):
            for member in object {
                try visit(member.key)
                try member.value.visitStrings(visit)
            }
        default: break
        }
    }
}

extension JSONObject {
    /// Whether two objects say the same; see `JSON.says(sameAs:)`.
    package func says(sameAs other: JSONObject) -> Bool {
        count == other.count
            && allSatisfy { member in other[member.key].map { member.value.says(sameAs: $0) } ?? false }
    }

    /// The object with every string and every key passed through a function; see `JSON.mapStrings(_:)`.
    func mapStrings(_ transform: (String) throws -> String) rethrows -> JSONObject {
        JSONObject(try map { (try transform($0.key), try $0.value.mapStrings(transform)) })
    }

    /// The members that a test lets through, in order.
    func filtered(_ isIncluded: (String, JSON) throws -> Bool) rethrows -> JSONObject {
        JSONObject(unique: try filter { try isIncluded($0.key, $0.value) })
    }
}
