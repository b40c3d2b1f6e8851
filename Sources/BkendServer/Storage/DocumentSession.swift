import BkendDocuments
import BkendStorage
import BkendWire

/// The tables and records of an environment over one snapshot.
///
/// A storage decides how it finds records: the planner, comparison keys and the matcher of `BkendDocuments` are for all
/// of them. What a caller may see is decided above: a query comes with its rules in the filter, and with the fields that
/// count as missing.
protocol DocumentSession {
    /// The table of that name as the snapshot has it, nil when there is none.
    func table(_ name: String) throws -> Table?
    /// All tables, by name.
    var tables: [Table] { get throws }
    /// How many tables there are.
    var tableCount: Int { get throws }

    /// A record's text, nil when there is none of that id.
    func document(_ id: String, in table: Table) throws -> DocumentText?

    /// A page of a query's result. Each record's text is handed to `visit` in place, valid for that call only.
    ///
    /// - Parameters:
    ///   - visibility: the fields that count as missing in filter, sort, search and result.
    ///   - fields: fields that come along whatever the query selects.
    /// - Returns: how many records the whole result has.
    /// - Throws: `InvalidPattern`, `PatternLimitExceeded`, `QueryTimedOut`; what `visit` throws.
    func page(
        _ query: Query, in table: Table, hiding visibility: FieldVisibility, including fields: [String],
        visit: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws -> Int

    /// How a query would run, nil where the storage doesn't tell.
    func explain(_ query: Query, in table: Table, hiding visibility: FieldVisibility) throws -> QueryPlan?

    /// How many records a table has.
    func total(of table: Table) throws -> Int

    /// Hands every record's id and text to `visit`, each once, in no order that anything may rely on. The bytes are valid
    /// for that call only.
    func scan(_ table: Table, visit: (String, UnsafeBufferPointer<UInt8>) throws -> Void) throws

    /// What the cursors of the change feed are made with: nobody else knows it, and a backup has another one.
    var cursorSecret: String { get throws }

    /// The position of the environment's last change.
    var lastPosition: Int64 { get throws }

    /// What the log of changes holds of a table.
    func log(of table: Table) throws -> TableLog

    /// A random number that belongs to a table's history up to a position: another history has another one there.
    func mark(of table: Table, at position: Int64) throws -> Int64

    /// The stamp of a record's last deletion, as long as the log holds it.
    func deletion(of id: String, in table: Table) throws -> String?

    /// Hands the changes of a table after a position to `visit`, oldest first, until it returns false.
    ///
    /// - Parameter owner: whose records alone; nil for all.
    func changes(
        of table: Table, owner: String?, after position: Int64, visit: (LoggedChange) throws -> Bool
    ) throws

    /// Finds the records that a unique index could not take, without making it: each that shares its values with another.
    ///
    /// - Throws: `InvalidDocument` for a record with too many entries.
    func conflicts(with index: IndexDefinition, in table: Table, visit: (UniqueViolation) throws -> Void) throws
}

extension DocumentSession {
    /// The table of that name.
    ///
    /// - Throws: `ErrorBody` with `data/table-not-found`.
    func existingTable(_ name: String) throws -> Table {
        guard let table = try table(name) else { throw ErrorBody.tableNotFound(name) }
        return table
    }
}

extension ErrorBody {
    static func tableNotFound(_ name: String) -> ErrorBody {
        let message = "there is no table \(name)"
        let detail = Detail(field: "table", rule: "exists", message: message)
        return ErrorBody(.tableNotFound, message, details: [detail])
    }
}
