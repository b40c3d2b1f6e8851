import BkendDocuments
import BkendStorage
import CSQLite
import Foundation
import GRDB

/// SQL on one connection to a SQLite database, in whatever transaction it is in.
package protocol SQLiteConnection: SQLTransaction {
    /// The connection.
    var db: Database { get }
}

extension SQLiteConnection {
    package func read(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Bool) throws {
        try db.run(sql) { statement in
            try statement.bind(arguments)
            let columns = SQLiteRow(statement)
            while try statement.step() { if try !row(columns) { break } }
        }
    }

    package func execute(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Void) throws -> Int {
        try db.run(sql) { statement in
            try statement.bind(arguments)
            let columns = SQLiteRow(statement)
            while try statement.step() { try row(columns) }
            return db.changesCount
        }
    }

    package func script(_ sql: String) throws { try db.execute(sql: sql) }

    /// There is one writer, which holds every lock.
    package func hold(_ locks: Set<StorageLock>) {}
}

/// The row that a statement is at.
private struct SQLiteRow: SQLRow {
    private let handle: OpaquePointer

    init(_ statement: RunningStatement) { handle = statement.handle }

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    func int(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

    func text(_ column: Int) -> String {
        let start = sqlite3_column_text(handle, Int32(column))
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column))))
        return String(decoding: bytes, as: UTF8.self)
    }

    func blob(_ column: Int) -> Data {
        guard let start = sqlite3_column_blob(handle, Int32(column)) else { return Data() }
        return Data(bytes: start, count: Int(sqlite3_column_bytes(handle, Int32(column))))
    }
}

extension RunningStatement {
    fileprivate mutating func bind(_ arguments: [SQLValue]) throws {
        for argument in arguments {
            switch argument {
            case .null: skip(1)
            case .int(let value): try bind(value)
            case .text(let text): try bind(text)
            case .blob(let data):
                try data.withUnsafeBytes { try bind(blob: $0.bindMemory(to: UInt8.self)) }
            }
        }
    }
}
