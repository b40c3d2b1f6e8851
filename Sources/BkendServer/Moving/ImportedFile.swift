import BkendWire
import Foundation

/// The record of a file as another server has it: a row of `GET /v1/files` or of an export.
struct ImportedFile {
    let id: String
    let key: String
    let name: String
    let size: Int
    let sha256: Data?
    let sharedWith: [String]
    let createdAt: Timestamp?
    private let type: String
    private let width: Int?
    private let height: Int?
    private let visibility: FileVisibility
    private let bucket: String
    private let ownerID: String?
    private let ownerType: String
    private let metadata: JSONObject
    private let updatedAt: Timestamp?

    /// - Throws: `ErrorBody` that names the member that can't be taken.
    init(_ object: JSONObject) throws(ErrorBody) {
        let fields = FileFields(object)
        var id = try fields.text("id", code: .fileInvalidPath)
        if id == nil { id = try fields.text("_id", code: .fileInvalidPath) }
        guard let id else { throw .file(.fileInvalidPath, "id", "required", "is required") }
        if let flaw = RecordIntake.flaw(inID: id) { throw .file(.fileInvalidPath, "id", "form", flaw) }
        if ["buckets", "upload", "multipart", "presigned-url"].contains(id) {
            throw .file(.fileInvalidPath, "id", "form", "is the name of a route")
        }
        guard let key = try fields.key(), FileKey(key) != nil else {
            throw .file(.fileInvalidPath, "s3Key", "form", "must be a path of letters, digits, points, _ and -")
        }
        guard let size = try fields.number("size", negative: .fileSizeNegative), size > 0 else {
            throw .file(.fileTooSmall, "size", "minimum", "must be at least 1")
        }
        (self.id, self.key, self.size) = (id, key, size)
        name = try FileName.checked(
            fields.text("originalName", code: .fileInvalidName) ?? String(key.split(separator: "/").last ?? ""),
            field: "originalName")
        type = try FileType.checked(fields.text("mimeType") ?? "application/octet-stream", field: "mimeType")
        width = try fields.number("width")
        height = try fields.number("height")
        visibility = try fields.visibility() ?? .private
        let category = key.split(separator: "/").first.map { String($0) } ?? ""
        bucket = try fields.choice("bucket", of: FileBucket.all) ?? FileCategory.bucket(of: category)
        let owner = try fields.text("ownerId") ?? ""
        ownerID = owner.isEmpty ? nil : owner
        ownerType = try fields.text("ownerType") ?? (ownerID == nil ? "service" : "user")
        metadata = try fields.metadata() ?? [:]
        sharedWith = try fields.sharedWith() ?? []
        if let text = try fields.text("sha256"), !text.isEmpty { sha256 = try Self.digest(text) } else { sha256 = nil }
        createdAt = try Self.date("createdAt", fields)
        updatedAt = try Self.date("updatedAt", fields)
    }

    /// The file with its bytes.
    func file(_ content: FileContent, now: Timestamp) -> StoredFile {
        StoredFile(
            id: id, key: key, content: content, name: name, type: type, width: width, height: height,
            visibility: visibility, bucket: bucket, ownerID: ownerID, ownerType: ownerType, metadata: metadata,
            createdAt: createdAt ?? now, updatedAt: updatedAt ?? createdAt ?? now)
    }

    private static func date(_ name: String, _ fields: FileFields) throws(ErrorBody) -> Timestamp? {
        guard let text = try fields.text(name) else { return nil }
        guard let date = Timestamp(text) else {
            throw .file(.fileInvalidFormat, name, "date", "must be a date, 2025-01-08T09:30:00.000Z for example")
        }
        return date
    }

    private static func digest(_ text: String) throws(ErrorBody) -> Data {
        let digits = Array(text.lowercased().utf8)
        var bytes = Data()
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        for index in stride(from: 0, to: digits.count - 1, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { break }
            bytes.append(high << 4 | low)
        }
        guard digits.count == 64, bytes.count == 32 else {
            throw .file(.fileInvalidFormat, "sha256", "format", "must be 64 hex digits")
        }
        return bytes
    }
}
