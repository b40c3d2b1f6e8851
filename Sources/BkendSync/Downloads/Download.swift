import BkendDocuments
import BkendWire

/// A file of the server's that is to come to this device, and how far it is.
package struct Download: Hashable, Sendable {
    /// The name that records have for it.
    package var name: String
    /// The name of what is here of its bytes, in the store's folder; nil for nothing.
    package var bytes: String?
    /// How many bytes are durable here.
    package var have: Int64 = 0
    /// The strong validator of these bytes: others go on with them only if they have it (RFC 9110 §13.1.5).
    package var tag: String?
    /// The server's record of the file; nil until it was read. A public file that is known by its address alone has none.
    package var file: JSONObject?
    /// How often other bytes came than the record promises.
    package var damaged = 0

    /// A file of which nothing is here.
    package init(name: String) { self.name = name }

    /// Begins anew: what is here isn't the file's.
    mutating func reset() {
        have = 0
        tag = nil
    }

    /// The number of bytes, by the server's record.
    package var size: Int64? { file?[FileField.size]?.intValue.flatMap { $0 > 0 ? $0 : nil } }
}

/// How a row of `sync_downloads` is read and written.
enum DownloadRow {
    static let columns = "name, bytes, progress"

    static func read(_ row: RunningStatement) throws -> Download {
        var download = Download(name: row.text(0))
        download.bytes = row.optionalText(1)
        // What can't be read any more begins anew.
        guard let progress = try? row.object(2) else { return download }
        download.have = max(0, progress["have"]?.intValue ?? 0)
        download.tag = progress["tag"]?.stringValue
        download.file = progress["file"]?.objectValue
        download.damaged = Int(clamping: progress["damaged"]?.intValue ?? 0)
        return download
    }

    static func progress(_ download: Download) -> JSONObject {
        var progress: JSONObject = ["have": .int(download.have), "damaged": .int(Int64(download.damaged))]
        progress["tag"] = download.tag.map { .string($0) }
        progress["file"] = download.file.map { .object($0) }
        return progress
    }
}

/// Codes of files that don't come.
enum DownloadRefusal {
    /// An address of a host of which nothing is known.
    static let unknownHost = "unknownHost"
}

/// Bytes that came whole.
package struct DownloadedBytes: Hashable, Sendable {
    /// The number of bytes.
    package var size: Int64
    /// The SHA-256 of all bytes in hex.
    package var sha256: String
    /// The media type that came with them.
    package var type: String?

    /// Bytes that came whole.
    package init(size: Int64, sha256: String, type: String? = nil) {
        self.size = size
        self.sha256 = sha256
        self.type = type
    }
}
