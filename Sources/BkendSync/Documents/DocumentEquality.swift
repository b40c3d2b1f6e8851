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
}

extension JSONObject {
    /// Whether two objects say the same; see `JSON.says(sameAs:)`.
    package func says(sameAs other: JSONObject) -> Bool {
        count == other.count
            && allSatisfy { member in other[member.key].map { member.value.says(sameAs: $0) } ?? false }
    }
}
