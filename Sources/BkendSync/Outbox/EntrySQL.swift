import BkendDocuments
import BkendWire

/// How entries are read, and the conditions that several statements share.
enum EntrySQL {
    /// What `entry(_:)` reads.
    static let columns = """
        sequence, user, collection, record, kind, fields, before, state, epoch, body, attempts, failure, made_at, \
        changed_at, client_key, overwritten
        """
    /// What makes an entry part of the visible document.
    static let live = "(state <> 'failed' OR kind = 'create')"

    /// The condition that an entry is in a stored state; of those that don't simply wait there is an index.
    static func isIn(_ state: OutboxEntry.State) -> String {
        state == .queued ? "state = 'queued'" : "state <> 'queued' AND state = '\(state.rawValue)'"
    }

    /// The condition that an entry waits for the app and holds others up. It has an index of its own: while nothing is
    /// stuck, there is nothing to follow.
    static let stuck = """
        state IN ('failed', 'unresolved') AND (state = 'unresolved' OR state = 'failed' AND kind = 'create')
        """

    /// A table `held` of the stuck entries and of the queued ones that wait for them: the next one of the same lane, and
    /// those that name the record that a create makes, through any number of steps. What is on its way holds up nothing.
    /// The plus keeps SQLite to the lane's index.
    static let held = """
        WITH RECURSIVE held (sequence, collection, record, kind, state) AS (
            SELECT sequence, collection, record, kind, state FROM sync_entries WHERE \(stuck)
            UNION
            SELECT next.sequence, next.collection, next.record, next.kind, next.state
            FROM held CROSS JOIN sync_entries AS next ON next.sequence = (
                SELECT later.sequence FROM sync_entries AS later
                WHERE later.collection = held.collection AND later.record = held.record
                    AND later.sequence > held.sequence AND +later.state = 'queued'
                ORDER BY later.sequence LIMIT 1)
            UNION
            SELECT next.sequence, next.collection, next.record, next.kind, next.state
            FROM held CROSS JOIN sync_edges AS edge ON edge.local_id = held.record AND edge.binds
            CROSS JOIN sync_entries AS next ON next.sequence = edge.entry
            WHERE held.kind = 'create' AND next.state = 'queued'
        )
        """

    /// The numbers of blocked entries, as a statement.
    static let blocked = "\(held) SELECT sequence FROM held WHERE state = 'queued'"

    /// The condition that a queued entry, `entry`, is the first live one of its record and names no record that the
    /// server doesn't have.
    static let ready = """
        NOT EXISTS (SELECT 1 FROM sync_edges WHERE sync_edges.entry = entry.sequence AND binds)
        AND NOT EXISTS (
            SELECT 1 FROM sync_entries AS earlier
            WHERE earlier.collection = entry.collection AND earlier.record = entry.record
                AND earlier.sequence < entry.sequence
                AND (earlier.state <> 'failed' OR earlier.kind = 'create'))
        """

    /// The entry of a row that has `columns`.
    static func entry(_ row: RunningStatement) throws -> OutboxEntry {
        guard let kind = OutboxEntry.Kind(rawValue: row.text(4)), let state = OutboxEntry.State(rawValue: row.text(7))
        else { throw StoreError(.damaged("entry \(row.int(0))")) }
        return OutboxEntry(
            sequence: row.int(0), user: row.text(1), table: row.text(2), record: row.text(3), kind: kind,
            fields: try row.object(5), before: try row.object(6), state: state, epoch: row.int(8),
            body: row.isNull(9) ? nil : Array(row.bytes(9)), attempts: Int(row.int(10)),
            failure: row.isNull(11) ? nil : EntryFailure(try row.object(11)),
            madeTimestamp: Timestamp(clamping: row.int(12)), changedAt: Timestamp(clamping: row.int(13)),
            clientKey: row.optionalText(14),  // Nearly always empty.
            overwrites: row.bytes(15).count <= 2 ? [:] : try row.object(15))
    }
}
