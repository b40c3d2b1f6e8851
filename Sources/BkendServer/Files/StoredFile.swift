import BkendStorage
import BkendWire
import Foundation

/// Who may read a file (rest-api.md §9).
enum FileVisibility: String, CaseIterable, Sendable {
    /// Its owner.
    case `private`
    /// Whoever is signed in.
    case protected
    /// Its owner and the users that it is shared with.
    case shared
    /// Everybody, at its address without a key.
    case `public`
}

/// What a file's bytes are: named once, never changed. Other bytes are another content.
struct FileContent: Hashable, Sendable {
    /// Its name, 32 hex digits; its `ETag`.
    let name: String
    let bytes: Int
    /// The SHA-256 of all bytes, where it is known.
    let sha256: Data?
    /// When it was stored.
    let storedAt: Timestamp
}

/// A registered file: a row of `files`.
struct StoredFile: Sendable {
    let id: String
    let key: String
    let content: FileContent
    var name: String
    let type: String
    let width: Int?
    let height: Int?
    var visibility: FileVisibility
    let bucket: String
    /// The user who uploaded it; nil for a secret key.
    let ownerID: String?
    let ownerType: String
    var metadata: JSONObject
    let createdAt: Timestamp
    var updatedAt: Timestamp
}

extension StoredFile {
    /// A row of `FileSQL.fileColumns`.
    init(row: any SQLRow) throws {
        guard let visibility = FileVisibility(rawValue: row.text(10)) else {
            throw StorageFailure(.other, message: "a file's visibility can't be read")
        }
        id = row.text(0)
        key = row.text(1)
        content = FileContent(
            name: row.text(2), bytes: Int(row.int(3)), sha256: row.optionalBlob(4),
            storedAt: Timestamp(clamping: row.int(5)))
        name = row.text(6)
        type = row.text(7)
        width = row.optionalInt(8).map(Int.init)
        height = row.optionalInt(9).map(Int.init)
        self.visibility = visibility
        bucket = row.text(11)
        ownerID = row.optionalText(12)
        ownerType = row.text(13)
        metadata = (try? JSON(parsing: row.text(14)))?.objectValue ?? [:]
        createdAt = Timestamp(clamping: row.int(15))
        updatedAt = Timestamp(clamping: row.int(16))
    }

    /// A new file of an upload whose bytes are there.
    init(_ upload: FileUpload, _ content: FileContent, _ registration: FileRegistration, at now: Timestamp) {
        id = upload.fileID
        key = upload.key
        self.content = content
        name = registration.name ?? upload.name
        type = registration.type ?? upload.type
        width = registration.width
        height = registration.height
        visibility = registration.visibility ?? upload.visibility ?? .private
        bucket = registration.bucket ?? FileCategory.bucket(of: upload.category)
        ownerID = upload.userID
        ownerType = upload.userID == nil ? "service" : "user"
        metadata = registration.metadata ?? [:]
        createdAt = now
        updatedAt = now
    }

    /// The name as it is searched.
    var searchText: String { Self.searchText(name) }

    /// A text in the form in which names are searched: case doesn't matter.
    static func searchText(_ text: String) -> String { text.lowercased().precomposedStringWithCanonicalMapping }

    /// The record that a caller is answered. What concerns the owner alone is left out for others.
    func json(sharedWith: [String], isWhole: Bool, base: String) -> JSONObject {
        func number(_ value: Int?) -> JSON { value.map { .int(Int64($0)) } ?? .null }
        var out: JSONObject = [
            "id": .string(id), "s3Key": .string(key), "key": .string(key), "url": .string(url(base: base)),
            "originalName": .string(name), "mimeType": .string(type), "size": number(content.bytes),
            "width": number(width), "height": number(height), "visibility": .string(visibility.rawValue),
        ]
        if isWhole {
            out["bucket"] = .string(bucket)
            out["ownerId"] = ownerID.map(JSON.string) ?? .null
            out["ownerType"] = .string(ownerType)
            out["metadata"] = .object(metadata)
            out["sharedWith"] = .array(sharedWith.map(JSON.string))
        }
        out["sha256"] = content.sha256.map { .string($0.hexDigits) } ?? .null
        out["createdAt"] = .string(createdAt.description)
        out["updatedAt"] = .string(updatedAt.description)
        return out
    }

    /// Where its bytes are: at an address that needs no key, or by the route that decides who may have them.
    func url(base: String) -> String {
        visibility == .public ? FileAddress.url(ofKey: key, base: base) : "\(base)/v1/files/\(id)/download"
    }
}

extension Data {
    /// In lower-case hex.
    var hexDigits: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
