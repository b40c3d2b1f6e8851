import BkendDocuments
import BkendWire

extension GuestMove {
    /// Moves what a guest's store holds into the store of a user, or goes on with a move that was cut short. Done again,
    /// it does nothing. Where it throws, the guest's store stays closed until it is called again.
    ///
    /// - Returns: how many entries were moved.
    package static func run(from guest: StoreDatabase, into target: StoreDatabase, user: String) throws -> Int {
        if try guest.read({ try $0.moving == nil && $0.isPristine }) { return 0 }
        // Before the guest's store is closed.
        guard try target.read({ try $0.owner }).hasSameBytes(as: user) else { throw StoreError(.otherOwner) }
        let move = try guest.write { try $0.guestMoving.begin(to: user) }
        // The bytes before the rows that name them.
        let bytes = try MovedBytes(from: guest, to: target)
        let count = try target.write {
            try $0.guestMoving.takeIn(GuestOutbox(store: guest), of: move, bytes: bytes.names)
        }
        bytes.release()
        try guest.write { try $0.guestMoving.end() }
        try target.write { try $0.guestMoving.forget(move) }
        return count
    }
}

/// What a guest's store hands over, read in pages while it is closed to writes. What keeps it from being read is told as
/// its own error: the store that takes it in would take damage for its own.
struct GuestOutbox {
    let store: StoreDatabase
    /// How many entries are read at once: each may hold a record of the greatest size.
    private static let page = 100

    private func read<Value>(_ body: (StoreSnapshot) throws -> Value) throws -> Value {
        do { return try store.read(body) } catch {
            throw StoreError(.storage("the guest's store can't be read: \(StoreError(error))"))
        }
    }

    func aliases() throws -> [Alias] { try read { try $0.aliases.all() } }

    /// Nil after the last one.
    func entries(after sequence: Int64) throws -> [OutboxEntry]? {
        let page = try read { try $0.outbox.storedEntries(after: sequence, limit: Self.page) }
        return page.isEmpty ? nil : page
    }

    func base(_ table: String, _ id: String) throws -> [UInt8]? { try read { try $0.documents.base(table, id)?.bytes } }

    func reports() throws -> [SyncReport] { try read { try $0.reports.all() } }

    func twins() throws -> [RecordKey] {
        try read { try $0.keys.keptTwins() }
    }

    func files() throws -> [StoredFile] { try read { try $0.files.all().filter { $0.upload != nil } } }

    func meta(_ key: String) throws -> String? { try read { try $0.meta(key) } }
}

extension StoreSnapshot {
    /// Whether there is nothing here that a guest has made or seen.
    var isPristine: Bool {
        get throws {
            try outbox.entryCount() == 0 && tables.isEmpty && !hasAliases() && reports.all().isEmpty
                && subscriptions.all().isEmpty
        }
    }
}
