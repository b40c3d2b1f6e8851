import BkendDocuments
import BkendWire
import GRDB

/// What a PATCH changes of a record, worked out before the write asks for its turn; see `CheckedRecords`.
struct CheckedChange: Sendable {
    /// The record's text that it was worked out from.
    let text: [UInt8]
    /// The version of the table's definition then.
    fileprivate let version: Int
    /// The record's last `updatedAt`.
    let updatedAt: String?
    /// Whether the record is the caller's own.
    let isOwn: Bool
    /// The fields that get another value; empty when nothing changes.
    let fields: JSONObject

    /// Whether the record and the table's definition are still what they were.
    fileprivate func isCurrent(for id: String, in table: Table, _ db: Database) throws -> Bool {
        guard table.version == version, let now = try table.collection.document(id: id, in: db) else { return false }
        return now.bytes == text
    }
}

extension RecordOperations {
    /// A change as it is now; nil when patterns would take too long inside a write.
    func current(
        _ known: CheckedChange, of id: String, set body: JSONObject, in db: Database
    ) throws -> CheckedChange? {
        if try known.isCurrent(for: id, in: table, db) { return known }
        let patterns = RequestPatterns(within: .milliseconds(50))
        let result = Result { try change(of: id, set: body, patterns: patterns, .untimed, in: db) }
        return patterns.ranOut ? nil : try result.get()
    }

    /// Works out what setting fields changes of a record. What equals the stored value is no change, as far as the
    /// caller may read it: then nothing is written and `updatedAt` stays.
    ///
    /// - Throws: `ErrorBody`: 403 when the caller may not, 404, 400 with what is wrong with the record that would result.
    func change(
        of id: String, set body: JSONObject, patterns: RequestPatterns, _ attempt: ReadAttempt, in db: Database
    ) throws -> CheckedChange {
        let access = try access.access(to: .update)
        guard let text = try table.collection.document(id: id, in: db) else { throw notFound(id) }
        try attempt.expect(.record(bytes: text.bytes.count))
        let old = try text.json
        try check(access, .update, old)
        let fields = Self.withoutSystemFields(body)
        let isOwn = Access.own.covers(createdBy: old["createdBy"]?.stringValue ?? "", caller: caller)
        try columns.checkWrite(fields.keys, isOwn: isOwn)
        var record = Self.withoutSystemFields(old)
        for (name, value) in fields { record[name] = value }
        var validator = RecordValidator(
            fillsDefaults: false, keepsClientKey: fields[FieldName.clientKey] == nil, matches: patterns.matches,
            hides: { columns.conceals($0, in: fields, isOwn: isOwn) })
        let validated = validator.record(record, table.definition.schema)
        if let error = ErrorBody(validator.failures) { throw error }
        var changed = JSONObject()
        for (name, value) in validated {
            // A field that the caller wrote and may not read changes whatever it held, or `updatedAt` would tell whether
            // the caller has guessed it.
            let isUnread = fields[name] != nil && columns.hides(name, isOwn: isOwn)
            if isUnread || old[name] != value { changed[name] = value }
        }
        return CheckedChange(
            text: text.bytes, version: table.version, updatedAt: old["updatedAt"]?.stringValue, isOwn: isOwn,
            fields: changed)
    }
}
