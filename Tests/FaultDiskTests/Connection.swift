import CSQLite
import FaultDisk

/// SQLite's own C interface on a disk: nothing of ours stands between these tests and the VFS.
final class Connection {
    struct Failure: Error { var code: Int32 }

    private var handle: OpaquePointer?
    private let disk: FaultDisk

    init(_ disk: FaultDisk, _ settings: String...) throws {
        self.disk = disk
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
        let code = sqlite3_open_v2("/test.sqlite", &handle, flags, disk.name)
        guard code == SQLITE_OK else {
            sqlite3_close(handle)
            throw Failure(code: code)
        }
        sqlite3_extended_result_codes(handle, 1)
        for setting in settings { try run("PRAGMA \(setting)") }
    }

    deinit { sqlite3_close(handle) }

    func run(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw Failure(code: code) }
    }

    /// The first column of every row, as text.
    func texts(_ sql: String) throws -> [String] {
        var statement: OpaquePointer?
        var code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        defer { sqlite3_finalize(statement) }
        guard code == SQLITE_OK else { throw Failure(code: code) }
        var texts: [String] = []
        while true {
            code = sqlite3_step(statement)
            guard code == SQLITE_ROW else { break }
            texts.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
        }
        guard code == SQLITE_DONE else { throw Failure(code: code) }
        return texts
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
}
