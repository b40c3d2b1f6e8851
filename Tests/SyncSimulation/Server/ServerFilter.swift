import BkendWire

/// The filters of rest-api.md §5, evaluated one record at a time. Written from that document alone, so that it shares
/// no mistake with the product.
package struct ServerFilter: Sendable {
    /// A filter that can't be read; it becomes a 400.
    package struct Malformed: Error {
        let message: String
    }

    private enum Test: Sendable {
        case equals(JSON), notEquals(JSON), isIn([JSON]), isNotIn([JSON]), exists(Bool), contains(JSON)
        case compares(JSON, isLess: Bool, isEqual: Bool)
    }

    private struct Condition: Sendable {
        let path: [String]
        let tests: [Test]
    }

    private var all: [Condition] = []
    private var any: [Condition] = []

    /// Reads both objects; the dates are fields whose operands are brought to the stored form first.
    package init(and: JSONObject? = nil, or: JSONObject? = nil, dates: [String] = []) throws(Malformed) {
        all = try Self.conditions(and, dates)
        any = try Self.conditions(or, dates)
    }

    /// Whether it lets everything through.
    var isEmpty: Bool { all.isEmpty && any.isEmpty }

    /// Whether the record matches.
    package func matches(_ document: JSONObject) -> Bool {
        let value = JSON.object(document)
        return all.allSatisfy { Self.holds($0, value) } && (any.isEmpty || any.contains { Self.holds($0, value) })
    }

    private static func conditions(_ object: JSONObject?, _ dates: [String]) throws(Malformed) -> [Condition] {
        var conditions: [Condition] = []
        for (field, value) in object ?? [:] {
            if field.isEmpty || field.utf8.first == 0x24 { throw Malformed(message: "the field \(field)") }
            let isDate = dates.contains(field) || field == "createdAt" || field == "updatedAt"
            let path = field.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            conditions.append(Condition(path: path, tests: try tests(value, isDate: isDate)))
        }
        return conditions
    }

    private static func tests(_ value: JSON, isDate: Bool) throws(Malformed) -> [Test] {
        func stored(_ value: JSON) -> JSON {
            guard isDate, case .string(let text) = value, let moment = Timestamp(text) else { return value }
            return .string(moment.description)
        }
        guard case .object(let object) = value, object.contains(where: { $0.key.utf8.first == 0x24 }) else {
            return [.equals(stored(value))]
        }
        var tests: [Test] = []
        for (name, operand) in object {
            switch (name, operand) {
            case ("$eq", _): tests.append(.equals(stored(operand)))
            case ("$ne", _): tests.append(.notEquals(stored(operand)))
            case ("$gt", _): tests.append(.compares(stored(operand), isLess: false, isEqual: false))
            case ("$gte", _): tests.append(.compares(stored(operand), isLess: false, isEqual: true))
            case ("$lt", _): tests.append(.compares(stored(operand), isLess: true, isEqual: false))
            case ("$lte", _): tests.append(.compares(stored(operand), isLess: true, isEqual: true))
            case ("$in", .array(let values)): tests.append(.isIn(values.map(stored)))
            case ("$nin", .array(let values)): tests.append(.isNotIn(values.map(stored)))
            case ("$exists", .bool(let exists)): tests.append(.exists(exists))
            case ("$contains", _): tests.append(.contains(operand))
            default: throw Malformed(message: "the operator \(name)")
            }
        }
        return tests
    }

    private static func holds(_ condition: Condition, _ document: JSON) -> Bool {
        let found = values(condition.path[...], in: document)
        return condition.tests.allSatisfy { holds($0, found) }
    }

    private static func holds(_ test: Test, _ found: [JSON?]) -> Bool {
        switch test {
        case .equals(let value): equal(value, found)
        case .notEquals(let value): !equal(value, found)
        case .isIn(let values): values.contains { equal($0, found) }
        case .isNotIn(let values): !values.contains { equal($0, found) }
        case .exists(let exists): found.contains { $0 != nil } == exists
        case .contains(let value): contains(value, found)
        case .compares(let value, let isLess, let isEqual):
            found.contains { compares($0, value, isLess: isLess, isEqual: isEqual) }
        }
    }

    private static func equal(_ value: JSON, _ found: [JSON?]) -> Bool {
        found.contains { $0.map { $0 == value } ?? value.isNull }
    }

    private static func contains(_ value: JSON, _ found: [JSON?]) -> Bool {
        found.contains { candidate in
            switch candidate {
            case .some(.array(let elements)): elements.contains(value)
            case .some(.string(let text)):
                value.stringValue.map { text.lowercased().contains($0.lowercased()) } ?? false
            default: false
            }
        }
    }

    private static func compares(_ candidate: JSON?, _ value: JSON, isLess: Bool, isEqual: Bool) -> Bool {
        if value.isNull { return isEqual && (candidate?.isNull ?? true) }
        guard let candidate, ValueOrder.rank(candidate) == ValueOrder.rank(value) else { return false }
        if candidate == value { return isEqual }
        return ValueOrder.precedes(candidate, value) == isLess
    }

    /// What a path leads to; nil for a place where nothing is. An array's elements stand beside the array.
    private static func values(_ path: ArraySlice<String>, in value: JSON) -> [JSON?] {
        guard let name = path.first else {
            if case .array(let elements) = value { return [value] + elements.map { $0 } }
            return [value]
        }
        switch value {
        case .object(let object):
            guard let member = object[name] else { return [nil] }
            return values(path.dropFirst(), in: member)
        case .array(let elements):
            var found: [JSON?] = []
            for element in elements where element.objectValue != nil { found += values(path, in: element) }
            if let index = Int(name), elements.indices.contains(index) {
                found += values(path.dropFirst(), in: elements[index])
            }
            return found.isEmpty ? [nil] : found
        default: return [nil]
        }
    }
}

/// The order of values across types: null and missing, numbers, strings, objects, arrays, booleans (rest-api.md §5).
enum ValueOrder {
    static func rank(_ value: JSON?) -> Int {
        switch value {
        case nil, .null: 0
        case .int, .double: 1
        case .string: 2
        case .object: 3
        case .array: 4
        case .bool: 5
        }
    }

    static func precedes(_ a: JSON?, _ b: JSON?) -> Bool {
        let (first, second) = (rank(a), rank(b))
        if first != second { return first < second }
        switch (a, b) {
        case (.int(let x), .int(let y)): return x < y
        case (.string(let x), .string(let y)): return x.precedesInBytes(y)
        case (.bool(let x), .bool(let y)): return !x && y
        case (.some(let x), .some(let y)) where first == 1: return (x.doubleValue ?? 0) < (y.doubleValue ?? 0)
        case (.some(let x), .some(let y)): return x.description.precedesInBytes(y.description)
        default: return false
        }
    }
}
