import BkendAccounts
import BkendDocuments
import BkendWire

/// New records that a table's rules allow, in their stored form but for what only the write adds: ids and times.
///
/// They are checked before the write asks for its turn: whatever a hostile body costs, no other write waits for it.
struct CheckedRecords: Sendable {
    private let bodies: [JSONObject]
    /// Whether they came as an array, whose positions errors name.
    let isArray: Bool
    private let records: [JSONObject]
    /// The version of the definition that they were checked by, nil when there was no table yet.
    private let version: Int?

    /// Checks records.
    ///
    /// - Parameters:
    ///   - isArray: whether they came as an array, whose positions errors then name.
    ///   - version: that of the definition, nil when the table is not there yet.
    /// - Throws: `ErrorBody`: 403 when the caller may not create them, 400 with what is wrong with them.
    init(
        _ bodies: [JSONObject], isArray: Bool, for definition: BkendWire.TableDefinition, version: Int?,
        caller: Caller, patterns: RequestPatterns = RequestPatterns()
    ) throws(ErrorBody) {
        _ = try TableAccess(definition: definition, caller: caller).access(to: .create)
        let columns = ColumnAccess(definition, caller: caller)
        let isOwn = caller.userID != nil
        var records: [JSONObject] = []
        var failures = ValidationFailures()
        for (index, body) in bodies.enumerated() {
            let fields = RecordOperations.withoutSystemFields(body)
            try columns.checkWrite(fields.keys, isOwn: isOwn)
            var validator = RecordValidator(
                fillsDefaults: true, matches: patterns.matches,
                hides: { columns.conceals($0, in: fields, isOwn: isOwn) }, failures: failures)
            let place = isArray ? RecordPlace(record: index) : RecordPlace()
            records.append(validator.record(fields, definition.schema, at: place))
            failures = validator.failures
        }
        if let error = ErrorBody(failures) { throw error }
        (self.bodies, self.isArray, self.records, self.version) = (bodies, isArray, records, version)
    }

    /// The records as the table that there is now takes them. They are checked again if someone has changed it since.
    func checked(by table: Table, caller: Caller) throws(ErrorBody) -> [JSONObject] {
        if let version, version == table.version { return records }
        // A table that the write has just made takes any fields, as was supposed.
        if version == nil, table.isNew { return records }
        return try CheckedRecords(
            bodies, isArray: isArray, for: table.definition, version: table.version, caller: caller
        ).records
    }
}
