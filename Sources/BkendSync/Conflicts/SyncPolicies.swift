public import BkendWire

/// One field that was changed here and on the server.
public struct FieldConflict: Sendable, Hashable {
    /// The table.
    public var table: String
    /// The record's id on the server.
    public var record: String
    /// The top-level field.
    public var field: String
    /// What the server last said before the local write; nil when the field wasn't there.
    public var before: JSON?
    /// What the local write set.
    public var mine: JSON
    /// What the server says now; nil when the field isn't there.
    public var theirs: JSON?
    /// Whether the local write was sent and its answer lost, so that the server's value may hold it already: a sum would
    /// count it twice.
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

    /// Same record, field and values, names by code point.
    public static func == (a: FieldConflict, b: FieldConflict) -> Bool {
        a.table == b.table && a.record.hasSameBytes(as: b.record) && a.field.hasSameBytes(as: b.field)
            && a.before == b.before && a.mine == b.mine && a.theirs == b.theirs && a.maybeApplied == b.maybeApplied
    }

    /// Hashes the place and the local value.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(table)
        record.hashBytes(into: &hasher)
        field.hashBytes(into: &hasher)
        hasher.combine(mine)
    }
}

/// Who wins where a field was changed on both sides. Every conflict is reported, whoever wins.
public enum ConflictPolicy: Sendable {
    /// The local value is sent.
    case clientWins
    /// The server's value stays.
    case serverWins
    /// The function's value is sent; the server's own value sends nothing. It must be pure: it may run again.
    ///
    /// A value that can't be stored, which nests deeper than a field may (511 levels), say: the local value is sent
    /// instead, and the report says `mergeTooDeep`, or `mergeRefused` for a name that no server stores, or NaN.
    case merge(@Sendable (FieldConflict) -> JSON)
    /// The function's record is sent, as far as it differs from the server's: for values that belong together, as the
    /// beginning and the end of an appointment. It is called once for all fields that were changed on both sides. It
    /// must be pure: it may run again.
    case mergeRecord(@Sendable (RecordConflict) -> JSONObject)

    /// As the case of this name, with the three versions of the record alone:
    /// `.mergeRecord { before, mine, theirs in … }`.
    public static func mergeRecord(
        _ merge: @escaping @Sendable (_ before: JSONObject, _ mine: JSONObject, _ theirs: JSONObject) -> JSONObject
    ) -> ConflictPolicy {
        .mergeRecord { conflict in merge(conflict.before, conflict.mine, conflict.theirs) }
    }
}

/// What becomes of an update whose record was deleted elsewhere. It is reported either way.
public enum DeletedElsewherePolicy: Sendable, Hashable {
    /// The record stays deleted, the update is dropped.
    case stayDeleted
    /// The record is created again from what the device shows, under the client key `re-<old id>`.
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
