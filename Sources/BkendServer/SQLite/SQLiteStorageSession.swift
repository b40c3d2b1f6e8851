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
        for change in changes {
            if case .insert(let document) = change {
                changedBytes += document.text.count
                new.append(document)
                continue
            }
            if !new.isEmpty { try place.collection.insert(new, in: db) }
            new = []
            switch change {
            case .insert: break
            case .replace(let id, _, let new):
                changedBytes += new.count
                if try !place.collection.replace(checked: new, id: id, in: db) { throw Self.gone }
            case .delete(let id, _): if try !place.collection.delete(id: id, in: db) { throw Self.gone }
            }
        }
        if !new.isEmpty { try place.collection.insert(new, in: db) }
    }

    /// What was read in this transaction can't go: whoever changes it hasn't read it.
    private static let gone = StorageFailure(.other, message: "a record to be changed isn't there")

    func makePlace(for definition: BkendWire.TableDefinition) throws -> any TablePlace {
        var collection = try Collection.create(definition.name, in: db)
        for index in definition.storedIndexes { try collection.createIndex(index, in: db) }
        if definition.searchIndex { try collection.enableSearch(in: db) }
        return SQLitePlace(collection)
    }

    func alter(_ table: Table, to definition: BkendWire.TableDefinition) throws {
        let (old, new) = (table.definition.storedIndexes, definition.storedIndexes)
        var collection = table.sqlite.collection
        for index in old where !new.contains(index) { try collection.dropIndex(named: index.name, in: db) }
        for index in new where !old.contains(index) { try collection.createIndex(index, in: db) }
        if definition.searchIndex { try collection.enableSearch(in: db) } else { try collection.disableSearch(in: db) }
    }

    func dropPlace(of table: Table) throws { try table.sqlite.collection.drop(in: db) }
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
