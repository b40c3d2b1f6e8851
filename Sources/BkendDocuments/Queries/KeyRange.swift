import BkendWire

/// Keys from one byte string, inclusive, up to another, exclusive.
struct KeyRange: Equatable {
    var lower: [UInt8]
    var upper: [UInt8]

    /// Every key.
    static let all = KeyRange(lower: [], upper: [0xFF])

    var isEmpty: Bool { ByteOrder.compare(lower, upper) >= 0 }

    /// The keys in both.
    func intersection(_ other: KeyRange) -> KeyRange {
        KeyRange(
            lower: ByteOrder.compare(lower, other.lower) < 0 ? other.lower : lower,
            upper: ByteOrder.compare(upper, other.upper) < 0 ? upper : other.upper)
    }

    /// The same range behind a prefix.
    func prefixed(_ prefix: [UInt8]) -> KeyRange { KeyRange(lower: prefix + lower, upper: prefix + upper) }

    /// The keys that continue this one. What follows a value's key begins with a bracket, the complement of one, or 0x00
    /// and 0xFF where it is the escape of a U+0000 that makes it another value; so the bounds are 0x01 and 0xFF.
    static func continuing(_ key: [UInt8]) -> KeyRange { KeyRange(lower: key + [0x01], upper: key + [0xFF]) }
}

/// Which keys of one index field an operator can be about.
enum KeyRanges {
    /// The values of an equality; nil for another operator. Null stands for missing as well.
    static func values(_ filterOperator: FilterOperator) -> [JSON]? {
        switch filterOperator {
        case .equals(let value): [value]
        case .isIn(let values): values
        case .greaterOrEqual(let value) where value.isNull, .lessOrEqual(let value) where value.isNull: [value]
        default: nil
        }
    }

    /// The keys that an equality with any of these values can meet, each once.
    static func keys(_ values: [JSON]) -> [[UInt8]] {
        var keys = values.flatMap { spellings(of: $0) }
        keys.sort { ByteOrder.compare($0, $1) < 0 }
        var last: [UInt8]?
        keys.removeAll { key in
            defer { last = key }
            return key == last
        }
        return keys
    }

    /// An array may be the field's own or an element of it.
    private static func spellings(of value: JSON) -> [[UInt8]] {
        let key = ComparisonKey.of(value)
        return key[0] == TypeBracket.array ? [key, [TypeBracket.wholeArray] + key.dropFirst()] : [key]
    }

    /// The ranges of an operator that compares, or of a pattern that says how a string begins; nil for another one. More
    /// than one for arrays only.
    static func ranges(_ filterOperator: FilterOperator, descending: Bool) -> [KeyRange]? {
        switch filterOperator {
        case .greater(let value): ranges(value, greater: true, orEqual: false, descending)
        case .greaterOrEqual(let value): ranges(value, greater: true, orEqual: true, descending)
        case .less(let value): ranges(value, greater: false, orEqual: false, descending)
        case .lessOrEqual(let value): ranges(value, greater: false, orEqual: true, descending)
        case .regex(let pattern, let options):
            PatternPrefix(pattern, options: options).map { [strings(from: $0.bytes, descending)] }
        default: nil
        }
    }

    /// Whether an operator's ranges hold nothing but what it matches.
    static func areExact(_ filterOperator: FilterOperator) -> Bool {
        guard case .regex(let pattern, let options) = filterOperator else { return true }
        return PatternPrefix(pattern, options: options)?.isWhole == true
    }

    /// The strings that begin so. A byte of UTF-8 has a successor, and so has its complement.
    private static func strings(from bytes: [UInt8], _ descending: Bool) -> KeyRange {
        let key = [TypeBracket.string] + bytes
        let lower = descending ? key.map { ~$0 } : key
        var upper = lower
        upper[upper.count - 1] += 1
        return KeyRange(lower: lower, upper: upper)
    }

    private static func ranges(_ value: JSON, greater: Bool, orEqual: Bool, _ descending: Bool) -> [KeyRange]? {
        if value.isNull { return orEqual ? nil : [] }
        return spellings(of: value).map { key in
            let key = descending ? key.map { ~$0 } : key
            let whole = KeyRange(lower: [key[0]], upper: [key[0] + 1])
            // Turned round, the greater keys lie below.
            if greater != descending { return KeyRange(lower: key + [orEqual ? 0x01 : 0xFF], upper: whole.upper) }
            return KeyRange(lower: whole.lower, upper: key + [orEqual ? 0xFF : 0x01])
        }
    }
}
