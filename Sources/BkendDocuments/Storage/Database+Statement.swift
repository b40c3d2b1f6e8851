import CSQLite
import GRDB

/// A prepared statement while it runs: values bound by position, rows stepped by hand.
///
/// GRDB prepares and caches it. It is stepped here because it carries pointer values, and because a row's bytes are
/// read in place. GRDB's observers don't see such changes: the change log does that work.
package struct RunningStatement {
    /// SQLite's own handle, for whoever reads rows without this type.
    package let handle: OpaquePointer
    let connection: OpaquePointer?
    let sql: String
    private var position: Int32 = 0

    init(handle: OpaquePointer, connection: OpaquePointer?, sql: String) {
        self.handle = handle
        self.connection = connection
        self.sql = sql
    }

    /// Binds a number.
    package mutating func bind(_ value: Int64) throws {
        position += 1
        try check(sqlite3_bind_int64(handle, position, value))
    }

    /// Leaves values unbound, which makes them NULL.
    package mutating func skip(_ count: Int) { position += Int32(count) }

    /// Binds text; SQLite takes a copy unless it is lent, which means that it stays where it is for the next steps.
    package mutating func bind(text: UnsafeBufferPointer<UInt8>, isLent: Bool = false) throws {
        position += 1
        let code = (text.baseAddress ?? UnsafePointer(bitPattern: 1)).map {
            $0.withMemoryRebound(to: CChar.self, capacity: text.count) {
                // No destructor is SQLITE_STATIC.
                sqlite3_bind_text64(
                    handle, position, $0, UInt64(text.count), isLent ? nil : bkend_transient(), UInt8(SQLITE_UTF8))
            }
        }
        try check(code ?? SQLITE_MISUSE)
    }

    /// Binds text.
    package mutating func bind(_ text: String) throws {
        var text = text
        try text.withUTF8 { try bind(text: $0) }
    }

    /// Binds bytes; SQLite takes a copy unless they are lent.
    package mutating func bind(blob: UnsafeBufferPointer<UInt8>, isLent: Bool = false) throws {
        position += 1
        // A null pointer would bind NULL instead of an empty blob.
        let code =
            blob.isEmpty
            ? sqlite3_bind_zeroblob(handle, position, 0)
            : sqlite3_bind_blob64(
                handle, position, blob.baseAddress, UInt64(blob.count), isLent ? nil : bkend_transient())
        try check(code)
    }

    /// Binds bytes; SQLite takes a copy.
    package mutating func bind(blob: [UInt8]) throws { try blob.withUnsafeBufferPointer { try bind(blob: $0) } }

    /// Hands an object to one of our SQL functions; no SQL text can forge or read such a value. The statement keeps the
    /// object alive until its bindings are cleared.
    mutating func bind(pointer object: AnyObject, type: StaticString) throws {
        position += 1
        let retained = Unmanaged.passRetained(object).toOpaque()
        let name = UnsafeRawPointer(type.utf8Start).assumingMemoryBound(to: CChar.self)
        try check(
            sqlite3_bind_pointer(handle, position, retained, name) { pointer in
                if let pointer { Unmanaged<AnyObject>.fromOpaque(pointer).release() }
            })
    }

    /// Goes to the next row; false when there is none.
    package func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    /// Makes it ready to run again with other values; until then those of before stay bound, and must not be stepped.
    package mutating func rewind() {
        sqlite3_reset(handle)
        position = 0
    }

    /// A column's number; 0 for NULL.
    package func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The bytes of a column, valid until the next step.
    package func bytes(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_blob(handle, column)?.assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    /// Whether a column is NULL.
    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// A column's text; empty for NULL.
    package func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    private func check(_ code: Int32) throws { if code != SQLITE_OK { throw error(code) } }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)), sql: sql)
    }
}

extension Database {
    /// Runs a cached statement; afterwards it is reset and its bindings are released.
    package func run<Result>(_ sql: String, _ body: (inout RunningStatement) throws -> Result) throws -> Result {
        let statement = try cachedStatement(sql: sql)
        let handle = statement.sqliteStatement
        defer {
            withExtendedLifetime(statement) {
                sqlite3_reset(handle)
                sqlite3_clear_bindings(handle)
            }
        }
        var running = RunningStatement(handle: handle, connection: sqliteConnection, sql: sql)
        return try body(&running)
    }
}
