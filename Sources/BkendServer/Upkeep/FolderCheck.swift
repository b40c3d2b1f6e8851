import BkendDocuments
import BkendStorage
import BkendWire
import Foundation

/// Looks for damage in a data folder: SQLite's own checks, and what this server promises itself. It opens nothing for
/// writing, migrates nothing, and may run while a server does.
package struct FolderCheck {
    /// What is told of each finding.
    package typealias Report = (FolderFinding) throws -> Void

    private let path: String
    private let report: Report
    private let progress: Progress

    /// How many records were looked at, and in which file the check is.
    package typealias Progress = (_ records: Int, _ file: String) -> Void

    /// A check of a folder.
    ///
    /// - Parameter progress: called when a file is opened, and from time to time.
    package init(_ path: String, progress: @escaping Progress = { _, _ in }, report: @escaping Report) {
        self.path = path
        self.progress = progress
        self.report = report
    }

    /// Checks everything but objects in a bucket (`BucketCheck`).
    ///
    /// - Returns: how many databases and records were looked at.
    /// - Throws: `OperatorError` when it is no data folder, and what `report` throws.
    package func run() throws -> (databases: Int, records: Int) {
        let control = "control.sqlite"
        guard access("\(path)/\(control)", F_OK) == 0 else {
            throw OperatorError("\(path) is no bkend data folder", .missing)
        }
        try checkModes()
        var (databases, records) = (1, 0)
        var names: [EnvironmentName] = []
        try open(control) { database in
            try ControlCheck(file: control, report: report).run(database)
            names = try database.session.all(ControlSQL.environmentNames) {
                try? EnvironmentName(project: $0.text(0), environment: $0.text(1))
            }.compactMap(\.self)
        }
        let isInBucket = try RememberedBucket.read(path) != nil
        for name in names {
            let file = "environments/\(name.project)/\(name.environment).sqlite"
            // An environment that nobody has used yet has no file.
            guard access("\(path)/\(file)", F_OK) == 0 else { continue }
            // It was reported, and a server doesn't open it.
            if FileStatus("\(path)/\(file)")?.isLink == true { continue }
            databases += 1
            let before = records
            progress(before, file)
            try open(file) { database in
                let check = EnvironmentCheck(file: file, report: report) { progress(before + $0, file) }
                records += try check.run(database)
                let objects = "files/\(name.project)/\(name.environment)"
                let ofObjects = ObjectCheck(path: path, folder: objects, report: report)
                if isInBucket { try ofObjects.checkContents(database) } else { try ofObjects.run(database) }
            }
        }
        return (databases, records)
    }

    /// Opens a database and has SQLite check it; what SQLite then can't read any more is a finding as well.
    private func open(_ file: String, _ body: (SQLiteFile) throws -> Void) throws {
        do {
            try SQLiteFile.read("\(path)/\(file)") { database in
                for line in try database.flaws() { try report(FolderFinding(.integrity, file, line)) }
                for (table, parent) in try database.danglingReferences() {
                    try report(FolderFinding(.reference, file, "a row of \(table) refers to none of \(parent)"))
                }
                try body(database)
            }
        } catch let error as StorageFailure {
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
