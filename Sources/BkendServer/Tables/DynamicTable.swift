import BkendStorage
import BkendWire

/// `serve --dynamic`: the first record makes its table, which takes any fields and has the default permissions.
enum DynamicTable {
    /// Makes the table.
    ///
    /// - Parameter most: how many tables may be made so.
    /// - Throws: `ErrorBody` with a 403 when there are as many already.
    static func create(_ name: String, atMost most: Int, in session: any StorageTransaction) throws -> Table {
        try session.hold([.definitions])
        try checkRoom(for: name, atMost: most, in: session)
        var table = try TableStore.create(definition(name), in: session)
        try session.execute(TableSQL.insertDynamic, name)
        table.isNew = true
        return table
    }

    /// What such a table is like. As of one that `apply` makes, its client keys are kept unique.
    static func definition(_ name: String) -> BkendWire.TableDefinition {
        var definition = BkendWire.TableDefinition(name: name)
        definition.clientKeys = true
        return definition
    }

    /// Refuses a table more than there may be.
    static func checkRoom(for name: String, atMost most: Int, in session: any SQLSession) throws {
        guard try count(in: session) >= most else { return }
        throw ErrorBody(
            .permissionDenied,
            "there is no table \(name), and this server has made as many tables for first records as it may (\(most)); "
                + "its operator can make the table with bkend-server apply, or raise --dynamic-limit")
    }

    /// How many tables have been made so.
    static func count(in session: any SQLSession) throws -> Int { try session.count(TableSQL.countDynamic) }
}
