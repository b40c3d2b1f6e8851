import BkendDocuments
import BkendStorage
import BkendWire
import GRDB

/// SQL and documents on one connection to an environment's database: a snapshot, or the transaction of the one writer.
final class SQLiteStorageSession: SQLiteConnection, DocumentTransaction {
    let db: Database
    let engine: SQLiteEngine
    let catalog: TableCatalog
    /// The time, as it was when it was first asked for.
    private(set) lazy var now = engine.options.clock()
    /// How many bytes of records were written.
    private(set) var changedBytes = 0
    let written = WrittenPosition()
    /// The position of this write's first change.
    private var first: Int64?

    /// A session in the transaction that a connection is in.
    init(_ db: Database, of engine: SQLiteEngine, catalog: TableCatalog) {
        self.db = db
        self.engine = engine
        self.catalog = catalog
    }

    func newID() -> String { engine.newID(at: now) }

    // MARK: Tables

    func table(_ name: String) throws -> Table? { try catalog[name] }

    var tables: [Table] { get throws { try catalog.all } }

    var tableCount: Int { get throws { try catalog.count } }

    // MARK: Reading

    func document(_ id: String, in table: Table) throws -> DocumentText? {
        try table.sqlite.collection.document(id: id, in: db)
    }

    func documentForWriting(_ id: String, in table: Table) throws -> DocumentText? {
        try table.sqlite.collection.document(id: id, in: db)
    }

    func page(
        _ query: Query, in table: Table, hiding visibility: FieldVisibility, including fields: [String],
        visit: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws -> Int {
        try table.sqlite.collection.page(query, hiding: visibility, including: fields, in: db, visit: visit)
    }

    func explain(_ query: Query, in table: Table, hiding visibility: FieldVisibility) throws -> QueryPlan? {
        try table.sqlite.collection.explain(query, hiding: visibility, in: db)
    }

    func total(of table: Table) throws -> Int { try table.sqlite.collection.total(in: db) }

    func scan(_ table: Table, visit: (String, UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        try table.sqlite.collection.scan(in: db, visit: visit)
    }

    func conflicts(with index: IndexDefinition, in table: Table, visit: (UniqueViolation) throws -> Void) throws {
        try table.sqlite.collection.conflicts(with: index, in: db, visit: visit)
    }

    // MARK: Writing

    func apply(_ changes: [DocumentChange], to table: Table) throws {
        let place = table.sqlite
        // Inserts that follow each other are less work together.
        var new: [NewDocument] = []
        var entries: [ChangeLog.Entry] = []
        for change in changes {
            if case .insert(let document, let note) = change {
                changedBytes += document.text.count
                new.append(document)
                entries.append(ChangeLog.Entry(id: document.id, kind: .created, note: note))
                continue
            }
            if !new.isEmpty { try place.collection.insert(new, in: db) }
            new = []
            switch change {
            case .insert: break
            case .replace(let id, let old, let new, let note):
                changedBytes += new.count + old.count
                if try !place.collection.replace(checked: new, id: id, in: db) { throw Self.gone }
                entries.append(ChangeLog.Entry(id: id, kind: .updated, note: note, before: old))
            case .delete(let id, let old, let note):
                changedBytes += old.count
                if try !place.collection.delete(id: id, in: db) { throw Self.gone }
                entries.append(ChangeLog.Entry(id: id, kind: .deleted, note: note, before: old))
            }
        }
        if !new.isEmpty { try place.collection.insert(new, in: db) }
        try log(entries, of: table)
    }

    /// Writes changes into the log. Where the database's limit leaves no room for that, the table begins a new epoch: the
    /// log refuses no write.
    private func log(_ entries: [ChangeLog.Entry], of table: Table) throws {
        let bytes = entries.reduce(0) { $0 + $1.bytes(in: table.name) }
        let hasRoom = try engine.options.hasRoom(forLogging: bytes, in: db)
        let last =
            hasRoom
            ? try ChangeLog.append(entries, table: table.name, first: &first, in: self)
            : try ChangeLog.passOver(entries.count, table: table.name, in: self)
        if let last { written.set(last) }
    }

    /// What was read in this transaction can't go: whoever changes it hasn't read it.
    private static let gone = StorageFailure(.other, message: "a record to be changed isn't there")

    func makePlace(for definition: BkendWire.TableDefinition) throws -> any TablePlace {
        var collection = try Collection.create(definition.name, in: db)
        for index in definition.storedIndexes { try collection.createIndex(index, in: db) }
        if definition.searchIndex { try collection.enableSearch(in: db) }
        try ChangeLog.renew(definition.name, in: self)
        return SQLitePlace(collection)
    }

    func alter(_ table: Table, to definition: BkendWire.TableDefinition) throws {
        let (old, new) = (table.definition.storedIndexes, definition.storedIndexes)
        var collection = table.sqlite.collection
        for index in old where !new.contains(index) { try collection.dropIndex(named: index.name, in: db) }
        for index in new where !old.contains(index) { try collection.createIndex(index, in: db) }
        if definition.searchIndex { try collection.enableSearch(in: db) } else { try collection.disableSearch(in: db) }
        if !definition.showsTheSame(as: table.definition) { try ChangeLog.renew(table.name, in: self) }
    }

    func dropPlace(of table: Table) throws {
        try table.sqlite.collection.drop(in: db)
        try ChangeLog.renew(table.name, in: self)
    }

    // MARK: The log of changes

    var cursorSecret: String { get throws { try ChangeLog.cursorSecret(in: self) } }

    var lastPosition: Int64 { get throws { try ChangeLog.end(in: self) } }

    func log(of table: Table) throws -> TableLog { try ChangeLog.of(table.name, in: self) }

    func deletion(of id: String, in table: Table) throws -> String? {
        try ChangeLog.deletion(of: id, in: table.name, in: self)
    }

    func mark(of table: Table, at position: Int64) throws -> Int64 {
        try ChangeLog.mark(of: table.name, at: position, in: self)
    }

    func changes(
        of table: Table, owner: String?, after position: Int64, visit: (LoggedChange) throws -> Bool
    ) throws {
        try ChangeLog.changes(of: table.name, owner: owner, after: position, in: self, visit: visit)
    }
}

/// A table's collection.
final class SQLitePlace: TablePlace {
    let collection: Collection

    init(_ collection: Collection) { self.collection = collection }
}

extension Table {
    /// Where SQLite keeps the table's records.
    var sqlite: SQLitePlace {
        // A session hands out its own catalogue's tables only; another's would be read from the wrong database.
        guard let place = place as? SQLitePlace else { preconditionFailure("a table of another storage") }
        return place
    }
}
