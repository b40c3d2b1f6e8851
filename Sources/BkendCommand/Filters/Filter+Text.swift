import BkendWire

extension Filter {
    /// The text that `FilterParser` reads as this filter. A condition of several operators is written as several
    /// comparisons, which mean the same.
    var text: String {
        switch self {
        case .condition(let condition): condition.operators.map { condition.text($0) }.joined(separator: " and ")
        case .allOf(let parts): parts.map { $0.inner(in: self) }.joined(separator: " and ")
        case .anyOf(let parts): parts.map { $0.inner(in: self) }.joined(separator: " or ")
        case .not(let part): "not " + part.inner(in: self)
        }
    }

    /// The text of a part, in parentheses where `and`, `or` and `not` would bind otherwise.
    private func inner(in whole: Filter) -> String {
        switch (self, whole) {
        case (.condition(let condition), _) where condition.operators.count == 1: text
        case (.not, _): text
        case (.allOf, .anyOf): text
        default: "(\(text))"
        }
    }
}

extension Condition {
    fileprivate func text(_ filterOperator: FilterOperator) -> String {
        let name = fieldText
        return switch filterOperator {
        case .equals(let value): "\(name) = \(value)"
        case .notEquals(let value): "\(name) != \(value)"
        case .greater(let value): "\(name) > \(value)"
        case .greaterOrEqual(let value): "\(name) >= \(value)"
        case .less(let value): "\(name) < \(value)"
        case .lessOrEqual(let value): "\(name) <= \(value)"
        case .isIn(let values): "\(name) in \(JSON.array(values))"
        case .isNotIn(let values): "\(name) not in \(JSON.array(values))"
        case .contains(let value): "\(name) has \(value)"
        case .exists(let isThere): "\(name) \(isThere ? "exists" : "missing")"
        case .regex(let pattern, let options):
            options.isEmpty ? "\(name) ~ \(JSON.string(pattern))" : "\(name) ~ /\(Self.slashed(pattern))/\(options)"
        }
    }

    private var fieldText: String {
        let isPlain =
            field.first.map { $0.isLetter || $0 == "_" } ?? false
            && field.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        let isKeyword = ["and", "or", "not", "in"].contains(field.lowercased())
        return isPlain && !isKeyword ? field : "`\(field.replacing("`", with: "``"))`"
    }

    /// A pattern as it stands between slashes: each slash that isn't escaped yet is.
    private static func slashed(_ pattern: String) -> String {
        var (text, isEscaped) = ("", false)
        for character in pattern {
            if character == "/", !isEscaped { text += "\\" }
            isEscaped = character == "\\" && !isEscaped
            text.append(character)
        }
        return text
    }
}
