import BkendStorage
import Foundation

@testable import BkendServer

/// What a server finds in a data folder, as far as `FilePromises` speak of it.
struct FolderReading: Sendable {
    /// What `bkend-server check` finds, without bytes that no row names.
    var findings: [String] = []
    /// The things that are there, with their values.
    var values: [String: String] = [:]

    /// The data folder in the recorded one.
    static let folder = "data"
    private static let objects = "\(folder)/files/default/dev/"

    /// Reads an image that was written to a folder.
    ///
    /// - Parameters:
    ///   - key: the secret key that it is to have.
    ///   - digest: the digest of a file's bytes.
    init(_ image: DiskImage, at path: String, key: String, digest: (DiskImage.File) -> String) throws {
        let folder = "\(path)/\(Self.folder)"
        guard access("\(folder)/control.sqlite", F_OK) == 0 else { return }
        var digests: [String: String] = [:]
        for file in image.files where !file.path.contains("sqlite") {
            if file.path.hasPrefix(Self.objects) {
                digests[String(file.path.dropFirst(Self.objects.count))] = digest(file)
            } else {
                values[file.path] = digest(file)
            }
        }
        for (name, digest) in digests where ObjectFolder.isName(name.split(separator: "/").last ?? "") {
            values["object \(name)"] = digest
        }
        do { try open(folder, key: key) { digests[$0] ?? "not there" } } catch {
            findings.append("can't be opened: \(error)")
        }
        // After the server: what only reads can't undo a transaction that the cut has left by half.
        var found: [FolderFinding] = []
        _ = try FolderCheck(folder) { found.append($0) }.run()
        findings += found.filter { !$0.message.hasPrefix("no row names") }.map { "\($0.file): \($0.message)" }
    }

    /// Opens it as a server does.
    private mutating func open(_ folder: String, key: String, digest: (String) -> String) throws {
        let data = try DataFolder.open(at: folder)
        defer { try? data.control.database.close() }
        if let digest = APIKey(key)?.digest, try data.control.database.readNow(ResolvedKey.all)[digest] != nil {
            values["folder"] = "made"
        }
        let environment = "\(folder)/environments/default/dev.sqlite"
        guard access(environment, F_OK) == 0 else { return }
        let engine = try SQLiteEngine(path: environment)
        defer { try? engine.pool.close() }
        try engine.prepareAccounts()
        try engine.prepareFiles()
        try engine.readNow { try read($0, digest: digest) }
    }

    private mutating func read(_ session: any SQLSession, digest: (String) -> String) throws {
        var contents: [String: [String]] = [:]
        let live = "SELECT content, position, name FROM file_objects WHERE droppedAt IS NULL ORDER BY content, position"
        try session.read(live, []) { row in
            contents[row.text(0), default: []].append(digest(row.text(2)))
            values["part \(row.int(1)) of \(row.text(0))"] = digest(row.text(2))
            return true
        }
        func content(_ name: String) -> String { contents[name]?.joined(separator: " ") ?? "nothing" }
        try session.read("SELECT key, state, content FROM file_uploads", []) { row in
            let state = row.text(1)
            values["key \(row.text(0))"] = state == "deleted" ? state : row.optionalText(2).map(content) ?? state
            return true
        }
        try session.read("SELECT id, bytes, content FROM files", []) { row in
            values["file \(row.text(0))"] = "\(row.int(1)) bytes, \(content(row.text(2)))"
            return true
        }
    }
}
