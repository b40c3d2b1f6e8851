import BkendDocuments
import BkendStorage
import BkendWire

extension EnvironmentStore {
    /// Creates or alters tables; see `apply(_:clientKeys:)`. A definition that says nothing of client keys asks for them
    /// to be kept unique.
    package func apply(_ json: JSON) throws -> [TableChange] { try apply(json, clientKeys: .asks) }

    /// Creates or alters tables, all or none; safe to repeat, and while a server runs on the folder.
    ///
    /// - Parameter clientKeys: what it means where a definition says nothing of them.
    /// - Returns: what changed, table by table, and what couldn't be done.
    /// - Throws: `TableMistakes` with every mistake of the definitions; `OperatorError` when the records there
    ///   don't allow a change.
    func apply(_ json: JSON, clientKeys: ClientKeySetting.Silence) throws -> [TableChange] {
        let tables = try TableMistakes.tables(json)
        return try engine.writeNow(locking: [.definitions]) { session in
            try tables.map { table in
                do {
                    let old = try session.table(table.name)
                    let settled = try ClientKeySetting(table, over: old, clientKeys, in: session)
                    return try Self.change(to: settled, from: old, in: session)
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
        to settled: ClientKeySetting, from old: Table?, in session: any StorageTransaction
    ) throws -> TableChange {
        let new = settled.definition
        guard let old else {
            try TableStore.create(new, in: session)
            return TableChange(creating: new)
        }
        let change = TableChange(from: old.definition, to: new, warnings: settled.warnings)
        if !change.changes.isEmpty { try TableStore.alter(old, to: new, in: session) }
        return change
    }
}
