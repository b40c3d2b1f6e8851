public import BkendWire
public import Foundation

/// A file's record, as the server has it (rest-api.md §9).
public struct RemoteFile: Hashable, Sendable, Identifiable {
    /// The file's id. Keep it in records that refer to the file.
    public var id: String
    /// The key of the bytes, `images/…/photo.jpg`.
    public var key: String
    /// Where the bytes are. Everyone can open the address of a public file; for others, use `Files.url(_:)`.
    public var url: String?
    /// The name that the file was uploaded with.
    public var name: String
    /// The media type, `image/jpeg` for example.
    public var contentType: String
    /// The number of bytes.
    public var size: Int
    /// The width in pixels, if the uploader gave it.
    public var width: Int?
    /// The height in pixels, if the uploader gave it.
    public var height: Int?
    /// Who may read the file.
    public var visibility: FileVisibility
    /// The owner's user id; nil if a secret key uploaded the file, or if the file isn't yours.
    public var ownerID: String?
    /// What the uploader noted; empty if the file isn't yours.
    public var metadata: JSONObject
    /// The users that a `shared` file is shown to; empty if the file isn't yours.
    public var sharedWith: [String]
    /// The SHA-256 of the bytes in hex, if the server knows it.
    public var sha256: String?
    /// When the file was registered.
    public var createdAt: Date
    /// When the record last changed. The bytes never change.
    public var updatedAt: Date
    /// The record as the server returned it, including members that this version doesn't know.
    public var json: JSONObject

    /// Reads a record.
    ///
    /// - Throws: `JSONCodingError` with the member that is missing or of another type.
    package init(json: JSONObject) throws(JSONCodingError) {
        let fields = AnswerFields(json)
        func number(_ name: String) -> Int? { json[name]?.intValue.flatMap { Int(exactly: $0) } }
        id = try fields.text("id")
        let s3Key = try fields.optionalText("s3Key")
        if let s3Key { key = s3Key } else { key = try fields.text("key") }
        url = try fields.optionalText("url")
        name = try fields.text("originalName")
        contentType = try fields.optionalText("mimeType") ?? ContentType.unknown
        guard let size = number("size"), size >= 0 else {
            throw JSONCodingError(path: "size", message: "expected a number of bytes")
        }
        self.size = size
        width = number("width")
        height = number("height")
        visibility = FileVisibility(
            rawValue: try fields.optionalText("visibility") ?? FileVisibility.private.rawValue)
        ownerID = try fields.optionalText("ownerId")
        metadata = json["metadata"]?.objectValue ?? [:]
        sharedWith = (json["sharedWith"]?.arrayValue ?? []).compactMap(\.stringValue)
        sha256 = try fields.optionalText("sha256")
        createdAt = try fields.date("createdAt")
        updatedAt = try fields.date("updatedAt")
        self.json = json
    }
}

/// One page of a list of files.
public struct FilePage: Sendable {
    /// The files, in the list's order.
    public var files: [RemoteFile]
    /// Their position in the whole list: total, page, limit, and whether more follow.
    public var pagination: Pagination
}

/// An address of a file's bytes that needs no key and no token.
public struct FileAddress: Hashable, Sendable {
    /// The address.
    public var url: String
    /// When the address ends; a time far away for a public file.
    public var expiresAt: Date?
    /// The name to save the file by.
    public var name: String
    /// The media type.
    public var contentType: String
    /// The number of bytes.
    public var size: Int
}
