import BkendDocuments
import BkendStorage
import BkendWire

/// What a write does to one record.
///
/// Each comes with what the log of changes says of it.
enum DocumentChange: Sendable {
    /// Stores a new record.
    case insert(NewDocument, ChangeNote)
    /// Puts another text in the place of the one that was read for writing.
    case replace(id: String, old: [UInt8], new: [UInt8], ChangeNote)
    /// Deletes the record whose text was read for writing.
    case delete(id: String, old: [UInt8], ChangeNote)
}

/// The tables and records of an environment in one transaction.
protocol DocumentTransaction: DocumentSession {
    /// A new record's id.
    func newID() -> String

    /// A record's text, read to be changed: it is locked until the transaction ends. Nil when there is none of that id.
    func documentForWriting(_ id: String, in table: Table) throws -> DocumentText?

    /// Makes changes, with the index entries, unique values, counts and rows of the log that go with them. Of several in
    /// one call none may be kept when one is refused; one alone that is refused leaves nothing behind, and the transaction
    /// goes on.
    ///
    /// - Throws: `UniqueViolation`, `DuplicateDocument`, `InvalidDocument`.
    func apply(_ changes: [DocumentChange], to table: Table) throws

    /// Where the last change of this write stands, once the write is committed.
    var written: WrittenPosition { get }

    /// Makes a place for a table's records, with the indexes of its definition. The table's rows among the definitions are
    /// `TableStore`'s to write.
    func makePlace(for definition: BkendWire.TableDefinition) throws -> any TablePlace

    /// Drops and builds indexes, so that a table has those of another definition. Records stay as they are. Where a list
    /// may show other records by the new definition, the table's log begins a new epoch.
    ///
    /// - Throws: `UniqueViolation`, `InvalidDocument`, `CollectionError` when the records don't allow it.
    func alter(_ table: Table, to definition: BkendWire.TableDefinition) throws

    /// Drops a table's records and indexes.
    func dropPlace(of table: Table) throws
}
