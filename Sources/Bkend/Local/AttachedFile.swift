public import BkendSync
import BkendWire
public import Foundation

/// A file whose bytes are on this device.
public struct AttachedFile: Hashable, Sendable, Identifiable {
    /// The file's id: a local one until the server has the file. Keep it in records that refer to the file.
    public var id: String
    /// The key of the bytes, for apps that keep keys in their records.
    public var key: String
    /// The address of the bytes, for apps that keep addresses in their records, also inside texts. Until the server has the
    /// file it is an id of this device: `LocalFiles.open(_:)` takes it. Everyone can open the address of a public file.
    public var url: String
    /// The name.
    public var name: String
    /// The media type.
    public var contentType: String
    /// The number of bytes.
    public var size: Int
    /// Who may read the file on the server.
    public var visibility: FileVisibility
    /// Whether the server has the file.
    public var state: SyncState

    /// A file that the app sees; nil for one whose deletion waits for the server.
    init?(shown file: StoredFile, in snapshot: StoreSnapshot) throws {
        guard let record = try snapshot.documents.document(FileTable.name, file.record)?.json else { return nil }
        try self.init(file, record, in: snapshot)
    }

    init(_ file: StoredFile, in snapshot: StoreSnapshot) throws {
        try self.init(file, try snapshot.documents.document(FileTable.name, file.record)?.json ?? [:], in: snapshot)
    }

    private init(_ file: StoredFile, _ record: JSONObject, in snapshot: StoreSnapshot) throws {
        id = file.record
        key = file.key
        url = file.url
        name = record[FileField.name]?.stringValue ?? ""
        contentType = record[FileField.type]?.stringValue ?? ContentType.unknown
        size = Int(clamping: file.size)
        visibility = FileVisibility(rawValue: record[FileField.visibility]?.stringValue ?? "private")
        state = try snapshot.documents.syncState(FileTable.name, file.record)
    }
}

/// A file of this device that is open: making room doesn't take its bytes. If the file is deleted, or its store is wiped or
/// taken over, `url` leads nowhere, and ``data()`` still has the bytes.
///
/// ```swift
/// let local = try await store.files.open(photo.id)
/// show(local.url)
/// ```
public final class LocalFile: Sendable {
    /// What is known of the file.
    public let file: AttachedFile
    /// Where the bytes are. Don't write there.
    public var url: URL { URL(filePath: bytes.path) }
    private let bytes: OpenedBytes

    init(_ file: AttachedFile, _ bytes: OpenedBytes) {
        self.file = file
        self.bytes = bytes
    }

    /// All bytes.
    ///
    /// - Throws: `StoreError`
    public func data() throws(StoreError) -> Data {
        do { return try bytes.data() } catch { throw StoreError(error) }
    }
}
