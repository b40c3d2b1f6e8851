public import BkendWire

/// One field that was changed both here and on the server.
public struct FieldConflict: Sendable, Hashable {
    /// The table.
    public var table: String
    /// The record's id on the server.
    public var record: String
    /// The top-level field.
    public var field: String
    /// The server's last known value before the local write; nil if the field didn't exist.
    public var before: JSON?
    /// The value that the local write set.
    public var mine: JSON
    /// The server's current value; nil if the field doesn't exist.
    public var theirs: JSON?
    /// Whether the local write was sent and its response lost. The server's value may already contain it, and a sum
    /// would count it twice.
    public var maybeApplied: Bool

    /// A conflict.
    package init(
        table: String, record: String, field: String, before: JSON?, mine: JSON, theirs: JSON?,
        maybeApplied: Bool = false
    ) {
        self.maybeApplied = maybeApplied
        self.table = table
        self.record = record
        self.field = field
        self.before = before
        self.mine = mine
        self.theirs = theirs
    }
}

extension FieldConflict: ComparedExactly {
    package var exact: JSONObject {
        var exact: JSONObject = [
            "table": .string(table), "record": .string(record), "field": .string(field), "mine": mine,
            "maybeApplied": .bool(maybeApplied),
        ]
        exact["before"] = before
        exact["theirs"] = theirs
        return exact
    }
}

/// The policy for a field that was changed on both sides. Every conflict is reported, whoever wins.
///
/// ```swift
/// options.conflictsByTable["counters"] = .merge { conflict in
///     let (mine, theirs) = (conflict.mine.intValue ?? 0, conflict.theirs?.intValue ?? 0)
///     if conflict.maybeApplied { return .int(theirs) }
///     return .int(theirs + mine - (conflict.before?.intValue ?? 0))
/// }
/// ```
public enum ConflictPolicy: Sendable {
    /// The local value is sent.
    case clientWins
    /// The server's value stays.
    case serverWins
    /// The function's value is sent. If the function returns the server's value, nothing is sent. The function must be
    /// pure, because it may run again.
    ///
    /// If the value can't be stored, the local value is sent instead. The report has `mergeTooDeep` for a value that
    /// nests deeper than 511 levels, or `mergeRefused` for a name that the server doesn't accept or for NaN.
    case merge(@Sendable (FieldConflict) -> JSON)
    /// The fields of the function's record that differ from the server's record are sent. Use it for values that belong
    /// together, such as the start and the end of an appointment. The function is called once for all fields that were
    /// changed on both sides. It must be pure, because it may run again.
    case mergeRecord(@Sendable (RecordConflict) -> JSONObject)

    /// Like the case of this name, with only the three versions of the record: `.mergeRecord { before, mine, theirs in
    /// … }`.
    ///
    /// ```swift
    /// options.conflictsByTable["orders"] = .mergeRecord { before, mine, theirs in
    ///     theirs["state"] == "closed" ? theirs : mine
    /// }
    /// ```
    public static func mergeRecord(
        _ merge: @escaping @Sendable (_ before: JSONObject, _ mine: JSONObject, _ theirs: JSONObject) -> JSONObject
    ) -> ConflictPolicy {
        .mergeRecord { conflict in merge(conflict.before, conflict.mine, conflict.theirs) }
    }
}

/// What happens to an update whose record was deleted elsewhere. It is reported either way.
public enum DeletedElsewherePolicy: Sendable, Hashable {
    /// The record stays deleted. The update is dropped.
    case stayDeleted
    /// The record is created again from its local version, with the client key `re-<old id>`.
    case createAgain
}

/// The policies of an app: one for everything, others by table and by subscription.
package struct SyncPolicies: Sendable {
    /// Where nothing else is said.
    package var conflict = ConflictPolicy.clientWins
    /// By table.
    package var conflictByTable: [String: ConflictPolicy] = [:]
    /// By the number of a subscription; wins over the table's. Of several subscriptions the lowest number counts.
    package var conflictBySubscription: [Int64: ConflictPolicy] = [:]
    /// Where nothing else is said.
    package var deletedElsewhere = DeletedElsewherePolicy.stayDeleted
    /// By table.
    package var deletedElsewhereByTable: [String: DeletedElsewherePolicy] = [:]

    /// Client wins, deleted stays deleted.
    package init() {}

    /// The conflict policy of a record of a table that is in these subscriptions, ascending.
    package func conflict(table: String, subscriptions: [Int64]) -> ConflictPolicy {
        subscriptions.lazy.compactMap { conflictBySubscription[$0] }.first ?? conflictByTable[table] ?? conflict
    }

    /// What becomes of an update of a record that is gone.
    package func deletedElsewhere(table: String) -> DeletedElsewherePolicy {
        deletedElsewhereByTable[table] ?? deletedElsewhere
    }
}
