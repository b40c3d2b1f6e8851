import BkendWire
import Foundation

/// A small evaluator of filters over JSON trees, written from MongoDB's documentation and its matcher's rules, to
/// compare with.
enum ReferenceFilter {
    static func matches(_ filter: Filter, _ document: JSONObject) -> Bool {
        switch filter {
        case .allOf(let filters): filters.allSatisfy { matches($0, document) }
        case .anyOf(let filters): filters.contains { matches($0, document) }
        case .not(let filter): !matches(filter, document)
        case .condition(let condition): condition.operators.allSatisfy { matches(condition.field, $0, document) }
        }
    }

    private static func matches(_ path: String, _ filterOperator: FilterOperator, _ document: JSONObject) -> Bool {
        let found = values(.object(document), path.split(separator: ".", omittingEmptySubsequences: false)[...])
        func any(_ test: (JSON?) -> Bool) -> Bool { found.contains { test($0.value) } }
        func equal(_ operand: JSON) -> Bool {
            any { value in
                guard let value else { return operand.isNull }
                return ReferenceOrder.compare(value, operand) == 0
            }
        }
        func ordered(_ operand: JSON, _ accept: (Int) -> Bool) -> Bool {
            if operand.isNull { return accept(0) && equal(nil) }
            return any { value in
                guard let value, ReferenceOrder.rank(value) == ReferenceOrder.rank(operand) else { return false }
                return accept(ReferenceOrder.compare(value, operand))
            }
        }
        switch filterOperator {
        case .equals(let operand): return equal(operand)
        case .notEquals(let operand): return !equal(operand)
        case .greater(let operand): return ordered(operand) { $0 > 0 }
        case .greaterOrEqual(let operand): return ordered(operand) { $0 >= 0 }
        case .less(let operand): return ordered(operand) { $0 < 0 }
        case .lessOrEqual(let operand): return ordered(operand) { $0 <= 0 }
        case .isIn(let operands): return operands.contains(where: equal)
        case .isNotIn(let operands): return !operands.contains(where: equal)
        case .exists(let wanted): return any { $0 != nil } == wanted
        case .regex(let pattern, let options):
            // Only patterns that mean the same to NSRegularExpression are compared.
            let flags: NSRegularExpression.Options = options.contains("i") ? [.caseInsensitive] : []
            guard let expression = try? NSRegularExpression(pattern: pattern, options: flags) else { return false }
            return any { value in
                guard let text = value?.stringValue else { return false }
                return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
            }
        case .contains(let operand):
            return found.contains { candidate in
                if candidate.isElement { return false }
                switch (candidate.value, operand) {
                case (.array(let elements)?, _): return elements.contains { ReferenceOrder.compare($0, operand) == 0 }
                case (.string(let text)?, .string(let part)):
                    return part.isEmpty || text.lowercased().utf8.contains(Array(part.lowercased().utf8))
                default: return false
                }
            }
        }
    }

    typealias Found = (value: JSON?, isElement: Bool)

    /// The values that a path finds in an object.
    private static func values(_ object: JSON, _ path: ArraySlice<Substring>) -> [Found] {
        guard let name = path.first, let value = object[String(name)] else { return [(nil, false)] }
        let rest = path.dropFirst()
        if case .array(let elements) = value { return self.values(elements, value, rest) }
        if rest.isEmpty { return [(value, false)] }
        return value.objectValue == nil ? [(nil, false)] : values(value, rest)
    }

    private static func values(_ elements: [JSON], _ array: JSON, _ path: ArraySlice<Substring>) -> [Found] {
        guard let name = path.first else { return elements.map { ($0, true) } + [(array, false)] }
        var found: [Found] = []
        for (index, element) in elements.enumerated() {
            if element.objectValue != nil { found += values(element, path) }
            guard name == String(index) else { continue }
            let rest = path.dropFirst()
            if rest.isEmpty {
                found.append((element, false))
            } else if element.objectValue != nil {
                found += values(element, rest)
            } else if case .array(let inner) = element {
                found += values(inner, element, rest)
            }
        }
        return found
    }
}

extension Swift.Collection<UInt8> {
    func contains(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return indices.contains { self[$0...].starts(with: part) }
    }
}
