import BkendWire
import Foundation

/// What a backup holds.
package struct BackupSummary: Hashable, Sendable {
    /// The environments, in the folder's order.
    package let environments: [String]
    /// The file's size in bytes.
    package let bytes: Int
    /// Where the bytes of files are, that the archive doesn't hold; nil where it does.
    package let elsewhere: String?
    /// What lies among the mails and is no file, a link for example; it was left out.
    package let leftOut: [String]
}

extension DataFolder {
    /// Writes the whole folder into one tar archive while a server may run on it: each database as it is at one moment
    /// with the bytes of its files unless a bucket keeps them, signing keys, mails that wait. Unpacked, the archive is a
    /// data folder.
    ///
    /// Databases are copied without holding up writers (`SQLiteFile.copy`). The copies lie beside the archive meanwhile,
    /// one at a time.
    ///
    /// - Parameter progress: called with the bytes that were written, and those that the folder has, each time that a
    ///   piece is written.
    /// - Throws: `OperatorError` when there is such a file already, or it can't be written.
    package func backup(
        to file: String, now: Timestamp, progress: @escaping (_ bytes: Int, _ all: Int) -> Void = { _, _ in }
    ) throws -> BackupSummary {
        let output = try OutputFile(file)
        let all = bytes
        let archive = try TarWriter(output, ownedLike: path, now: now) { progress(output.count, all) }
        let draft = "\(file).part.\(getpid())"
        defer { unlink(draft) }
        func add(database: String, as name: String) throws {
            unlink(draft)
            try SQLiteFile.copy(database, to: draft)
            try SQLiteFile.beginAnotherLife(in: draft)
            try archive.file(name, at: draft)
        }
        let bucket = try RememberedBucket.read(path)
        try archive.folder("./")
        try add(database: path + "/control.sqlite", as: "control.sqlite")
        // Read after the control database was copied: an environment that came meanwhile is one file too many at worst.
        let names = try control.environments()
        try archive.folder("environments/")
        var project: String?
        for name in names {
            if name.project != project { try archive.folder("environments/\(name.project)/") }
            project = name.project
            let database = "\(path)/environments/\(name.project)/\(name.environment).sqlite"
            // An environment that nobody has used yet has no file.
            guard access(database, F_OK) == 0 else { continue }
            // Held before the database is copied: what the copy names must still be there when it is copied in turn.
            let objects = "files/\(name.project)/\(name.environment)"
            let hasObjects = access("\(path)/\(objects)", F_OK) == 0
            let lock = hasObjects && bucket == nil ? try FolderLock("\(path)/\(objects)", isWaiting: true) : nil
            defer { lock?.release() }
            try add(database: database, as: "environments/\(name.project)/\(name.environment).sqlite")
            if lock != nil { try addObjects(of: name, in: objects, namedBy: draft, to: archive) }
        }
        for file in ["signing-keys.json", AddressKeys.fileName] where access("\(path)/\(file)", F_OK) == 0 {
            try archive.file(file, at: "\(path)/\(file)")
        }
        if let bucket {
            // Without the mark: the folder that is restored doesn't own the bucket's prefix beside this one.
            try RememberedBucket(settings: bucket.settings, mark: nil).write(to: draft)
            try archive.file(RememberedBucket.fileName, at: draft)
        }
        try archive.folder("mail/")
        var leftOut: [String] = []
        for name in mails {
            switch try Self.mail("\(path)/mail/\(name)") {
            case .file(let file): try archive.file("mail/\(name)", file)
            case .delivered: break
            case .foreign: leftOut.append("mail/\(name)")
            }
        }
        try archive.finish()
        return BackupSummary(
            environments: names.map(\.description), bytes: output.count, elsewhere: bucket?.settings.address,
            leftOut: leftOut)
    }

    /// The size of all files.
    private var bytes: Int {
        let keys: Set<URLResourceKey> = [.fileSizeKey]
        let files = FileManager.default.enumerator(at: URL(filePath: path), includingPropertiesForKeys: Array(keys))
        var bytes = 0
        while let file = files?.nextObject() as? URL {
            bytes += (try? file.resourceValues(forKeys: keys).fileSize) ?? 0
        }
        return bytes
    }

    /// Adds the objects that a copy of a database names.
    private func addObjects(
        of name: EnvironmentName, in folder: String, namedBy database: String, to archive: TarWriter
    ) throws {
        let names = try SQLiteFile.read(database) { file -> [String] in
            guard try file.hasFiles() else { return [] }
            return try file.session.all(FileSQL.objectNames) { $0.text(0) }
        }
        for parent in ["files/", "files/\(name.project)/", folder + "/"] { try archive.folder(parent) }
        for object in names {
            let file = "\(path)/\(folder)/\(object)"
            // What is missing was missing before; check tells.
            guard ObjectFolder.isName(object), access(file, F_OK) == 0 else { continue }
            try archive.file("\(folder)/\(object)", at: file)
        }
    }

    /// What a name in the folder of mails turns out to be.
    private enum MailEntry {
        case file(InputFile)
        /// It has gone since the folder was listed.
        case delivered
        /// A link, or another thing that is no file: what it leads to isn't ours to copy.
        case foreign
    }

    private static func mail(_ path: String) throws -> MailEntry {
        do { return .file(try InputFile(plain: path)) } catch {
            guard let status = FileStatus(path) else { return .delivered }
            if !status.isFile { return .foreign }
            throw error
        }
    }

    /// The mails that wait to be delivered.
    private var mails: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/mail")) ?? []
        return names.filter { $0.hasSuffix(".eml") && !$0.hasPrefix(".") }.sorted()
    }
}
