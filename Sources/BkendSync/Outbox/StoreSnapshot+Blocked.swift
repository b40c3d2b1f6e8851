import BkendWire

/// Which entries are blocked (sync.md, "States of an entry"). No row says so: it follows from the stuck entries, the lanes
/// and the edges whenever somebody asks. What may be sent is decided without it (`sendable`).
extension StoreSnapshot {
    /// The condition that an entry waits for the app and holds others up. It has an index of its own: while nothing is
    /// stuck, there is nothing to follow.
    static let stuck = """
        state IN ('failed', 'unresolved') AND (state = 'unresolved' OR state = 'failed' AND kind = 'create')
        """

    /// A table `held` of the stuck entries and of the queued ones that wait for them: the next one of the same lane, and
    /// those that name the record that a create makes, through any number of steps. What is on its way holds up nothing.
    /// The plus keeps SQLite to the lane's index.
    private static let held = """
        WITH RECURSIVE held (sequence, collection, record, kind, state) AS (
            SELECT sequence, collection, record, kind, state FROM sync_entries WHERE \(stuck)
            UNION
            SELECT next.sequence, next.collection, next.record, next.kind, next.state
            FROM held CROSS JOIN sync_entries AS next ON next.sequence = (
                SELECT later.sequence FROM sync_entries AS later
                WHERE later.collection = held.collection AND later.record = held.record
                    AND later.sequence > held.sequence AND +later.state = 'queued'
                ORDER BY later.sequence LIMIT 1)
            UNION
            SELECT next.sequence, next.collection, next.record, next.kind, next.state
            FROM held CROSS JOIN sync_edges AS edge ON edge.local_id = held.record AND edge.binds
            CROSS JOIN sync_entries AS next ON next.sequence = edge.entry
            WHERE held.kind = 'create' AND next.state = 'queued'
        )
        """

    /// The numbers of blocked entries, as a statement.
    static let blocked = "\(held) SELECT sequence FROM held WHERE state = 'queued'"

    /// Whether any entry is stuck.
    func hasStuck() throws -> Bool { try db.number("SELECT 1 FROM sync_entries WHERE \(Self.stuck) LIMIT 1") != 0 }

    /// The condition that an entry isn't blocked, to be added to others; nothing while no entry is stuck.
    func andNotBlocked() throws -> String { try hasStuck() ? "AND sequence NOT IN (\(Self.blocked))" : "" }

    /// The numbers of the entries that are blocked.
    func blockedEntries() throws -> Set<Int64> {
        try hasStuck() ? Set(db.all(Self.blocked) { $0.int(0) }) : []
    }

    /// How many entries of each table are blocked.
    func blockedCounts() throws -> [ExactString: Int] {
        guard try hasStuck() else { return [:] }
        let sql = "\(Self.held) SELECT collection, count(*) FROM held WHERE state = 'queued' GROUP BY collection"
        let counts = try db.all(sql) { (ExactString($0.text(0)), Int($0.int(1))) }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    // MARK: Entries as they are shown

    /// The entry of that number, nil when there is none (any more).
    package func entry(_ sequence: Int64) throws -> OutboxEntry? {
        guard var entry = try storedEntry(sequence) else { return nil }
        if try isBlocked(entry) { entry.state = .blocked }
        return entry
    }

    /// The entries of a record, dead letters among them, in order.
    package func entries(of table: String, _ id: String) throws -> [OutboxEntry] {
        try shown(lane(RecordKey(table, try resolve(id))))
    }

    /// Entries in the order they were made: of all tables or one, in any state or one.
    package func entries(
        table: String? = nil, state: OutboxEntry.State? = nil, after sequence: Int64 = 0, limit: Int = .max
    ) throws -> [OutboxEntry] {
        switch state {
        case nil:
            return try shown(storedEntries(table: table, after: sequence, limit: limit))
        case .queued:
            let condition = "AND state = 'queued' \(try andNotBlocked())"
            return try storedEntries(table: table, condition, after: sequence, limit: limit)
        case .blocked:
            guard try hasStuck() else { return [] }
            let condition = "AND sequence IN (\(Self.blocked))"
            return try storedEntries(table: table, condition, after: sequence, limit: limit).map(\.asBlocked)
        case .inFlight?, .ambiguous?, .failed?, .unresolved?:
            let condition = state.map { "AND " + Self.isIn($0) } ?? ""
            return try storedEntries(table: table, condition, after: sequence, limit: limit)
        }
    }

    private func shown(_ entries: [OutboxEntry]) throws -> [OutboxEntry] {
        guard entries.contains(where: { $0.state == .queued }) else { return entries }
        let blocked = try blockedEntries()
        if blocked.isEmpty { return entries }
        return entries.map { blocked.contains($0.sequence) ? $0.asBlocked : $0 }
    }

    private func isBlocked(_ entry: OutboxEntry) throws -> Bool {
        // One that may be sent waits for nobody: the engine asks for those.
        guard entry.state == .queued, try hasStuck(), try !isReady(entry) else { return false }
        return try db.number("\(Self.blocked) AND sequence = ? LIMIT 1", .int(entry.sequence)) != 0
    }
}

extension OutboxEntry {
    fileprivate var asBlocked: OutboxEntry {
        var entry = self
        entry.state = .blocked
        return entry
    }
}
