public import BkendWire

/// Which files a list shows, and in which order. Without conditions: every file that the caller may read, the newest first.
///
/// ```swift
/// var pictures = FileList()
/// pictures.contentType = "image/*"
/// pictures.sortBy = .size
/// let page = try await client.files.list(pictures)
/// ```
public struct FileList: Hashable, Sendable {
    /// What a list can be sorted by.
    public enum Order: String, Sendable {
        /// When the files were registered.
        case createdAt
        /// When their records last changed.
        case updatedAt
        /// Their names.
        case name = "originalName"
        /// Their numbers of bytes.
        case size
    }

    /// Only files of this visibility.
    public var visibility: FileVisibility?
    /// Only files of this user. Only administrators find other users' files.
    public var ownerID: String?
    /// Only files of this media type; `image/*` for all of a kind.
    public var contentType: String?
    /// Only files whose name contains this text, in any case.
    public var search: String?
    /// The order.
    public var sortBy = Order.createdAt
    /// Whether the smallest or oldest come first.
    public var isAscending = false

    /// Every file, the newest first.
    public init() {}

    func queryItems(page: Int, limit: Int) -> [QueryItem] {
        var items = [
            QueryItem("page", String(page)), QueryItem("limit", String(limit)), QueryItem("sortBy", sortBy.rawValue),
            QueryItem("sortDirection", isAscending ? "asc" : "desc"),
        ]
        for (name, value) in [
            ("visibility", visibility?.rawValue), ("ownerId", ownerID), ("mimeType", contentType), ("search", search),
        ] {
            if let value { items.append(QueryItem(name, value)) }
        }
        return items
    }
}

/// What to change of a file. A nil value leaves what is there.
public struct FileChanges: Hashable, Sendable {
    /// The new name.
    public var name: String?
    /// The new visibility.
    public var visibility: FileVisibility?
    /// Members to put among the file's metadata; null removes one.
    public var metadata: JSONObject?
    /// The users that a `shared` file is shown to, in place of those before.
    public var sharedWith: [String]?

    /// Changes of what isn't nil.
    public init(
        name: String? = nil, visibility: FileVisibility? = nil, metadata: JSONObject? = nil, sharedWith: [String]? = nil
    ) {
        self.name = name
        self.visibility = visibility
        self.metadata = metadata
        self.sharedWith = sharedWith
    }

    var json: JSONObject {
        var out: JSONObject = [:]
        out["originalName"] = name.map(JSON.string)
        out["visibility"] = visibility.map { .string($0.rawValue) }
        out["metadata"] = metadata.map(JSON.object)
        out["sharedWith"] = sharedWith.map { .array($0.map(JSON.string)) }
        return out
    }
}
