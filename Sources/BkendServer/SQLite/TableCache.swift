import BkendWire
import Synchronization

/// The tables of an environment as they were last read, shared by its connections. It holds no more than the database
/// has: a name that no table has leaves nothing.
final class TableCache: Sendable {
    private let tables = Mutex<[ExactString: Table]>([:])

    func table(_ name: ExactString) -> Table? { tables.withLock { $0[name] } }

    func keep(_ tables: [Table]) { for table in tables { keep(table) } }

    func keep(_ table: Table) { tables.withLock { $0[ExactString(table.name)] = table } }

    func forget(_ name: ExactString) { tables.withLock { _ = $0.removeValue(forKey: name) } }
}
