import BkendWire

/// Which entries are blocked (sync.md, "States of an entry"). No row says so: it follows from the stuck entries, the lanes
/// and the edges whenever somebody asks. What may be sent is decided without it (`sendable`).
struct BlockedPart<Store: StoreView>: StorePart {
    let store: Store

    /// Whether any entry is stuck.
    private func hasStuck() throws -> Bool {
        try db.number("SELECT 1 FROM sync_entries WHERE \(EntrySQL.stuck) LIMIT 1") != 0
    }

    /// The condition that an entry isn't blocked, to be added to others; nothing while no entry is stuck.
    func andNot() throws -> String { try hasStuck() ? "AND sequence NOT IN (\(EntrySQL.blocked))" : "" }

    /// The condition that an entry is blocked, to be added to others; nil while no entry is stuck.
    func and() throws -> String? { try hasStuck() ? "AND sequence IN (\(EntrySQL.blocked))" : nil }

    /// The numbers of the entries that are blocked.
    func entries() throws -> Set<Int64> {
        try hasStuck() ? Set(db.all(EntrySQL.blocked) { $0.int(0) }) : []
    }

    /// How many entries of each table are blocked.
    func counts() throws -> [ExactString: Int] {
        guard try hasStuck() else { return [:] }
        let sql = "\(EntrySQL.held) SELECT collection, count(*) FROM held WHERE state = 'queued' GROUP BY collection"
        let counts = try db.all(sql) { (ExactString($0.text(0)), Int($0.int(1))) }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    /// Entries as they are shown: blocked ones say so.
    func shown(_ entries: [OutboxEntry]) throws -> [OutboxEntry] {
        guard entries.contains(where: { $0.state == .queued }) else { return entries }
        let blocked = try self.entries()
        if blocked.isEmpty { return entries }
        return entries.map { blocked.contains($0.sequence) ? $0.asBlocked : $0 }
    }

    /// Whether a stored entry is shown as blocked.
    func contains(_ entry: OutboxEntry) throws -> Bool {
        // One that may be sent waits for nobody: the engine asks for those.
        guard entry.state == .queued, try hasStuck(), try !store.queue.isReady(entry) else { return false }
        return try db.number("\(EntrySQL.blocked) AND sequence = ? LIMIT 1", .int(entry.sequence)) != 0
    }
}

extension StoreView {
    /// Which entries are blocked.
    var blocked: BlockedPart<Self> { BlockedPart(store: self) }
}

extension OutboxEntry {
    /// The entry as it is shown while it is blocked.
    var asBlocked: OutboxEntry {
        var entry = self
        entry.state = .blocked
        return entry
    }
}
