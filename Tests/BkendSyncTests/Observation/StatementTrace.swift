import CSQLite
import Foundation
import Synchronization

/// Counts the statements that SQLite runs on a database of this process, on all its connections, and the steps of its
/// machine that they took: what is counted can't be forgotten by the code that is counted.
final class StatementTrace: Sendable {
    private static let counts = Mutex<[String: [String: Int]]>([:])
    private static let machineSteps = Mutex<[String: Int]>([:])

    /// Installed once; it traces each connection that is opened afterwards.
    private static let isInstalled: Bool = {
        typealias Opened = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?) -> Int32
        let opened: Opened = { connection, _, _ in
            sqlite3_trace_v2(
                connection, UInt32(SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE),
                { event, _, statement, _ in
                    guard let statement else { return 0 }
                    if event == UInt32(SQLITE_TRACE_PROFILE) {
                        StatementTrace.noteEnd(OpaquePointer(statement))
                    } else {
                        StatementTrace.note(OpaquePointer(statement))
                    }
                    return 0
                }, nil)
        }
        // The system calls it with three arguments, though the function's type names none (sqlite.org, auto_extension).
        return sqlite3_auto_extension(unsafeBitCast(opened, to: (@convention(c) () -> Void).self)) == SQLITE_OK
    }()

    private let path: String

    /// Counts from here on what runs on connections to that path that are opened later.
    init(_ path: String) {
        precondition(Self.isInstalled)
        self.path = path
        Self.counts.withLock { $0[path] = [:] }
        Self.machineSteps.withLock { $0[path] = 0 }
    }

    /// The steps so far of all statements that have ended.
    var steps: Int { Self.machineSteps.withLock { $0[path] ?? 0 } }

    /// The statements so far that hold one of these texts, and how often they ran.
    func runs(of texts: [String]) -> Int { Self.runs(of: texts, on: path) }

    /// The same of a path that is traced already.
    static func runs(of texts: [String], on path: String) -> Int {
        counts.withLock { counts in
            (counts[path] ?? [:]).reduce(0) { sum, entry in
                texts.contains { entry.key.contains($0) } ? sum + entry.value : sum
            }
        }
    }

    /// Every statement so far.
    var statements: [String] { Self.counts.withLock { ($0[path] ?? [:]).keys.sorted() } }

    private static func note(_ statement: OpaquePointer) {
        guard let text = sqlite3_sql(statement), let name = sqlite3_db_filename(sqlite3_db_handle(statement), "main")
        else { return }
        let (sql, path) = (String(cString: text), String(cString: name))
        counts.withLock { if $0[path] != nil { $0[path]?[sql, default: 0] += 1 } }
    }

    private static func noteEnd(_ statement: OpaquePointer) {
        guard let name = sqlite3_db_filename(sqlite3_db_handle(statement), "main") else { return }
        let steps = Int(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1))
        machineSteps.withLock { $0[String(cString: name)]? += steps }
    }
}
