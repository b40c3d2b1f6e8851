import BkendDocuments
import BkendStorage
import BkendWire

/// A stored record that a new definition would not take.
package struct SchemaFinding: Hashable, Sendable {
    /// The table and the record's id.
    package let table: String, id: String
    /// What is wrong: the field's path, the rule, a sentence.
    package let detail: ErrorBody.Detail

    /// The object of `--json`.
    package var json: JSONObject {
        [
            "table": .string(table), "id": .string(id), "field": .string(detail.field), "rule": .string(detail.rule),
            "message": .string(detail.message),
        ]
    }
}

/// What `apply` would do to a table.
package struct TableCheck: Hashable, Sendable {
    /// What would change.
    package let change: TableChange
    /// How many records it has, and how many of them the new definition would not take.
    package let records: Int, failing: Int

    /// The object of `--json`.
    package var json: JSONObject {
        var json = change.json
        json["records"] = .int(Int64(records))
        json["failing"] = .int(Int64(failing))
        return json
    }
}

extension EnvironmentStore {
    /// Says what `apply` would change, and which stored records would fail the new definitions, by the rules of a PATCH:
    /// defaults are not filled in. Changes nothing; reads one snapshot, in bounded memory.
    ///
    /// - Parameter finding: called for every failure of every record.
    /// - Throws: `TableMistakes` with every mistake of the definitions.
    package func check(_ json: JSON, finding: (SchemaFinding) throws -> Void) throws -> [TableCheck] {
        let tables = try TableMistakes.tables(json)
        return try engine.readNow { session in
            try tables.map { table in
                let old = try session.table(table.name)
                let settled = try ClientKeySetting(table, over: old, .asks, in: session)
                let new = settled.definition
                guard let old else {
                    return TableCheck(change: TableChange(creating: new), records: 0, failing: 0)
                }
                var records = 0
                var failing = try Self.failing(in: old, new, in: session, records: &records, finding: finding)
                failing += try Self.conflicting(in: old, new, in: session, finding: finding)
                let change = TableChange(from: old.definition, to: new, warnings: settled.warnings)
                return TableCheck(change: change, records: records, failing: failing)
            }
        }
    }

    /// The records that break the schema.
    private static func failing(
        in table: Table, _ new: BkendWire.TableDefinition, in session: any StorageSession, records: inout Int,
        finding: (SchemaFinding) throws -> Void
    ) throws -> Int {
        var (failing, count) = (0, 0)
        try withoutActuallyEscaping(finding) { finding in
            try session.scan(table) { id, text in
                count += 1
                let fields = RecordOperations.withoutSystemFields(try JSON(parsing: text).objectValue ?? [:])
                if try failures(of: fields, id: id, new, finding: finding) > 0 { failing += 1 }
            }
        }
        records = count
        return failing
    }

    /// How many failures a record has; each is told as it is found, since one record may have any number.
    private static func failures(
        of fields: JSONObject, id: String, _ new: BkendWire.TableDefinition,
        finding: @escaping (SchemaFinding) throws -> Void
    ) throws -> Int {
        var failure: (any Error)?
        let failures = ValidationFailures { detail in
            guard failure == nil else { return }
            do { try finding(SchemaFinding(table: new.name, id: id, detail: detail)) } catch { failure = error }
        }
        var validator = RecordValidator(
            fillsDefaults: false, keepsClientKey: true, matches: FieldPattern.matches, failures: failures)
        _ = validator.record(fields, new.schema)
        if let failure { throw failure }
        return validator.failures.count
    }

    /// The records that share what a new unique index would not let them share.
    private static func conflicting(
        in table: Table, _ new: BkendWire.TableDefinition, in session: any StorageSession,
        finding: (SchemaFinding) throws -> Void
    ) throws -> Int {
        let old = table.definition.storedIndexes
        var count = 0
        for index in new.storedIndexes where index.unique && !old.contains(index) {
            try session.conflicts(with: index, in: table) { violation in
                count += 1
                let fields = violation.fields.joined(separator: ", ")
                let message = "\(fields) is shared with the record \(violation.existingID) (unique index \(index.name))"
                try finding(
                    SchemaFinding(
                        table: new.name, id: violation.id,
                        detail: ErrorBody.Detail(field: fields, rule: "unique", message: message)))
            }
        }
        return count
    }
}
