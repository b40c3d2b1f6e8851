import BkendWire

extension QueuePart {
    /// Whether an entry goes its way without the app: neither of a table that waits, nor behind such an entry, nor naming
    /// a record whose create waits, through any number of steps.
    package func hasEntriesToSend(besides paused: [TablePause], held files: HeldFiles? = nil) throws -> Bool {
        let tables = try tablesWithEntriesToSend()
        if paused.isEmpty && files == nil || tables.isEmpty { return !tables.isEmpty }
        let heldEntries = try files.map { Set(try heldFiles($0)) } ?? []
        let sql = """
            SELECT sequence, collection, record, kind FROM sync_entries
            WHERE state IN ('queued', 'inFlight', 'ambiguous') \(try store.blocked.andNot()) ORDER BY sequence
            """
        let entries = try db.all(sql) {
            (sequence: $0.int(0), key: RecordKey($0.text(1), $0.text(2)), kind: $0.text(3))
        }
        if entries.isEmpty { return false }
        var named: [Int64: [ExactString]] = [:]
        for (entry, id) in try db.all(
            "SELECT entry, local_id FROM sync_edges WHERE binds", read: { ($0.int(0), ExactString($0.text(1))) })
        {
            named[entry, default: []].append(id)
        }
        let waits = Dictionary(grouping: paused) { ExactString($0.table) }
        var held: Set<Int64> = []
        var lanes: [RecordKey: Int64] = [:]
        var creates: Set<ExactString> = []
        // An entry may name a record that was made after it: again, until nothing more is found.
        var found = -1
        while found != held.count {
            found = held.count
            for entry in entries where !held.contains(entry.sequence) {
                let isPaused = waits[ExactString(entry.key.table)]?.contains { pause in
                    pause.kind.map { $0.rawValue.hasSameBytes(as: entry.kind) } ?? true
                }
                let isBehind = lanes[entry.key].map { $0 < entry.sequence } ?? false
                let isNaming = named[entry.sequence]?.contains(where: creates.contains) ?? false
                let isHeld = heldEntries.contains(entry.sequence)
                guard isPaused ?? false || isHeld || isBehind || isNaming else { continue }
                held.insert(entry.sequence)
                lanes[entry.key] = min(lanes[entry.key] ?? entry.sequence, entry.sequence)
                if entry.kind.hasSameBytes(as: OutboxEntry.Kind.create.rawValue) {
                    creates.insert(ExactString(entry.key.id))
                }
            }
        }
        return held.count < entries.count
    }

    /// The tables that have entries which go their way without the app: not blocked, rejected or unresolved.
    package func tablesWithEntriesToSend() throws -> [String] {
        let sql = """
            SELECT collection, sum(entries) FROM sync_counts WHERE state IN ('queued', 'inFlight', 'ambiguous')
            GROUP BY collection HAVING sum(entries) > 0 ORDER BY collection
            """
        let blocked = try store.blocked.counts()
        return try db.all(sql) { (table: $0.text(0), count: Int($0.int(1))) }
            .filter { $0.count > blocked[ExactString($0.table)] ?? 0 }.map(\.table)
    }
}
