import BkendDocuments
import BkendStorage
import BkendWire

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
    fileprivate func isCurrent(for stored: DocumentText?, in table: Table) -> Bool {
        table.version == version && stored?.bytes == text
    }
}

extension RecordOperations {
    /// A change as it is now, its record read for writing; nil when patterns would take too long inside a write.
    func current(
        _ known: CheckedChange, of id: String, set body: JSONObject, in session: any StorageTransaction
    ) throws -> CheckedChange? {
        let stored = try session.documentForWriting(id, in: table)
        if known.isCurrent(for: stored, in: table) { return known }
        let patterns = RequestPatterns(within: .milliseconds(50))
        let result = Result { try change(of: id, as: stored, set: body, patterns: patterns, .untimed) }
        return patterns.ranOut ? nil : try result.get()
    }

    /// Works out what setting fields changes of a record. What equals the stored value is no change, as far as the
    /// caller may read it: then nothing is written and `updatedAt` stays.
    ///
    /// - Throws: `ErrorBody`: 403 when the caller may not, 404, 400 with what is wrong with the record that would result.
    func change(
        of id: String, set body: JSONObject, patterns: RequestPatterns, _ attempt: ReadAttempt,
        in session: any StorageSession
    ) throws -> CheckedChange {
        // Who may not update learns nothing of what is there.
        _ = try access.access(to: .update)
        return try change(of: id, as: session.document(id, in: table), set: body, patterns: patterns, attempt)
    }

    private func change(
        of id: String, as stored: DocumentText?, set body: JSONObject, patterns: RequestPatterns, _ attempt: ReadAttempt
    ) throws -> CheckedChange {
        let access = try access.access(to: .update)
        guard let text = stored else { throw notFound(id) }
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
