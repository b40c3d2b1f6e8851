import BkendWire

/// One thing a key may do: `table:operation`, `*` for either part (rest-api.md §1). The routes of rest-api.md §8a count
/// as the table `users`, those of §9 as the table `files`.
package struct KeyScope: Hashable, Sendable, CustomStringConvertible {
    /// The table, nil for all.
    package let table: String?
    /// The operation, nil for all.
    package let operation: TableOperation?

    /// Reads a scope, nil when the text is none.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            ["*", "users", "files"].contains(parts[0]) || TableName.flaw(in: String(parts[0])) == nil
        else { return nil }
        table = parts[0] == "*" ? nil : String(parts[0])
        operation = parts[1] == "*" ? nil : TableOperation(rawValue: String(parts[1]))
        if operation == nil, parts[1] != "*" { return nil }
    }

    /// Whether it covers that. `list` needs a scope of its own or `*`.
    package func allows(_ operation: TableOperation, on table: String) -> Bool {
        (self.table?.hasSameBytes(as: table) ?? true) && (self.operation.map { $0 == operation } ?? true)
    }

    /// Whether it covers everything there is.
    var isUnlimited: Bool { table == nil && operation == nil }

    /// The scope's text.
    package var description: String { "\(table ?? "*"):\(operation?.rawValue ?? "*")" }
}
