import BkendDocuments
import BkendWire
import GRDB

extension DataFolder {
    /// Creates or alters tables of an environment that this process has not opened; see `EnvironmentStore.apply`.
    package func apply(
        _ json: JSON, to name: EnvironmentName, now: @autoclosure () -> Timestamp
    ) throws -> [TableChange] {
        try store(of: name).apply(json, now: now())
    }
}

extension EnvironmentStore {
    /// Creates or alters tables; see `apply(_:clientKeys:now:)`. A definition that says nothing of client keys asks for
    /// them to be kept unique.
    package func apply(_ json: JSON, now: @autoclosure () -> Timestamp) throws -> [TableChange] {
        try apply(json, clientKeys: .asks, now: now())
    }

    /// Creates or alters tables, all or none; safe to repeat, and while a server runs on the folder.
    ///
    /// - Parameters:
    ///   - clientKeys: what it means where a definition says nothing of them.
    ///   - now: the time, read inside the transaction.
    /// - Returns: what changed, table by table, and what couldn't be done.
    /// - Throws: `TableMistakes` with every mistake of the definitions; `OperatorError` when the records there
    ///   don't allow a change.
    func apply(
        _ json: JSON, clientKeys: ClientKeySetting.Silence, now: @autoclosure () -> Timestamp
    ) throws -> [TableChange] {
        let tables = try TableMistakes.tables(json)
        return try writeNow { db, catalog in
            let now = now()
            return try tables.map { table in
                do {
                    let old = try catalog[table.name]
                    let settled = try ClientKeySetting(table, over: old, clientKeys, in: db)
                    return try Self.change(to: settled, from: old, now: now, in: db)
                } catch let violation as UniqueViolation {
                    throw OperatorError(
                        "table \(table.name): the unique index \(violation.index) can't be built, since the records "
                            + "\(violation.existingID) and \(violation.id) share \(violation.fields.joined(separator: ", "))"
                            + "; nothing was changed")
                } catch let error as CollectionError {
                    throw OperatorError("table \(table.name): \(error); nothing was changed")
                }
            }
        }
    }

    private static func change(
        to settled: ClientKeySetting, from old: Table?, now: Timestamp, in db: Database
    ) throws -> TableChange {
        let new = settled.definition
        guard let old else {
            try TableStore.create(new, now: now, in: db)
            return TableChange(creating: new)
        }
        let change = TableChange(from: old.definition, to: new, warnings: settled.warnings)
        if !change.changes.isEmpty { try TableStore.alter(old, to: new, now: now, in: db) }
        return change
    }
}
