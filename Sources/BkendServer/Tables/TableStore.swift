import BkendDocuments
import BkendStorage
import BkendWire

/// Where an environment keeps its table definitions: the current ones, and every version that there ever was
/// (rest-api.md §6). Those who change them hold the definitions' lock.
enum TableStore {
    /// Makes a table with its indexes.
    @discardableResult
    static func create(
        _ definition: BkendWire.TableDefinition, in session: any StorageTransaction
    ) throws -> Table {
        let place = try session.makePlace(for: definition)
        // A table that was dropped left its versions: numbers go on, so that each names one definition for good.
        let last = try session.count(TableSQL.lastVersion, arguments: [.text(definition.name)])
        try record(definition, version: last + 1, in: session)
        return Table(definition, version: last + 1, place: place)
    }

    /// Drops a table with its records and indexes; its versions stay.
    static func drop(_ table: Table, in session: any StorageTransaction) throws {
        try session.dropPlace(of: table)
        try session.execute(TableSQL.delete, table.name)
        try session.execute(TableSQL.deleteDynamic, table.name)
        try session.execute(TableSQL.advance)
    }

    /// Puts a changed definition in force: indexes are dropped and built, records stay as they are.
    static func alter(
        _ table: Table, to definition: BkendWire.TableDefinition, in session: any StorageTransaction
    ) throws {
        try session.alter(table, to: definition)
        try record(definition, version: table.version + 1, in: session)
    }

    private static func record(
        _ definition: BkendWire.TableDefinition, version: Int, in session: any SQLTransaction
    ) throws {
        let text = definition.json.description
        try session.execute(TableSQL.put, definition.name, version, text)
        try session.execute(TableSQL.insertVersion, definition.name, version, text, session.now.description)
        try session.execute(TableSQL.advance)
    }
}

extension BkendWire.TableDefinition {
    /// The indexes that the collection has: the built-in ones (but for `id`, the collection's own key), those of unique
    /// fields and of client keys, and the declared ones.
    var storedIndexes: [IndexDefinition] { impliedIndexes.filter { $0.name != "_id_" } + indexes }

    /// The indexes that the table has without declaring them.
    var impliedIndexes: [IndexDefinition] {
        IndexDefinition.builtIn + uniqueFieldIndexes + (clientKeyIndex.map { [$0] } ?? [])
    }
}
