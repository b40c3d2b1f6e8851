import BkendStorage
import BkendWire
import Foundation

/// The promises about the bytes of files that a bucket keeps: each object that a row names is there, as long as the row
/// says, and nothing lies there that no row names. The bytes themselves aren't read: that would cost as much as serving
/// every file once.
package struct BucketCheck {
    private let path: String
    private let bucket: S3Bucket
    private let report: FolderCheck.Report
    /// For how many milliseconds an object may be there before a row names it.
    private let youth: Int64

    /// How many rows are looked at once.
    private static let batch = 1_000

    /// A check of the bucket that a folder remembers; nil where its files are in itself.
    ///
    /// - Throws: `OperatorError` when the bucket's credentials aren't there.
    package init?(_ folder: String, report: @escaping FolderCheck.Report) throws(OperatorError) {
        try self.init(folder, youth: 3_600_000, report: report)
    }

    init?(_ folder: String, youth: Int64, report: @escaping FolderCheck.Report) throws(OperatorError) {
        guard let bucket = try S3Bucket(S3Options(), for: folder) else { return nil }
        self.bucket = bucket
        self.youth = youth
        self.report = report
        path = folder
    }

    /// Checks every environment.
    ///
    /// - Throws: `S3Failure` when the bucket can't be listed, and what `report` throws.
    package func run() async throws {
        let names = try SQLiteFile.read("\(path)/control.sqlite") { database in
            try database.session.all(ControlSQL.environmentNames) {
                try? EnvironmentName(project: $0.text(0), environment: $0.text(1))
            }.compactMap(\.self)
        }
        for name in names {
            let database = "\(path)/environments/\(name.project)/\(name.environment).sqlite"
            guard access(database, F_OK) == 0 else { continue }
            let hasFiles = try SQLiteFile.read(database) { try $0.hasFiles() }
            if hasFiles { try await check(S3Bucket.prefix(of: name, in: bucket.settings), database) }
        }
    }

    /// A row of an object.
    private struct Row {
        let name: String
        let bytes: Int
        let isDropped: Bool
    }

    /// Lists and rows are both by name: a page of one is compared with as many of the other as belong to it.
    private func check(_ prefix: String, _ database: String) async throws {
        var last = ""
        try await bucket.client.list(prefix) { page in
            let entries = page.entries.filter { ObjectFolder.isName($0.name) }
            // What comes after this page isn't known yet.
            let end = page.next == nil ? nil : entries.last?.name
            if page.next != nil, end == nil { return }
            var objects = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
            var rows: [Row]
            repeat {
                rows = try Self.rows(after: last, to: end, in: database)
                for row in rows {
                    last = row.name
                    if let object = objects.removeValue(forKey: row.name) {
                        try compare(object, row, prefix)
                    } else if !row.isDropped {
                        // It may be newer than the list.
                        guard let object = try await bucket.client.find(prefix + row.name) else {
                            try tell(prefix + row.name, "a row names these bytes, and they aren't there")
                            continue
                        }
                        try compare(object, row, prefix)
                    }
                }
            } while rows.count == Self.batch
            if let end { last = end }
            for object in objects.values.sorted(by: { $0.name < $1.name }) {
                guard let age = page.age(of: object), age >= youth,
                    try SQLiteFile.read(database, { try FileStore.unnamed($0.session, of: [object.name]) }) != []
                else { continue }
                try tell(
                    prefix + object.name,
                    "no row names these bytes; a server moves them to \(ObjectFolder.asideName) when it opens the "
                        + "environment, and deletes them after a week")
            }
        }
    }

    private func compare(_ object: S3Page.Entry, _ row: Row, _ prefix: String) throws {
        guard object.bytes != row.bytes else { return }
        try tell(prefix + row.name, "it has \(object.bytes) bytes, and its row says \(row.bytes)")
    }

    private func tell(_ key: String, _ message: String) throws {
        try report(FolderFinding(.object, "s3://\(bucket.settings.bucket)/\(key)", message))
    }

    private static func rows(after name: String, to end: String?, in database: String) throws -> [Row] {
        try SQLiteFile.read(database) { file in
            try file.session.all(FileSQL.objectsAfter, arguments: [.text(name), .int(Int64(batch))]) {
                Row(name: $0.text(0), bytes: Int($0.int(1)), isDropped: $0.int(2) != 0)
            }
        }.filter { row in end.map { row.name <= $0 } ?? true }
    }
}
