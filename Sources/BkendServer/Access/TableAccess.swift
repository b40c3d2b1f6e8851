import BkendAccounts
import BkendWire

/// The rules of a table for one caller (rest-api.md §7): pure decisions, in the order of the contract.
struct TableAccess: Sendable {
    let definition: TableDefinition
    let caller: Caller

    /// What the caller may do: scope, then admin, system table, group permission, `self` permission, deny.
    ///
    /// - Throws: `ErrorBody` with a 403 when no record is covered.
    func access(to operation: TableOperation) throws(ErrorBody) -> Access {
        let table = definition.name
        try caller.checkScopes(for: operation, on: table)
        if caller.isAdmin { return .allowed }
        let configured = ruled(operation)
        if TableName.isSystem(table), configured == nil {
            throw ErrorBody(.systemTableAccess, "\(table) is a system table, open to administrators only")
        }
        let access = configured ?? boolean(.unconfigured, operation)
        if access == .denied { throw Self.denied(operation, table) }
        return access
    }

    /// The refusal of one record.
    static func denied(_ operation: TableOperation, _ table: String) -> ErrorBody {
        ErrorBody(.permissionDenied, "no permission to \(operation.rawValue) records of \(table)")
    }

    /// What the table's own rules say, nil when it has none. An expression wins over the boolean form; `list` falls
    /// back to `read`.
    private func ruled(_ operation: TableOperation) -> Access? {
        let expressions = definition.expressionPermissions
        if let expression = expressions[operation] ?? (operation == .list ? expressions[.read] : nil) {
            return expression.access(of: caller)
        }
        return definition.permissions.map { boolean($0, operation) }
    }

    private func boolean(_ permissions: Permissions, _ operation: TableOperation) -> Access {
        let group: Permissions.Group = caller.group == .guest ? .guest : .user
        if permissions.allows(group, operation) { return .allowed }
        return caller.userID != nil && permissions.allows(.self, operation) ? .own : .denied
    }
}
