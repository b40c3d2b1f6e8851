#if Server
import BkendDocuments
import BkendWire
import GRDB

/// `serve --dynamic`: the first record makes its table, which takes any fields and has the default permissions.
enum DynamicTable {
    /// Makes the table if the caller may create records in it.
    static func create(_ name: String, _ caller: Caller, now: Timestamp, in db: Database) throws -> Table {
        let definition = BkendWire.TableDefinition(name: name)
        _ = try TableAccess(definition: definition, caller: caller).access(to: .create)
        try TableStore.create(definition, now: now, in: db)
        guard let table = try TableCatalog(in: db)[name] else { throw ErrorBody.tableNotFound(name) }
        return table
    }
}
#endif
