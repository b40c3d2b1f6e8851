import BkendAccounts
import BkendStorage
import BkendWire
import Foundation
import GRDB

@testable import BkendDocuments
@testable import BkendServer

/// A session of a hostile storage: works on copies, keeps what it was told to write, and watches its body.
final class HostileSession: SQLTransaction, DocumentTransaction {
    typealias Table = BkendServer.Table

    /// What is done to the storage when the body's result is to count.
    enum Operation {
        case script(String)
        /// A statement, how many rows it changed, and whether the body may rely on that.
        case statement(String, [SQLValue], changed: Int, isRelied: Bool)
        case insert(place: Int, table: String, NewDocument, ChangeNote)
        case replace(place: Int, table: String, id: String, old: [UInt8], new: [UInt8], ChangeNote)
        case delete(place: Int, table: String, id: String, old: [UInt8], ChangeNote)
        case make(BkendWire.TableDefinition)
        case alter(place: Int, BkendWire.TableDefinition)
        case drop(place: Int)
    }

    let now: Timestamp
    private let db: Database
    private let sql: SQLiteSession
    private(set) var records: MemoryRecords
    private(set) var operations: [Operation] = []
    /// The versions of the tables that records were written to.
    private(set) var versions: [String: Int] = [:]
    /// The locks that are held, nil for all there are.
    private let locks: Set<StorageLock>?
    private let faults: HostileFaults
    private let ids: () -> String
    /// The calls that are left until the storage fails, nil for never.
    private var callsLeft: Int?
    private(set) var hasFailed = false
    /// When queries are given up, and after how long that is.
    var deadline: (limit: Duration, end: ContinuousClock.Instant)?
    private var readTables: Set<String> = []
    private var readForWriting: Set<StorageLock> = []

    init(
        _ db: Database, records: MemoryRecords, now: Timestamp, locks: Set<StorageLock>?,
        failingAfter calls: Int? = nil,
        faults: HostileFaults, ids: @escaping () -> String
    ) {
        self.db = db
        self.records = records
        self.now = now
        self.locks = locks
        self.faults = faults
        self.ids = ids
        callsLeft = calls
        sql = SQLiteSession(db, clock: { now })
    }

    /// Each call comes by here.
    private func begin(_ call: String) throws {
        if hasFailed { fault("went on after an error of the storage: \(call)") }
        guard let left = callsLeft else { return }
        if left == 0 || hasFailed {
            hasFailed = true
            throw StorageFailure(.other, message: "planned")
        }
        callsLeft = left - 1
    }

    private func fault(_ text: String) { faults.note(text) }

    private func holds(_ lock: StorageLock) -> Bool { locks?.contains(lock) ?? true }

    // MARK: SQL

    func read(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Bool) throws {
        try begin(sql)
        readTables.formUnion(Self.tables(in: sql, after: ["FROM", "JOIN"]))
        try self.sql.read(sql, arguments, row: row)
    }

    func execute(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Void) throws -> Int {
        try begin(sql)
        let written = Self.tables(in: sql, after: sql.hasPrefix("DELETE") ? ["DELETE FROM"] : ["UPDATE"])
        let isRelied = !readTables.isDisjoint(with: written)
        let isLocked = locks?.contains { if case .user = $0 { true } else { false } } ?? true
        if isRelied, !isLocked, written.contains(where: { $0.hasPrefix("account_") }) {
            fault("wrote what it read without a lock: \(sql)")
        }
        let changed: Int
        do { changed = try self.sql.execute(sql, arguments, row: row) } catch let error as DatabaseError {
            hasFailed = true
            throw StorageFailure(error)
        }
        operations.append(.statement(sql, arguments, changed: changed, isRelied: isRelied || isLocked && locks != nil))
        return changed
    }

    func script(_ sql: String) throws {
        try begin(sql)
        try self.sql.script(sql)
        operations.append(.script(sql))
    }

    func hold(_ wanted: Set<StorageLock>) throws {
        try begin("hold")
        if !wanted.allSatisfy(holds) { throw LocksNeeded(wanted) }
    }

    /// The names that follow one of these words.
    private static func tables(in sql: String, after words: [String]) -> Set<String> {
        var names: Set<String> = []
        let text = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for word in words {
            for part in text.components(separatedBy: word + " ").dropFirst() {
                names.insert(String(part.prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
            }
        }
        return names
    }

    // MARK: Tables

    func table(_ name: String) throws -> Table? {
        try begin("table \(name)")
        guard let place = records.place(of: name) else { return nil }
        var found: Table?
        try sql.read("SELECT version, definition FROM server_tables WHERE name = ?", [.text(name)]) { row in
            let definition = try BkendWire.TableDefinition(JSON(parsing: row.text(1)))
            found = Table(definition, version: Int(row.int(0)), place: MemoryPlace(place))
            return false
        }
        return found
    }

    var tables: [Table] {
        get throws {
            let names = try sql.all("SELECT name FROM server_tables ORDER BY name") { $0.text(0) }
            return try names.compactMap { try table($0) }
        }
    }

    var tableCount: Int { get throws { try sql.count("SELECT count(*) FROM server_tables") } }

    // MARK: Reading

    private func place(_ table: Table) -> Int {
        guard let place = table.place as? MemoryPlace else { preconditionFailure("a table of another storage") }
        return place.number
    }

    func document(_ id: String, in table: Table) throws -> DocumentText? {
        try begin("document")
        return records.text(id, in: place(table)).map(DocumentText.init(bytes:))
    }

    func page(
        _ query: Query, in table: Table, hiding visibility: FieldVisibility, including fields: [String],
        visit: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws -> Int {
        try begin("page")
        let probe = try QueryProbe(query, hiding: visibility)
        var found: [(place: QueryProbe.Place, text: [UInt8])] = []
        for (id, text) in records.all(in: place(table)) {
            if let deadline, found.count % 64 == 63 || deadline.limit == .zero, deadline.end <= .now {
                throw QueryTimedOut(limit: deadline.limit)
            }
            let document = DocumentText(bytes: text)
            if try probe.matches(document) { found.append((try probe.place(of: document, id: id), text)) }
        }
        found.sort { $0.place < $1.place }
        let projection = try Projection(query.select, including: fields, hiding: visibility)
        for (_, text) in found.dropFirst(max(0, query.page.skipped)).prefix(max(0, query.page.limit)) {
            try text.withUnsafeBufferPointer { text in
                guard let projection else { return try visit(text) }
                try projection.apply(text).bytes.withUnsafeBufferPointer(visit)
            }
        }
        return found.count
    }

    func explain(_ query: Query, in table: Table, hiding visibility: FieldVisibility) throws -> QueryPlan? { nil }

    func total(of table: Table) throws -> Int { records.all(in: place(table)).count }

    func scan(_ table: Table, visit: (String, UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        for (id, text) in records.all(in: place(table)).reversed() {
            try text.withUnsafeBufferPointer { try visit(id, $0) }
        }
    }

    func conflicts(with index: IndexDefinition, in table: Table, visit: (UniqueViolation) throws -> Void) throws {
        try records.conflicts(with: index, in: place(table), visit: visit)
    }

    // MARK: The log of changes

    let written = WrittenPosition()

    var cursorSecret: String { get throws { try ChangeLog.cursorSecret(in: sql) } }

    var lastPosition: Int64 { get throws { try ChangeLog.end(in: sql) } }

    func log(of table: Table) throws -> TableLog {
        try begin("log")
        return try ChangeLog.of(table.name, in: sql)
    }

    func deletion(of id: String, in table: Table) throws -> String? {
        try ChangeLog.deletion(of: id, in: table.name, in: sql)
    }

    func mark(of table: Table, at position: Int64) throws -> Int64 {
        try begin("mark")
        return try ChangeLog.mark(of: table.name, at: position, in: sql)
    }

    func changes(
        of table: Table, owner: String?, after position: Int64, visit: (LoggedChange) throws -> Bool
    ) throws {
        try begin("changes")
        try ChangeLog.changes(of: table.name, owner: owner, after: position, in: sql, visit: visit)
    }

    // MARK: Writing

    func newID() -> String { ids() }

    func documentForWriting(_ id: String, in table: Table) throws -> DocumentText? {
        try begin("documentForWriting")
        let lock = StorageLock.document(table: table.name, id: id)
        if !holds(lock) { throw LocksNeeded([lock]) }
        readForWriting.insert(lock)
        return records.text(id, in: place(table)).map(DocumentText.init(bytes:))
    }

    func apply(_ changes: [DocumentChange], to table: Table) throws {
        try begin("apply")
        let place = place(table)
        for change in changes {
            versions[table.name] = table.version
            switch change {
            case .insert(let document, let note):
                guard records.text(document.id, in: place) == nil else {
                    throw DuplicateDocument(collection: table.name, id: document.id)
                }
                try records.put(document.text, id: document.id, in: place)
                operations.append(.insert(place: place, table: table.name, document, note))
            case .replace(let id, let old, let new, let note):
                checkRead(id, old, in: table)
                try records.put(new, id: id, in: place)
                operations.append(.replace(place: place, table: table.name, id: id, old: old, new: new, note))
            case .delete(let id, let old, let note):
                checkRead(id, old, in: table)
                records.delete(id, in: place)
                operations.append(.delete(place: place, table: table.name, id: id, old: old, note))
            }
        }
    }

    private func checkRead(_ id: String, _ old: [UInt8], in table: Table) {
        if !readForWriting.contains(.document(table: table.name, id: id)) {
            fault("wrote the record \(id) of \(table.name) without reading it for writing")
        }
        if records.text(id, in: place(table)) != old {
            fault("took the record \(id) of \(table.name) for another than it is")
        }
    }

    func makePlace(for definition: BkendWire.TableDefinition) throws -> any TablePlace {
        try begin("makePlace")
        if !holds(.definitions) { fault("made the table \(definition.name) without the definitions' lock") }
        operations.append(.make(definition))
        return MemoryPlace(records.make(definition))
    }

    func alter(_ table: Table, to definition: BkendWire.TableDefinition) throws {
        try begin("alter")
        if !holds(.definitions) { fault("altered the table \(table.name) without the definitions' lock") }
        try records.alter(place(table), to: definition)
        operations.append(.alter(place: place(table), definition))
    }

    func dropPlace(of table: Table) throws {
        try begin("dropPlace")
        if !holds(.definitions) { fault("dropped the table \(table.name) without the definitions' lock") }
        records.drop(place(table))
        operations.append(.drop(place: place(table)))
    }
}
