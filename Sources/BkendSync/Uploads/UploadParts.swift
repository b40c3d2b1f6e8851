import BkendWire

/// A large file's bytes on their way in parts, one after the other, each to an address of its own (rest-api.md §9).
package struct UploadParts: Hashable, Sendable {
    /// The server's id of the upload.
    package var uploadID: String
    /// The number of all bytes.
    package var total: Int64
    /// What the storage called each part that it has, in order (`ETag`).
    package var tags: [String] = []
    /// Where the next part goes; nil until it was asked for.
    package var address: String?

    /// The size from which on a file goes in parts.
    package static let least: Int64 = 16 << 20
    /// The bytes of a part, unless there would be too many, and how many a file may have.
    private static let (usualSize, most): (Int64, Int64) = (8 << 20, 10_000)

    /// The bytes of each part but the last, of so many bytes.
    package static func size(of total: Int64) -> Int64 { max(usualSize, (total + most - 1) / most) }

    /// Parts of which none was sent.
    package init(uploadID: String, total: Int64) {
        self.uploadID = uploadID
        self.total = total
    }

    /// The bytes of each part but the last.
    var size: Int64 { Self.size(of: total) }
    /// The number of the part that goes next, from 1 on.
    var next: Int { tags.count + 1 }
    /// Whether the storage has all of them.
    var areThere: Bool { Int64(tags.count) * size >= total }
    /// The bytes of the part that goes next.
    var range: Range<Int64> {
        let start = min(Int64(tags.count) * size, total)
        return start..<min(start + size, total)
    }

    /// They are sent from the first one on.
    mutating func beginAgain() { (tags, address) = ([], nil) }
}

extension UploadParts {
    /// As the store keeps them.
    var json: JSONObject {
        var json: JSONObject = [
            "uploadId": .string(uploadID), "total": .int(total), "tags": .array(tags.map { .string($0) }),
        ]
        json["address"] = address.map { .string($0) }
        return json
    }

    /// Parts as the store has kept them, nil for something else.
    init?(stored json: JSON?) {
        guard let uploadID = json?["uploadId"]?.stringValue, let total = json?["total"]?.intValue, total > 0 else {
            return nil
        }
        self.init(uploadID: uploadID, total: total)
        tags = json?["tags"]?.arrayValue?.compactMap(\.stringValue) ?? []
        address = json?["address"]?.stringValue
    }
}
