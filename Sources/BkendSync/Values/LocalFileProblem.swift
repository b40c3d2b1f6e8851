import BkendWire

/// Why a file can't be attached to a store, or isn't there.
public enum LocalFileProblem: Hashable, Sendable {
    /// The file has no bytes.
    case empty
    /// The file has more bytes than the limit of `FileLimits`.
    case tooLarge(limit: Int64)
    /// The file changed while it was copied, three times in a row.
    case sourceChanged
    /// There is no room: the disk is full but for the floor, or too many bytes wait for the server. The text says which.
    case noRoom(String)
    /// The file can't be read, for the given reason.
    case unreadable(String)
    /// The bytes aren't on this device: they were never here, or have made room for others.
    case notHere
    /// The bytes may be on the server already, and can't be replaced.
    case beingRegistered
    /// What is said of the file is invalid, for the given reason.
    case invalid(String)

    var explanation: String {
        switch self {
        case .empty: "the file is empty; a server takes files of one byte or more"
        case .tooLarge(let limit): "the file has more than \(limit) bytes; make it smaller, or raise the store's limit"
        case .sourceChanged: "the file changed while it was copied; attach it when it is complete"
        case .noRoom(let detail): "there is no room for the file: \(detail)"
        case .unreadable(let detail): "the file can't be read: \(detail)"
        case .notHere: "the file's bytes aren't on this device; download them, or attach the file again"
        case .beingRegistered: "the file's bytes may be on the server already; delete it and attach the other one"
        case .invalid(let flaw): "the file can't be attached: \(flaw)"
        }
    }
}

/// How much room a store's files may take. A store remembers the limits that were set last.
///
/// ```swift
/// var limits = store.files.limits
/// limits.cached = 1 << 30
/// store.files.limits = limits
/// ```
public struct FileLimits: Hashable, Sendable {
    /// The most bytes of one file, 4 GiB unless set. Files of 16 MiB and more go to the server in parts.
    public var file: Int64 = 4 << 30
    /// The most bytes of all files that wait for the server, 4 GiB unless set.
    public var waiting: Int64 = 4 << 30
    /// The most bytes of files that the server has too, 256 MiB unless set. Past that, those go first that were opened
    /// longest ago.
    public var cached: Int64 = 256 << 20
    /// The most bytes of files that subscriptions keep here (`LocalStore.subscribe(to:conflicts:keepingFiles:)`), 1 GiB
    /// unless set. Past that no more are downloaded, and `SyncStatus.downloads` says so. They never make room for others.
    public var kept: Int64 = 1 << 30
    /// How many bytes stay free on the disk, 64 MiB unless set, so that records can still be written.
    public var free: Int64 = 64 << 20

    /// The default limits.
    public init() {}

    private static var names: [(name: String, limit: WritableKeyPath<FileLimits, Int64>)] {
        [("file", \.file), ("waiting", \.waiting), ("cached", \.cached), ("kept", \.kept), ("free", \.free)]
    }

    /// The limits as a store remembers them.
    var json: JSON { .object(JSONObject(Self.names.map { ($0.name, .int(self[keyPath: $0.limit])) })) }

    /// What is missing, or no number, is the default.
    init(_ json: JSON) {
        for (name, limit) in Self.names {
            if let value = json[name]?.intValue, value >= 0 { self[keyPath: limit] = value }
        }
    }
}
