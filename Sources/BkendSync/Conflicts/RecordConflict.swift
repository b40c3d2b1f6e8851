public import BkendWire

/// A record with at least one field that was changed both here and on the server.
public struct RecordConflict: Sendable, Hashable {
    /// The table.
    public var table: String
    /// The record's id on the server.
    public var record: String
    /// The top-level fields that were changed on both sides.
    public var fields: [String]
    /// The server's record, with the fields that were written here set to their values before the write. The other
    /// fields have the server's current values.
    public var before: JSONObject
    /// The server's record, with the fields that were written here.
    public var mine: JSONObject
    /// The server's record as it is now, with its system fields.
    public var theirs: JSONObject
    /// Whether the local write was sent and its response lost. The server's record may already contain it.
    public var maybeApplied: Bool

    init(_ entry: OutboxEntry, fields: [String], theirs: JSONObject, maybeApplied: Bool) {
        table = entry.table
        record = entry.record
        self.fields = fields
        self.theirs = theirs
        self.maybeApplied = maybeApplied
        (before, mine) = (theirs, theirs)
        for (field, value) in entry.fields {
            before[field] = entry.before[field]
            mine[field] = value
        }
    }
}

extension RecordConflict: ComparedExactly {
    package var exact: JSONObject {
        [
            "table": .string(table), "record": .string(record), "fields": .array(fields.map(JSON.string)),
            "before": .object(before), "mine": .object(mine), "theirs": .object(theirs),
            "maybeApplied": .bool(maybeApplied),
        ]
    }
}
