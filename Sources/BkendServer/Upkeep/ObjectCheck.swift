import BkendStorage
import BkendWire
import Crypto
import Foundation

/// The promises about the bytes of an environment's files: each object that a row names is there, as long as the row says,
/// with the digest that it was stored with; and nothing lies there that no row names.
struct ObjectCheck {
    /// The data folder.
    let path: String
    /// The folder of the objects in it, `files/PROJECT/ENVIRONMENT`.
    let folder: String
    let report: FolderCheck.Report

    func run(_ database: SQLiteFile) throws {
        guard try database.hasFiles() else { return }
        var named: Set<String> = []
        try database.session.read(FileSQL.allObjects, []) { row in
            named.insert(row.text(0))
            // Of what nothing needs any more the bytes go before the row.
            if row.int(3) != 0, access("\(path)/\(folder)/\(row.text(0))", F_OK) != 0 { return true }
            if let flaw = flaw(of: row.text(0), bytes: Int(row.int(1)), digest: row.optionalBlob(2)) {
                try report(FolderFinding(.object, "\(folder)/\(row.text(0))", flaw))
            }
            return true
        }
        try checkContents(database)
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).sorted() {
            guard ObjectFolder.isName(name), !named.contains(name), !isInUse(name) else { continue }
            let message =
                "no row names these bytes; a server moves them to \(ObjectFolder.asideName) when it opens the environment, "
                + "and deletes them after a week"
            try report(FolderFinding(.object, "\(folder)/\(name)", message))
        }
    }

    /// What rows say of each other; for objects that are elsewhere as well.
    func checkContents(_ database: SQLiteFile) throws {
        guard try database.hasFiles() else { return }
        try database.session.read(FileSQL.missingContents, []) { row in
            try report(
                FolderFinding(.object, folder, id: row.text(0), "the file's size isn't that of the bytes that it names")
            )
            return true
        }
    }

    private func flaw(of name: String, bytes: Int, digest: Data?) -> String? {
        guard ObjectFolder.isName(name) else { return "a row names it, and it is no name of an object" }
        guard let handle = FileHandle(forReadingAtPath: "\(path)/\(folder)/\(name)") else {
            return "a row names these bytes, and they aren't there"
        }
        defer { try? handle.close() }
        var hash = SHA256()
        var count = 0
        while let data = try? handle.read(upToCount: 1 << 20), !data.isEmpty {
            hash.update(data: data)
            count += data.count
        }
        guard count == bytes else { return "it has \(count) bytes, and its row says \(bytes)" }
        guard let digest, Data(hash.finalize()) != digest else { return nil }
        return "its bytes aren't those that were stored: their SHA-256 is another"
    }

    /// Whether somebody is about to name it.
    private func isInUse(_ name: String) -> Bool {
        let descriptor = open("\(path)/\(folder)/\(name)", O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }
}
