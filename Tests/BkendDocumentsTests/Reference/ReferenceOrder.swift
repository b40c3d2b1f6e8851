import BkendWire

/// MongoDB's order of values, written over JSON trees and apart from the product's keys, to compare with.
enum ReferenceOrder {
    static func rank(_ value: JSON) -> Int {
        switch value {
        case .null: 1
        case .int, .double: 2
        case .string: 3
        case .object: 4
        case .array: 5
        case .bool: 6
        }
    }

    static func compare(_ a: JSON, _ b: JSON) -> Int {
        if rank(a) != rank(b) { return rank(a) - rank(b) }
        switch (a, b) {
        case (.string(let x), .string(let y)):
            let x = x.unicodeScalars.map(\.value)
            let y = y.unicodeScalars.map(\.value)
            return x.lexicographicallyPrecedes(y) ? -1 : x == y ? 0 : 1
        case (.bool(let x), .bool(let y)): return (x ? 1 : 0) - (y ? 1 : 0)
        case (.array(let x), .array(let y)):
            for (left, right) in zip(x, y) {
                let order = compare(left, right)
                if order != 0 { return order }
            }
            return x.count - y.count
        case (.object(let x), .object(let y)):
            for (left, right) in zip(x, y) {
                if rank(left.value) != rank(right.value) { return rank(left.value) - rank(right.value) }
                let names = compare(.string(left.key), .string(right.key))
                if names != 0 { return names }
                let order = compare(left.value, right.value)
                if order != 0 { return order }
            }
            return x.count - y.count
        default: return compareNumbers(a, b)
        }
    }

    /// Exact: an integer and a double are compared as whole numbers first, then by the double's fraction.
    private static func compareNumbers(_ a: JSON, _ b: JSON) -> Int {
        switch (a, b) {
        case (.int(let x), .int(let y)): return x < y ? -1 : x == y ? 0 : 1
        case (.double(let x), .double(let y)): return x < y ? -1 : x == y ? 0 : 1
        case (.int(let x), .double(let y)):
            if y >= 0x1p63 { return -1 }
            if y < -0x1p63 { return 1 }
            let whole = Int64(y.rounded(.towardZero))
            if x != whole { return x < whole ? -1 : 1 }
            let fraction = y - y.rounded(.towardZero)
            return fraction > 0 ? -1 : fraction < 0 ? 1 : 0
        case (.double, .int): return -compareNumbers(b, a)
        default: return 0
        }
    }
}
