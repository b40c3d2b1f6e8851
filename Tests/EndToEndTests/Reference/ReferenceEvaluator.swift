import BkendWire
import Foundation

/// A second opinion on every filter: rest-api.md §5 and MongoDB's documentation read once more, over plain JSON values,
/// with nothing in common with the code under test but the value types. Small and slow on purpose.
struct ReferenceEvaluator {
    let query: Query

    /// The ids of the matching records, in the query's order, before paging.
    func ids(of records: [JSONObject]) -> [String] {
        let matching = records.filter { matches(query.filter, $0) }
        let sort = query.sort.first ?? Query.Sort("id", .descending)
        return matching.sorted { a, b in
            let order = Self.compareKeys(sortValue(a, sort), sortValue(b, sort))
            let (idA, idB) = (a["id"]?.stringValue ?? "", b["id"]?.stringValue ?? "")
            let ascending = order != 0 ? order < 0 : Self.compare(.string(idA), .string(idB)) < 0
            return sort.direction == .ascending ? ascending : !ascending
        }.compactMap { $0["id"]?.stringValue }
    }

    func matches(_ filter: Filter, _ record: JSONObject) -> Bool {
        switch filter {
        case .condition(let condition):
            condition.operators.allSatisfy { matches($0, at: condition.field, of: record) }
        case .allOf(let filters): filters.allSatisfy { matches($0, record) }
        case .anyOf(let filters): filters.contains { matches($0, record) }
        case .not(let filter): !matches(filter, record)
        }
    }

    /// A value that a path leads to; nil where the path ends at something that has no such field.
    typealias Candidate = JSON?

    private func matches(_ test: FilterOperator, at path: String, of record: JSONObject) -> Bool {
        let parts = path.split(separator: ".").map(String.init)
        let leaves = Self.leaves(.object(record), parts[...])
        // A leaf that is an array stands for each element and for itself.
        let candidates = leaves.flatMap { leaf -> [Candidate] in
            if case .array(let elements)? = leaf { elements.map(Optional.some) + [leaf] } else { [leaf] }
        }
        switch test {
        case .equals(let value): return candidates.contains { Self.equal($0, value) }
        case .notEquals(let value): return !candidates.contains { Self.equal($0, value) }
        case .isIn(let values): return candidates.contains { one in values.contains { Self.equal(one, $0) } }
        case .isNotIn(let values): return !candidates.contains { one in values.contains { Self.equal(one, $0) } }
        case .greater(let value): return candidates.contains { Self.inRange($0, value) { $0 > 0 } }
        case .greaterOrEqual(let value): return candidates.contains { Self.inRange($0, value) { $0 >= 0 } }
        case .less(let value): return candidates.contains { Self.inRange($0, value) { $0 < 0 } }
        case .lessOrEqual(let value): return candidates.contains { Self.inRange($0, value) { $0 <= 0 } }
        case .exists(let wanted): return leaves.contains { $0 != nil } == wanted
        case .regex(let pattern, let options):
            guard
                let expression = try? NSRegularExpression(
                    pattern: pattern, options: options.contains("i") ? [.caseInsensitive] : [])
            else { return false }
            return candidates.contains { candidate in
                guard case .string(let text)? = candidate else { return false }
                return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
            }
        case .contains(let value):
            return leaves.contains { leaf in
                switch leaf {
                case .array(let elements)?: elements.contains { Self.equal($0, value) }
                case .string(let text)?: value.stringValue.map { text.lowercased().contains($0.lowercased()) } ?? false
                default: false
                }
            }
        }
    }

    /// Where a path leads. An array on the way stands for the objects in it, and for the element at a numeric part.
    private static func leaves(_ value: JSON, _ path: ArraySlice<String>) -> [Candidate] {
        guard let part = path.first else { return [value] }
        let rest = path.dropFirst()
        switch value {
        case .object(let object):
            guard let member = object[part] else { return [nil] }
            return leaves(member, rest)
        case .array(let elements):
            var found: [Candidate] = []
            for element in elements where element.objectValue != nil { found += leaves(element, path) }
            if let index = Int(part), elements.indices.contains(index) { found += leaves(elements[index], rest) }
            return found
        default: return [nil]
        }
    }

    private static func equal(_ candidate: Candidate, _ value: JSON) -> Bool {
        guard let candidate else { return value.isNull }
        return rank(candidate) == rank(value) && compare(candidate, value) == 0
    }

    private static func inRange(_ candidate: Candidate, _ value: JSON, _ holds: (Int) -> Bool) -> Bool {
        let candidate = candidate ?? .null
        return rank(candidate) == rank(value) && holds(compare(candidate, value))
    }

    /// The value that a record sorts by; nil for an empty array, which comes before null.
    private func sortValue(_ record: JSONObject, _ sort: Query.Sort) -> JSON? {
        let keys = Self.sortKeys(.object(record), sort.field.split(separator: ".").map(String.init)[...])
        let ordered = keys.sorted { Self.compareKeys($0, $1) < 0 }
        return sort.direction == .ascending ? ordered[0] : ordered[ordered.count - 1]
    }

    private static func compareKeys(_ a: JSON?, _ b: JSON?) -> Int {
        guard let a, let b else { return (a == nil ? 0 : 1) - (b == nil ? 0 : 1) }
        return compare(a, b)
    }

    /// What MongoDB's index on the path would hold: an array's elements, for each array on the way what its objects
    /// hold and null for what is no object, and a position's element as one value.
    private static func sortKeys(_ value: JSON, _ path: ArraySlice<String>) -> [JSON?] {
        guard let part = path.first else {
            guard case .array(let elements) = value else { return [value] }
            return elements.isEmpty ? [JSON?.none] : elements
        }
        let rest = path.dropFirst()
        switch value {
        case .object(let object): return object[part].map { sortKeys($0, rest) } ?? [.null]
        case .array(let elements):
            if let index = Int(part), elements.indices.contains(index) {
                if !rest.isEmpty { return sortKeys(elements[index], rest) }
                return [elements[index] == .array([]) ? JSON?.none : elements[index]]
            }
            let keys = elements.flatMap { $0.objectValue == nil ? [.null] : sortKeys($0, path) }
            return keys.isEmpty ? [.null] : keys
        default: return [.null]
        }
    }

    /// Null and missing < numbers < strings < objects < arrays < booleans.
    private static func rank(_ value: JSON) -> Int {
        switch value {
        case .null: 0
        case .int, .double: 1
        case .string: 2
        case .object: 3
        case .array: 4
        case .bool: 5
        }
    }

    /// Negative, zero or positive.
    static func compare(_ a: JSON, _ b: JSON) -> Int {
        if rank(a) != rank(b) { return rank(a) < rank(b) ? -1 : 1 }
        switch (a, b) {
        case (.bool(let x), .bool(let y)): return (x ? 1 : 0) - (y ? 1 : 0)
        case (.string(let x), .string(let y)):
            let (x, y) = (Array(x.unicodeScalars), Array(y.unicodeScalars))
            return x == y ? 0 : x.lexicographicallyPrecedes(y) ? -1 : 1
        case (.array(let x), .array(let y)):
            for (a, b) in zip(x, y) where compare(a, b) != 0 { return compare(a, b) }
            return x.count - y.count
        case (.object(let x), .object(let y)):
            for (a, b) in zip(x, y) {
                if rank(a.value) != rank(b.value) { return rank(a.value) - rank(b.value) }
                let names = compare(.string(a.key), .string(b.key))
                if names != 0 { return names }
                if compare(a.value, b.value) != 0 { return compare(a.value, b.value) }
            }
            return x.count - y.count
        case (.null, _): return 0
        case (.int(let x), .int(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.int(let x), .double(let y)): return compare(x, y)
        case (.double(let x), .int(let y)): return -compare(y, x)
        default:
            let (x, y) = (a.doubleValue ?? .nan, b.doubleValue ?? .nan)
            return x == y ? 0 : x < y ? -1 : 1
        }
    }

    /// By value: the double's whole part is compared as an integer, and then what is left of it.
    private static func compare(_ a: Int64, _ b: Double) -> Int {
        if b >= 0x1p63 { return -1 }
        if b < -0x1p63 { return 1 }
        let whole = Int64(b.rounded(.down))
        if a != whole { return a < whole ? -1 : 1 }
        return b > b.rounded(.down) ? -1 : 0
    }
}
