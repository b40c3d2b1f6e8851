import BkendStorage
import BkendWire
import Foundation

/// A key that was issued, and what has become of it: a row of `file_uploads`. One that was registered stays, so that the key
/// is known when the file is long gone: a client whose answer was lost would else upload again. The others are forgotten
/// when nothing can be done with them any more.
struct FileUpload: Sendable {
    /// How far it has come. States only go forward.
    enum State: String, Sendable {
        /// Nothing was stored yet.
        case issued
        /// Bytes are there; another PUT may replace them.
        case stored
        /// A record names the bytes.
        case registered
        /// The record was deleted.
        case deleted
        /// It lapsed, and nothing can be done with it any more.
        case closed
    }

    let key: String
    /// The id of the record to come.
    let fileID: String
    /// Who may register it; nil for a secret key.
    let userID: String?
    /// What was named; nil where nothing was.
    let visibility: FileVisibility?
    let type: String
    let name: String
    let category: String
    /// The size that was named.
    let announced: Int?
    let expiresAt: Timestamp
    let state: State
    /// The bytes, as far as there are some.
    let content: FileContent?
    /// The id of an upload in parts.
    let uploadID: String?

    /// A row of `FileSQL.uploadColumns`.
    init(row: any SQLRow) throws {
        guard let state = State(rawValue: row.text(9)) else {
            throw StorageFailure(.other, message: "an upload's state can't be read")
        }
        key = row.text(0)
        fileID = row.text(1)
        userID = row.optionalText(2)
        visibility = row.optionalText(3).flatMap(FileVisibility.init)
        type = row.text(4)
        name = row.text(5)
        category = row.text(6)
        announced = row.optionalInt(7).map(Int.init)
        expiresAt = Timestamp(clamping: row.int(8))
        self.state = state
        content = row.optionalText(10).map { name in
            FileContent(
                name: name, bytes: Int(row.int(11)), sha256: row.optionalBlob(12),
                storedAt: Timestamp(clamping: row.int(13)))
        }
        uploadID = row.optionalText(14)
    }

    /// An upload that is to be issued.
    init(
        key: String, fileID: String, userID: String?, visibility: FileVisibility?, type: String, name: String,
        category: String, announced: Int?, expiresAt: Timestamp, uploadID: String? = nil
    ) {
        self.key = key
        self.fileID = fileID
        self.userID = userID
        self.visibility = visibility
        self.type = type
        self.name = name
        self.category = category
        self.announced = announced
        self.expiresAt = expiresAt
        self.uploadID = uploadID
        state = .issued
        content = nil
    }

    /// Whether its bytes may be read by everybody though no record names them yet.
    ///
    /// - Parameter publicImages: whether pictures may that were presigned without a visibility.
    func isPublic(publicImages: Bool) -> Bool {
        guard state == .stored else { return false }
        if let visibility { return visibility == .public }
        return stays(publicImages: publicImages)
    }

    /// Whether its bytes stay though nobody registers them.
    func stays(publicImages: Bool) -> Bool { publicImages && visibility == nil && FileType.isImage(type) }
}

/// What is said of a file before its bytes come.
struct AnnouncedFile: Sendable {
    var name: String
    var type: String
    var size: Int?
    var visibility: FileVisibility?
    var category: String
}

/// What a client says of a file when it registers it.
struct FileRegistration: Sendable {
    var name: String?
    var type: String?
    var size: Int?
    var width: Int?
    var height: Int?
    var visibility: FileVisibility?
    var bucket: String?
    var metadata: JSONObject?
    var sharedWith: [String]?
}
