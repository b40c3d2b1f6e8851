import BkendWire
import GRDB

/// The files whose bytes are on this device (`sync_files`): those that wait for the server, and those that it has too.
package struct FilePart<Store: StoreView>: StorePart {
    let store: Store

    /// The file of a present id.
    func file(_ record: String) throws -> StoredFile? {
        try db.first("SELECT \(FileRow.columns) FROM sync_files WHERE record = ?", .text(record), read: FileRow.read)
    }

    /// The file that an id, a key or an address belongs to, whether they are of this device or the server's.
    package func find(_ name: String) throws -> StoredFile? {
        if name.isEmpty { return nil }
        let name = try store.aliases.resolve(name)
        for column in ["record", "key", "url"] {
            let sql = "SELECT \(FileRow.columns) FROM sync_files WHERE \(column) = ? LIMIT 1"
            if let file = try db.first(sql, .text(name), read: FileRow.read) { return file }
        }
        // The address of a file that isn't public, which may have become so meanwhile.
        return try FileName.id(inDownloadAddress: name).flatMap { try file($0) }
    }

    /// All files, in the order in which they were attached.
    package func all() throws -> [StoredFile] {
        try db.all("SELECT \(FileRow.columns) FROM sync_files ORDER BY rowid", read: FileRow.read)
    }

    /// Whether a row names bytes.
    package func isNamed(_ bytes: String) throws -> Bool {
        try db.number("SELECT 1 FROM sync_files WHERE bytes = ?", .text(bytes)) != 0
    }

    /// How many bytes wait for the server.
    package func waitingBytes() throws -> Int64 { try bytes(of: "waiting") }

    /// How many bytes the server has too, without those that a subscription keeps.
    package func cachedBytes() throws -> Int64 { try bytes(of: "cached") }

    /// How many bytes the files have that subscriptions keep, as far as they are here.
    package func keptBytes() throws -> Int64 { try bytes(of: "kept") }

    private func bytes(of state: String) throws -> Int64 {
        try db.number("SELECT bytes FROM sync_file_sizes WHERE state = ?", .text(state))
    }

    /// The files that the server has too, those first that were asked for longest ago. Not those that a subscription keeps,
    /// and not those with entries: a deletion that waits needs all names of its file.
    func leastUsed(limit: Int) throws -> [StoredFile] {
        try db.all(
            """
            SELECT \(FileRow.columns) FROM sync_files WHERE upload IS NULL AND NOT kept AND NOT EXISTS
            (SELECT 1 FROM sync_entries WHERE collection = ? AND sync_entries.record = sync_files.record)
            ORDER BY used LIMIT ?
            """, .text(FileTable.name), .int(limit), read: FileRow.read)
    }
}

extension FilePart where Store == StoreTransaction {
    /// Adds a file that waits for the server.
    func add(_ file: StoredFile) throws {
        try db.perform(
            """
            INSERT INTO sync_files (record, key, url, bytes, size, sha256, upload, used)
            VALUES (?, ?, ?, ?, ?, ?, ?, \(Self.next))
            """, .text(file.record), .text(file.key), .text(file.url), .text(file.bytes), .int(file.size),
            .text(file.sha256), file.upload.map { .utf8($0.json.serialized()) } ?? .null)
    }

    /// The number of the next asking.
    private static var next: String { "(SELECT ifnull(max(used), 0) + 1 FROM sync_files)" }

    /// Notes that the bytes were asked for.
    package func noteUse(_ record: String) throws {
        try db.perform("UPDATE sync_files SET used = \(Self.next) WHERE record = ?", .text(record))
    }

    /// Keeps how far an upload is.
    func setUpload(_ upload: Upload, of record: String) throws {
        try db.perform(
            "UPDATE sync_files SET upload = ? WHERE record = ?", .utf8(upload.json.serialized()), .text(record))
    }

    /// The app tries a file again that stopped.
    func retry(_ record: String) throws {
        guard var upload = try file(record)?.upload else { return }
        upload.retry()
        try setUpload(upload, of: record)
    }

    /// The server has a file, under ids of its own.
    func complete(_ record: String, as ids: (record: String, key: String, url: String)) throws {
        // It may have come here under its own id meanwhile.
        if !ids.record.hasSameBytes(as: record) { try remove(ids.record) }
        try db.perform(
            "UPDATE sync_files SET record = ?, key = ?, url = ?, upload = NULL, used = \(Self.next) WHERE record = ?",
            .text(ids.record), .text(ids.key), .text(ids.url), .text(record))
    }

    /// Other bytes stand in the place of a file's.
    func replaceBytes(of file: StoredFile, with bytes: WrittenBytes, _ upload: Upload) throws {
        store.releasedBytes.append(file.bytes)
        try db.perform(
            "UPDATE sync_files SET bytes = ?, size = ?, sha256 = ? WHERE record = ?", .text(bytes.name),
            .int(bytes.size), .text(bytes.sha256), .text(file.record))
        try setUpload(upload, of: file.record)
    }

    /// Takes a file out; its bytes go after the commit.
    func remove(_ record: String) throws {
        guard let file = try file(record) else { return }
        try db.perform("DELETE FROM sync_files WHERE record = ?", .text(record))
        store.releasedBytes.append(file.bytes)
    }

    /// All bytes go after the commit.
    func releaseAll() throws { store.releasedBytes += try db.all("SELECT bytes FROM sync_files") { $0.text(0) } }
}

extension StoreView {
    /// The files whose bytes are on this device.
    package var files: FilePart<Self> { FilePart(store: self) }
}
