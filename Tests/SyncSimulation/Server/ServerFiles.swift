import BkendWire

/// The files of the server model, from rest-api.md §9 and §13 and files.md alone: keys that were issued, what became of
/// each, and the records of files. States only go forward: issued, stored, registered, deleted; or closed.
package struct ServerFiles: Sendable {
    /// How this server differs from others.
    package struct Options: Sendable {
        /// For how long the address of a key is good, in milliseconds of the server's clock.
        package var life: Int64 = 900_000
        /// Whether it says the id of the record to come with a key.
        package var saysFileID = true
        /// Whether it says how long an address is good.
        package var saysEnd = true
        /// Whether it compares the digest of bytes with what was sent.
        package var takesDigest = true
        /// Whether records have the digest of their bytes.
        package var saysDigest = true
        /// Whether records have an address.
        package var saysAddress = true
        /// The most files of a page.
        package var pageLimit = 100

        /// A server that says everything.
        package init() {}
    }

    /// A rule of the server that is broken on purpose.
    package struct Faults: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// With a file its key is forgotten: it answers that nothing was stored.
        package static let forgetsDeleted = Faults(rawValue: 1)
        /// A refusal after the address's end doesn't close the key.
        package static let refusalClosesNothing = Faults(rawValue: 2)
        /// Bytes replace those of a record.
        package static let replacesRegistered = Faults(rawValue: 4)
        /// Whoever knows a key may register it.
        package static let registersAnyones = Faults(rawValue: 8)
    }

    /// What became of a key.
    package enum State: String, Sendable {
        case issued, stored, registered, deleted, closed
    }

    /// Bytes that the storage has.
    struct Bytes: Hashable, Sendable {
        var sha256: String
        var size: Int64
    }

    /// A key.
    struct Upload: Sendable {
        let key: String
        let fileID: String
        let user: String
        /// Who may read the bytes until there is a record.
        let visibility: String
        /// When its address ends, by the server's clock.
        let end: Int64
        /// When it was issued, in the simulation's time.
        let issued: Int64
        var state = State.issued
        var bytes: Bytes?
    }

    package var options = Options()
    package var faults: Faults = []
    /// Whether the server has the routes of files.
    package var isServed = true
    /// The keys, in the order issued.
    private(set) var uploads: [Upload] = []
    /// The records, in the order registered.
    private(set) var rows: [StoredRow] = []
    /// The name of the file that an id, a key or an address was ever given to: no backup brings it back.
    private(set) var names: [String: String] = [:]
    /// Keys that were closed when a backup was restored in which they aren't.
    private(set) var reopened: Set<String> = []
    /// How often a backup was restored.
    private(set) var restores = 0

    func upload(_ key: String) -> Upload? { uploads.last { $0.key == key } }

    func row(_ id: String) -> StoredRow? { rows.last { $0.id == id } }

    mutating func issue(_ upload: Upload) { uploads.append(upload) }

    mutating func change(_ key: String, _ body: (inout Upload) -> Void) {
        guard let index = uploads.lastIndex(where: { $0.key == key }) else { return }
        body(&uploads[index])
    }

    mutating func add(_ row: StoredRow, key: String, address: String) {
        rows.append(row)
        let name = row.document["originalName"]?.stringValue ?? ""
        for id in [row.id, key, address, row.document["url"]?.stringValue ?? key] { names[id] = name }
    }

    mutating func remove(_ id: String) { rows.removeAll { $0.id == id } }

    /// Goes back to an earlier state; bytes are never lost with that.
    mutating func restore(_ backup: ServerFiles) {
        let closed = uploads.filter { $0.state == .closed }.map(\.key)
        for key in closed {
            if let old = backup.upload(key), old.state != .closed { reopened.insert(key) }
        }
        uploads = backup.uploads
        rows = backup.rows
        restores += 1
    }

    /// The key in an address.
    static func key(ofAddress url: String) -> String? {
        let plain = url.prefix { $0 != "?" }
        return plain.hasPrefix(storage) ? String(plain.dropFirst(storage.count)) : nil
    }

    /// Where the bytes of a key lie.
    static func address(of key: String) -> String { storage + key }

    /// The name under which the outbox has files, and the history their records.
    static let table = "$files"
    private static let storage = "https://storage.test/"
}
