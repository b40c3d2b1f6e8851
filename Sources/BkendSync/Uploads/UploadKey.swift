import BkendWire

/// A key that the server has issued for one file's bytes to come, and the address that they go to (rest-api.md §9).
package struct UploadKey: Hashable, Sendable {
    /// The key. It is what a registration names: the server registers it once.
    package var key: String
    /// Where the bytes go. Each part has an address of its own; here is the first one, "" before that.
    package var url: String
    /// The id that the file's record will have; nil where the server doesn't say.
    package var fileID: String?
    /// Who may read the file, as the server was told with the question for the key.
    package var visibility: String
    /// Whether the bytes may go with their digest.
    package var takesDigest: Bool
    /// The server's time when it issued the key; nil where it didn't say.
    package var issuedAt: Timestamp?
    /// For how many milliseconds the address is good, at most.
    package var life: Int64
    /// The bytes' parts; nil where they go in one piece, to `url`.
    package var parts: UploadParts?

    /// How long an address is good (rest-api.md §9), and the longest that a server may say instead: more is another
    /// clock's time.
    static let (usualLife, longestLife): (Int64, Int64) = (15 * 60 * 1_000, 24 * 60 * 60 * 1_000)
    /// How long parts may come (rest-api.md §9).
    static let lifeOfParts: Int64 = 7 * 24 * 60 * 60 * 1_000
    /// How far the clocks of a server's nodes may lie apart.
    static let skew: Int64 = 60 * 1_000

    /// A key.
    package init(
        key: String, url: String, fileID: String? = nil, visibility: String, takesDigest: Bool = false,
        issuedAt: Timestamp? = nil, life: Int64 = usualLife, parts: UploadParts? = nil
    ) {
        self.parts = parts
        self.key = key
        self.url = url
        self.fileID = fileID
        self.visibility = visibility
        self.takesDigest = takesDigest
        self.issuedAt = issuedAt
        self.life = life
    }

    /// Whether the address, or the time for all parts, had ended at a time of the server's. Two of its answers are compared: no clock of this device
    /// says so, and none that only the server's body knows.
    func hasExpired(at date: Timestamp?) -> Bool {
        guard let date, let issuedAt else { return false }
        return date.milliseconds - issuedAt.milliseconds > life + Self.skew
    }

    /// The address of the bytes without what signs it: a public file's own, where its record names none.
    package var plainURL: String? { url.isEmpty ? nil : String(url.prefix { $0 != "?" }) }
}

extension UploadKey {
    /// As the store keeps it.
    var json: JSONObject {
        var json: JSONObject = [
            "key": .string(key), "url": .string(url), "visibility": .string(visibility),
            "digest": .bool(takesDigest),
        ]
        json["fileId"] = fileID.map(JSON.string)
        json["issuedAt"] = issuedAt.map { .int($0.milliseconds) }
        json["life"] = .int(life)
        json["parts"] = parts.map { .object($0.json) }
        return json
    }

    /// A key as the store has kept it, nil for something else.
    init?(stored json: JSON?) {
        guard let key = json?["key"]?.stringValue, let url = json?["url"]?.stringValue,
            let visibility = json?["visibility"]?.stringValue
        else { return nil }
        self.init(
            key: key, url: url, fileID: json?["fileId"]?.stringValue, visibility: visibility,
            takesDigest: json?["digest"]?.boolValue ?? false,
            issuedAt: json?["issuedAt"]?.intValue.map { Timestamp(clamping: $0) },
            life: json?["life"]?.intValue ?? Self.usualLife, parts: UploadParts(stored: json?["parts"]))
    }

    /// The key in the answer to `presigned-url`.
    ///
    /// - Parameters:
    ///   - visibility: what was asked for.
    ///   - date: the server's time at the answer.
    init?(issued json: JSONObject, visibility: String, at date: Timestamp?) {
        guard let key = json["key"]?.stringValue, let url = json["url"]?.stringValue, !key.isEmpty else { return nil }
        let end = json["expiresAt"]?.stringValue.flatMap { Timestamp($0) }
        let said = end.flatMap { end in date.map { end.milliseconds - $0.milliseconds } } ?? 0
        self.init(
            key: key, url: url, fileID: json["fileId"]?.stringValue, visibility: visibility,
            takesDigest: json["digest"]?.boolValue ?? false, issuedAt: date,
            life: said > Self.usualLife && said <= Self.longestLife ? said : Self.usualLife)
    }

    /// The key in the answer to `multipart/init`.
    ///
    /// - Parameters:
    ///   - visibility: what was asked for.
    ///   - size: the number of bytes.
    ///   - date: the server's time at the answer.
    init?(begun json: JSONObject, visibility: String, size: Int64, at date: Timestamp?) {
        guard let key = json["key"]?.stringValue, let id = json["uploadId"]?.stringValue, !key.isEmpty else {
            return nil
        }
        self.init(
            key: key, url: "", fileID: json["fileId"]?.stringValue, visibility: visibility, issuedAt: date,
            life: Self.lifeOfParts, parts: UploadParts(uploadID: id, total: size))
    }
}
