/// A rule like `self & user | role:editor` (rest-api.md §7): any of its alternatives, each of which needs all its terms.
package struct PermissionExpression: Hashable, Sendable, CustomStringConvertible {
    /// One condition on the caller.
    package enum Term: Hashable, Sendable, CustomStringConvertible {
        /// A signed-in user, administrators included.
        case user
        /// Everyone.
        case guest
        /// An administrator.
        case admin
        /// The signed-in user who created the record.
        case `self`
        /// Everyone.
        case `public`
        /// A signed-in user of that role; nil for any role.
        case role(String?)

        /// The term's text.
        package var description: String {
            switch self {
            case .user: "user"
            case .guest: "guest"
            case .admin: "admin"
            case .self: "self"
            case .public: "public"
            case .role(let name): "role:\(name ?? "*")"
            }
        }

        /// Same condition, a role's name by code point.
        package static func == (a: Term, b: Term) -> Bool { a.description.hasSameBytes(as: b.description) }

        /// Hashes the text's code points.
        package func hash(into hasher: inout Hasher) { description.hashBytes(into: &hasher) }
    }

    /// The alternatives; in each all terms must hold.
    package var alternatives: [[Term]]

    /// Reads an expression: `|` over `&` over terms. Nil when it is none.
    package init?(_ text: String) {
        var alternatives: [[Term]] = []
        for alternative in text.split(separator: "|", omittingEmptySubsequences: false) {
            var terms: [Term] = []
            for word in alternative.split(separator: "&", omittingEmptySubsequences: false) {
                guard let term = Self.term(word.split(whereSeparator: \.isWhitespace).joined(separator: " ")) else {
                    return nil
                }
                terms.append(term)
            }
            alternatives.append(terms)
        }
        self.alternatives = alternatives
    }

    private static func term(_ word: String) -> Term? {
        switch word {
        case "user": return .user
        case "guest": return .guest
        case "admin": return .admin
        case "self": return .self
        case "public": return .public
        default:
            guard word.hasPrefix("role:"), word.utf8.count > 5, !word.contains(" ") else { return nil }
            let name = String(word.dropFirst(5))
            return .role(name == "*" ? nil : name)
        }
    }

    /// The expression's text, with single spaces.
    package var description: String {
        alternatives.map { $0.map(\.description).joined(separator: " & ") }.joined(separator: " | ")
    }
}

/// Who may read and write one field; nil is no rule of its own.
package struct ColumnPermission: Hashable, Sendable {
    /// Who may read it.
    package var read: PermissionExpression?
    /// Who may write it.
    package var write: PermissionExpression?

    /// A rule for one field.
    package init(read: PermissionExpression? = nil, write: PermissionExpression? = nil) {
        self.read = read
        self.write = write
    }
}

/// A filter that the lists of some callers are narrowed by.
package struct RowFilter: Hashable, Sendable {
    /// Whose lists.
    package var expression: PermissionExpression
    /// The filter in its REST form; `"$userId"` stands for the caller's id.
    package var filter: JSONObject

    /// A filter for the lists of some callers.
    package init(expression: PermissionExpression, filter: JSONObject) {
        self.expression = expression
        self.filter = filter
    }
}

extension SchemaReader {
    mutating func expression(_ json: JSON, path: String) -> PermissionExpression? {
        guard let text = text(json, path: path) else { return nil }
        if let expression = PermissionExpression(text) { return expression }
        let terms = "user, guest, admin, self, public, role:NAME and role:*"
        mistake(path, "expression", "\(JSON.string(text)) is no expression; it has | over & over the terms \(terms)")
        return nil
    }

    mutating func expressions(_ json: JSON, path: String) -> [TableOperation: PermissionExpression] {
        var rules: [TableOperation: PermissionExpression] = [:]
        guard case .object(let members) = json else {
            mistake(path, "type", "must be an object of operations, not \(json.typeName)")
            return rules
        }
        for (key, value) in members {
            guard let operation = TableOperation(rawValue: key) else {
                mistake("\(path).\(key)", "unknown", "must be one of create, read, list, update, delete")
                continue
            }
            rules[operation] = expression(value, path: "\(path).\(key)")
        }
        return rules
    }

    mutating func columns(_ json: JSON, path: String) -> [(String, ColumnPermission)] {
        guard case .object(let members) = json else {
            mistake(path, "type", "must be an object of fields, not \(json.typeName)")
            return []
        }
        return members.map { name, value in
            var rule = ColumnPermission()
            for (key, value) in value.objectValue ?? [:] {
                switch key {
                case "read": rule.read = expression(value, path: "\(path).\(name).read")
                case "write": rule.write = expression(value, path: "\(path).\(name).write")
                default: mistake("\(path).\(name).\(key)", "unknown", "must be read or write")
                }
            }
            if value.objectValue == nil { mistake("\(path).\(name)", "type", "must be an object with read and write") }
            return (name, rule)
        }
    }

    mutating func rowFilters(_ json: JSON, path: String) -> [RowFilter] {
        guard case .array(let values) = json else {
            mistake(path, "type", "must be an array, not \(json.typeName)")
            return []
        }
        return values.enumerated().compactMap { index, value in
            let place = "\(path)[\(index)]"
            guard let filter = value["filter"]?.objectValue, let rule = value["expression"] else {
                mistake(place, "required", "must have an expression and a filter")
                return nil
            }
            var reader = FilterReader()
            do throws(QueryError) { _ = try reader.conditions(filter, parameter: "\(place).filter") } catch {
                mistake(
                    error.path.isEmpty ? error.parameter : "\(error.parameter).\(error.path)", "filter", error.message)
            }
            return expression(rule, path: "\(place).expression").map { RowFilter(expression: $0, filter: filter) }
        }
    }
}
