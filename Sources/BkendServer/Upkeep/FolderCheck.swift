import BkendDocuments
import BkendWire
import Foundation
import GRDB

/// Looks for damage in a data folder: SQLite's own checks, and what this server promises itself. It opens nothing for
/// writing, migrates nothing, and may run while a server does.
package struct FolderCheck {
    /// What is told of each finding.
    package typealias Report = (FolderFinding) throws -> Void

    private let path: String
    private let report: Report

    /// A check of a folder.
    package init(_ path: String, report: @escaping Report) {
        self.path = path
        self.report = report
    }

    /// Checks everything.
    ///
    /// - Returns: how many databases and records were looked at.
    /// - Throws: `OperatorError` when it is no data folder, and what `report` throws.
    package func run() throws -> (databases: Int, records: Int) {
        let control = "control.sqlite"
        guard access("\(path)/\(control)", F_OK) == 0 else { throw OperatorError("\(path) is no bkend data folder") }
        try checkModes()
        var (databases, records) = (1, 0)
        var names: [EnvironmentName] = []
        try open(control) { db in
            try ControlCheck(file: control, report: report).run(db)
            names = try Row.fetchAll(
                db, sql: "SELECT p.name, e.name FROM environments e JOIN projects p ON p.id = e.project ORDER BY 1, 2"
            ).compactMap { try? EnvironmentName(project: $0[0], environment: $0[1]) }
        }
        for name in names {
            let file = "environments/\(name.project)/\(name.environment).sqlite"
            // An environment that nobody has used yet has no file.
            guard access("\(path)/\(file)", F_OK) == 0 else { continue }
            // It was reported, and a server doesn't open it.
            if FileStatus("\(path)/\(file)")?.isLink == true { continue }
            databases += 1
            try open(file) { db in records += try EnvironmentCheck(file: file, report: report).run(db) }
        }
        return (databases, records)
    }

    /// Opens a database and has SQLite check it; what SQLite then can't read any more is a finding as well.
    private func open(_ file: String, _ body: (Database) throws -> Void) throws {
        do {
            let reader = try DocumentStorage.openReader(path: "\(path)/\(file)")
            defer { try? reader.close() }
            try reader.read { db in
                for line in try String.fetchAll(db, sql: "PRAGMA integrity_check(100)") where line != "ok" {
                    try report(FolderFinding(.integrity, file, line))
                }
                for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
                    let (table, parent): (String, String) = (row["table"], row["parent"])
                    try report(FolderFinding(.reference, file, "a row of \(table) refers to none of \(parent)"))
                }
                try body(db)
            }
        } catch let error as DatabaseError {
            try report(FolderFinding(.integrity, file, ServerFailure.line(for: error)))
        } catch let error as StorageError {
            try report(FolderFinding(.file, file, error.description))
        }
    }

    private func checkModes() throws {
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        for name in names.sorted() where name != "lost+found" {
            guard let status = FileStatus("\(path)/\(name)") else { continue }
            if status.isLink {
                try report(FolderFinding(.file, name, "it is a link; put what it leads to in its place"))
            } else if status.mode & 0o077 != 0 {
                try report(FolderFinding(.file, name, "others than its owner may open it (chmod go= \(name))"))
            }
        }
    }
}
