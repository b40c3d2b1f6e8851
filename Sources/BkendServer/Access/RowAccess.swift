import BkendAccounts
import BkendWire

/// What narrows a caller's lists: own records only, and the row filters that are about the caller (rest-api.md §7).
enum RowAccess {
    /// The filter of a list that the caller may see, nil for no narrowing.
    static func filter(_ definition: TableDefinition, caller: Caller, access: Access) throws(QueryError) -> Filter? {
        var parts: [Filter] = []
        if access == .own { parts.append(own(caller)) }
        if caller.group != .admin {
            var rows: [Filter] = []
            for rule in definition.rowFilters {
                switch rule.expression.access(of: caller) {
                case .denied: continue
                case .allowed: rows.append(try conditions(rule.filter, caller: caller))
                case .own: rows.append(.allOf([own(caller), try conditions(rule.filter, caller: caller)]))
                }
            }
            if !rows.isEmpty { parts.append(rows.count == 1 ? rows[0] : .anyOf(rows)) }
        }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .allOf(parts)
    }

    /// Whether the filter is another one for another user with the same rights.
    static func isOfUser(_ definition: TableDefinition, caller: Caller, access: Access) -> Bool {
        if access == .own { return true }
        guard caller.group != .admin else { return false }
        return definition.rowFilters.contains { rule in
            switch rule.expression.access(of: caller) {
            case .denied: false
            case .allowed: names(user: .object(rule.filter))
            case .own: true
            }
        }
    }

    private static func names(user json: JSON) -> Bool {
        switch json {
        case .string(let text): text.hasSameBytes(as: "$userId")
        case .array(let values): values.contains(where: names)
        case .object(let object): object.contains { names(user: $0.value) }
        default: false
        }
    }

    private static func own(_ caller: Caller) -> Filter {
        guard let user = caller.userID, !user.isEmpty else { return .anyOf([]) }
        return .condition(Condition("createdBy", .equals(.string(user))))
    }

    /// A rule's filter with `$userId` filled in. Without a user nothing can match what stands for one.
    private static func conditions(_ filter: JSONObject, caller: Caller) throws(QueryError) -> Filter {
        var missing = false
        let filled = fill(.object(filter), user: caller.userID, missing: &missing)
        if missing { return .anyOf([]) }
        var reader = FilterReader()
        return .allOf(try reader.conditions(filled.objectValue ?? [:], parameter: "rowFilters").map(Filter.condition))
    }

    private static func fill(_ json: JSON, user: String?, missing: inout Bool) -> JSON {
        switch json {
        case .string(let text) where text.hasSameBytes(as: "$userId"):
            if let user, !user.isEmpty { return .string(user) }
            missing = true
            return .null
        case .array(let values): return .array(values.map { fill($0, user: user, missing: &missing) })
        case .object(let object):
            return .object(JSONObject(object.map { ($0.key, fill($0.value, user: user, missing: &missing)) }))
        default: return json
        }
    }
}
