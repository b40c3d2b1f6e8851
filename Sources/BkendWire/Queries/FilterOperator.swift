/// One operator with its operand (rest-api.md §5). Semantics are MongoDB's.
package enum FilterOperator: Hashable, Sendable {
    /// `$eq`: equal, or an array with an equal element; null also matches a missing field.
    case equals(JSON)
    /// `$ne`: the opposite of `$eq`, so a missing field matches unless the operand is null.
    case notEquals(JSON)
    /// `$gt`: greater, within the operand's type only.
    case greater(JSON)
    /// `$gte`
    case greaterOrEqual(JSON)
    /// `$lt`
    case less(JSON)
    /// `$lte`
    case lessOrEqual(JSON)
    /// `$in`: `$eq` with any of these.
    case isIn([JSON])
    /// `$nin`: `$eq` with none of these.
    case isNotIn([JSON])
    /// `$regex` with `$options` (of `i m s x`): the string, or a string in the array, holds a match of the PCRE pattern.
    case regex(pattern: String, options: String)
    /// `$exists`: whether the field is there; null counts as there.
    case exists(Bool)
    /// `$contains`: a string that holds the operand, case-insensitively, or an array with an equal element.
    case contains(JSON)

    /// The operator's name in the REST form.
    package var name: String {
        switch self {
        case .equals: "$eq"
        case .notEquals: "$ne"
        case .greater: "$gt"
        case .greaterOrEqual: "$gte"
        case .less: "$lt"
        case .lessOrEqual: "$lte"
        case .isIn: "$in"
        case .isNotIn: "$nin"
        case .regex: "$regex"
        case .exists: "$exists"
        case .contains: "$contains"
        }
    }

    /// The operand in the REST form; `$options` stands beside it.
    package var operand: JSON {
        switch self {
        case .equals(let value), .notEquals(let value), .greater(let value), .greaterOrEqual(let value),
            .less(let value), .lessOrEqual(let value), .contains(let value):
            value
        case .isIn(let values), .isNotIn(let values): .array(values)
        case .regex(let pattern, _): .string(pattern)
        case .exists(let value): .bool(value)
        }
    }

    /// The text of `$options`, empty but for `$regex`.
    private var options: String { if case .regex(_, let options) = self { options } else { "" } }

    /// Same operator and operand, strings by code point.
    package static func == (a: FilterOperator, b: FilterOperator) -> Bool {
        a.name == b.name && a.operand == b.operand && a.options.hasSameBytes(as: b.options)
    }

    /// Hashes name and operand.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(operand)
    }
}
