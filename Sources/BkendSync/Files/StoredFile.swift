import BkendDocuments
import BkendWire

/// A file whose bytes are on this device.
package struct StoredFile: Hashable, Sendable {
    /// The file's id as it is now: a local one, then the server's.
    package var record: String
    /// The key as it is now.
    package var key: String
    /// The address as it is now.
    package var url: String
    /// The name of the bytes in the store's folder.
    package var bytes: String
    /// The number of bytes.
    package var size: Int64
    /// The SHA-256 of the bytes in hex.
    package var sha256: String
    /// How far the upload is; nil once the server has the file.
    package var upload: Upload?

    /// A file.
    package init(
        record: String, key: String, url: String, bytes: String, size: Int64, sha256: String, upload: Upload?
    ) {
        self.record = record
        self.key = key
        self.url = url
        self.bytes = bytes
        self.size = size
        self.sha256 = sha256
        self.upload = upload
    }
}

/// How a row of `sync_files` is read.
enum FileRow {
    static let columns = "record, key, url, bytes, size, sha256, upload"

    static func read(_ row: RunningStatement) throws -> StoredFile {
        StoredFile(
            record: row.text(0), key: row.text(1), url: row.text(2), bytes: row.text(3), size: row.int(4),
            sha256: row.text(5),
            // What can't be read any more begins anew, as far as that can't make a second file.
            upload: row.isNull(6) ? nil : Upload(stored: (try? row.object(6)) ?? [:]))
    }
}
