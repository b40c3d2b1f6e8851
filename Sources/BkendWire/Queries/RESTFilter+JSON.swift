extension RESTFilter {
    /// The JSON object of `andFilters`, nil when that part is empty.
    package var andFilters: JSONObject? { Self.object(of: allOf) }

    /// The JSON object of `orFilters`, nil when that part is empty.
    package var orFilters: JSONObject? { Self.object(of: anyOf) }

    private static func object(of conditions: [Condition]) -> JSONObject? {
        conditions.isEmpty ? nil : JSONObject(conditions.map { ($0.field, $0.restValue) })
    }
}

extension Condition {
    /// The condition's value in the REST form: the bare value for an equality, else an object of operators.
    var restValue: JSON {
        if operators.count == 1, case .equals(let value) = operators[0], value.objectValue == nil { return value }
        var object = JSONObject()
        for filterOperator in operators {
            object[filterOperator.name] = filterOperator.operand
            if case .regex(_, let options) = filterOperator, !options.isEmpty { object["$options"] = .string(options) }
        }
        return .object(object)
    }
}

/// Reads filters from their REST form, naming the parameter and the place of whatever is wrong.
package struct FilterReader {
    private let limits: QueryLimits
    private var count = 0

    /// A reader; the limit on the number of operators holds over all that it reads.
    package init(limits: QueryLimits = QueryLimits()) { self.limits = limits }

    /// The conditions of one JSON object (`andFilters` or `orFilters`).
    package mutating func conditions(json text: String, parameter: String) throws(QueryError) -> [Condition] {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: text, limits: JSONLimits(depth: limits.depth))
        } catch {
            throw QueryError(parameter: parameter, message: error.description)
        }
        guard case .object(let object) = json else {
            throw QueryError(parameter: parameter, message: "must be a JSON object, not \(json.typeName)")
        }
        return try conditions(object, parameter: parameter)
    }

    /// The conditions of one parsed object.
    package mutating func conditions(_ object: JSONObject, parameter: String) throws(QueryError) -> [Condition] {
        var conditions: [Condition] = []
        for (field, value) in object {
            if let flaw = FieldPath.flaw(in: field, limits: limits) {
                throw QueryError(parameter: parameter, path: field, message: flaw)
            }
            conditions.append(Condition(field, try operators(value, field: field, parameter: parameter)))
        }
        return conditions
    }

    private mutating func operators(_ value: JSON, field: String, parameter: String) throws(QueryError)
        -> [FilterOperator]
    {
        guard case .object(let object) = value, object.contains(where: { $0.key.utf8.first == 0x24 }) else {
            try countOne(parameter)
            return [.equals(try operand(value, path: field, parameter: parameter))]
        }
        var operators: [FilterOperator] = []
        for (name, operand) in object {
            let path = "\(field).\(name)"
            guard name.utf8.first == 0x24 else {
                throw QueryError(parameter: parameter, path: path, message: "operators and fields can't be mixed")
            }
            if name == "$options" {
                guard object["$regex"] != nil else {
                    throw QueryError(parameter: parameter, path: path, message: "$options needs $regex")
                }
                continue
            }
            try countOne(parameter)
            operators.append(try read(name, operand, beside: object, path: path, parameter: parameter))
        }
        return operators
    }

    private func read(
        _ name: String, _ value: JSON, beside object: JSONObject, path: String, parameter: String
    ) throws(QueryError) -> FilterOperator {
        switch name {
        case "$eq": return .equals(try operand(value, path: path, parameter: parameter))
        case "$ne": return .notEquals(try operand(value, path: path, parameter: parameter))
        case "$gt": return .greater(try operand(value, path: path, parameter: parameter))
        case "$gte": return .greaterOrEqual(try operand(value, path: path, parameter: parameter))
        case "$lt": return .less(try operand(value, path: path, parameter: parameter))
        case "$lte": return .lessOrEqual(try operand(value, path: path, parameter: parameter))
        case "$contains": return .contains(try operand(value, path: path, parameter: parameter))
        case "$in": return .isIn(try list(value, path: path, parameter: parameter))
        case "$nin": return .isNotIn(try list(value, path: path, parameter: parameter))
        case "$exists":
            switch value {
            case .bool(let exists): return .exists(exists)
            case .int(let number) where number == 0 || number == 1: return .exists(number == 1)
            default: throw QueryError(parameter: parameter, path: path, message: "must be true or false")
            }
        case "$regex":
            guard case .string(let pattern) = value else {
                throw QueryError(parameter: parameter, path: path, message: "must be a string, not \(value.typeName)")
            }
            guard pattern.utf8.count <= limits.patternLength else {
                let message = "a pattern may have at most \(limits.patternLength) bytes"
                throw QueryError(parameter: parameter, path: path, message: message)
            }
            let place = path.dropLast(name.count) + "$options"
            let options = try options(object["$options"], path: String(place), parameter: parameter)
            return .regex(pattern: pattern, options: options)
        default: throw QueryError(parameter: parameter, path: path, message: "unknown operator \(name)")
        }
    }

    private func options(_ value: JSON?, path: String, parameter: String) throws(QueryError) -> String {
        guard let value else { return "" }
        guard case .string(let options) = value,
            options.unicodeScalars.allSatisfy({ "imsx".unicodeScalars.contains($0) })
        else {
            let message = "must be a string of the letters i, m, s and x"
            throw QueryError(parameter: parameter, path: path, message: message)
        }
        return options
    }

    private func list(_ value: JSON, path: String, parameter: String) throws(QueryError) -> [JSON] {
        guard case .array(let values) = value else {
            throw QueryError(parameter: parameter, path: path, message: "must be an array, not \(value.typeName)")
        }
        guard values.count <= limits.listLength else {
            let message = "may hold at most \(limits.listLength) values"
            throw QueryError(parameter: parameter, path: path, message: message)
        }
        for (index, value) in values.enumerated() {
            _ = try operand(value, path: "\(path)[\(index)]", parameter: parameter)
        }
        return values
    }

    /// A value to compare with; no name in it may look like an operator.
    private func operand(_ value: JSON, path: String, parameter: String) throws(QueryError) -> JSON {
        switch value {
        case .object(let object):
            for (key, value) in object {
                if key.utf8.first == 0x24 {
                    let message = "a field name can't start with $"
                    throw QueryError(parameter: parameter, path: "\(path).\(key)", message: message)
                }
                _ = try operand(value, path: "\(path).\(key)", parameter: parameter)
            }
        case .array(let values):
            for (index, value) in values.enumerated() {
                _ = try operand(value, path: "\(path)[\(index)]", parameter: parameter)
            }
        default: break
        }
        return value
    }

    private mutating func countOne(_ parameter: String) throws(QueryError) {
        count += 1
        if count > limits.conditions {
            throw QueryError(parameter: parameter, message: "a query may hold at most \(limits.conditions) conditions")
        }
    }
}

/// The rules for a dotted path.
package enum FieldPath {
    /// What is wrong with a path, or nil when it is sound.
    package static func flaw(in path: String, limits: QueryLimits = QueryLimits()) -> String? {
        if path.isEmpty { return "a field name can't be empty" }
        let parts = path.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        if parts.count > limits.pathLength { return "a path may have at most \(limits.pathLength) parts" }
        for part in parts {
            if part.isEmpty { return "a path can't have an empty part" }
            if part.first == 0x24 { return "a field name can't start with $" }
            if part.contains(0) { return "a field name can't contain U+0000" }
        }
        return nil
    }
}
