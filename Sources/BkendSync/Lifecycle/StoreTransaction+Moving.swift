import BkendDocuments
import BkendWire

/// A guest's outbox on its way into the store of a user, which is another file: no transaction spans both.
///
/// First the guest's store is closed to writes and to whoever sends from it, under a token. Then the user's store takes
/// everything in, and the token with it, in one transaction. Then the guest's is emptied. A kill between two steps leaves
/// a store that is closed: the next opening goes on, and the token tells whether the user's store has it all already.
struct GuestMove: Hashable, Sendable {
    /// The user who takes the store over.
    var user: String
    /// Tells this move from every other one.
    var token: String
}

extension StoreSnapshot {
    static let movingKey = "moving"

    /// The move that this guest's store is in, nil for none.
    var moving: GuestMove? {
        get throws {
            guard let json = try meta(Self.movingKey).flatMap({ try? JSON(parsing: $0) }),
                let user = json["user"]?.stringValue, let token = json["token"]?.stringValue
            else { return nil }
            return GuestMove(user: user, token: token)
        }
    }

    /// Whether there is nothing here that a guest has made or seen.
    var isPristine: Bool {
        get throws {
            try entryCount() == 0 && tables.isEmpty && !hasAliases() && reports().isEmpty && subscriptions().isEmpty
        }
    }

    static func takenKey(_ token: String) -> String { "takenIn." + token }
}

extension StoreTransaction {
    /// Closes a guest's store: what is under way counts as lost, whoever sends it, and nothing is written any more.
    ///
    /// - Throws: `StoreError`: `otherOwner` for a user's store, `beingTakenOver` where another user takes it over.
    func beginMoving(to user: String) throws -> GuestMove {
        guard try owner.isEmpty else { throw StoreError(.otherOwner) }
        if let known = try moving {
            guard known.user.hasSameBytes(as: user) else { throw StoreError(.beingTakenOver) }
            return known
        }
        // A new epoch: an engine of another process may not mark anything as sent any more.
        _ = try lead()
        let random = [environment.random(), environment.random()]
        let move = GuestMove(user: user, token: random.map { String($0, radix: 36) }.joined(separator: "-"))
        let json: JSONObject = ["user": .string(move.user), "token": .string(move.token)]
        try setMeta(Self.movingKey, json.description)
        return move
    }

    /// Empties a guest's store that a user's has taken in, and opens it to writes again.
    func endMoving() throws {
        guard try moving != nil else { return }
        try wipe(losing: true)
    }

    /// Forgets the token of a move that has come to its end.
    func forgetMove(_ move: GuestMove) throws { try setMeta(Self.takenKey(move.token), nil) }

    /// Takes a guest's outbox in: entries in their order behind those that wait here, with before-images, states and
    /// failures; every id that was ever given, and what became of it; what the server had said of the records; reports.
    /// All of it is the user's from now on. Subscriptions are each store's own.
    ///
    /// - Returns: how many entries the guest's store had, also where they were taken in before.
    func takeIn(_ guest: GuestOutbox, of move: GuestMove) throws -> Int {
        guard try owner.hasSameBytes(as: move.user) else { throw StoreError(.otherOwner) }
        let key = Self.takenKey(move.token)
        if let count = try meta(key).flatMap(Int.init) { return count }
        return try whole {
            let taken = try takeAliases(of: guest)
            let numbers = try takeEntries(of: guest, without: taken)
            try takeRest(of: guest, numbers)
            try setMeta(key, "\(numbers.count)")
            return numbers.count
        }
    }

    /// - Returns: the local ids that this store knows as its own: of records that both have made again.
    private func takeAliases(of guest: GuestOutbox) throws -> Set<ExactString> {
        var known: Set<ExactString> = []
        for alias in try guest.aliases() {
            if try self.alias(alias.localID) != nil {
                known.insert(ExactString(alias.localID))
                continue
            }
            try db.perform(
                """
                INSERT INTO sync_aliases (local_id, collection, server_id, user, former_user, client_key, state)
                VALUES (?, ?, ?, ?, '', ?, ?)
                """, .text(alias.localID), .text(alias.table), .optional(alias.serverID), .text(try owner),
                .optional(alias.clientKey), .text(alias.state.rawValue))
        }
        noteAliases()
        return known
    }

    /// - Returns: the numbers that the entries have here, by those that they had.
    private func takeEntries(of guest: GuestOutbox, without known: Set<ExactString>) throws -> [Int64: Int64] {
        var numbers: [Int64: Int64] = [:]
        var letters: [OutboxEntry] = []
        var records: [(key: RecordKey, base: [UInt8]?)] = []
        var places: [RecordKey: Bool] = [:]
        var last: Int64 = 0
        while let page = try guest.entries(after: last), let newest = page.last?.sequence {
            for var entry in page {
                let old = entry
                let key = RecordKey(entry.table, try resolve(entry.record))
                if places[key] == nil {
                    try touch(key)
                    let base = try serverWord(on: key)
                    records.append((key, try base ?? guest.base(entry.table, entry.record)))
                    places[key] = try !deadLetters(key).isEmpty
                }
                entry.user = try owner
                entry.record = key.id
                entry.epoch = 0
                entry.fields = try resolve(entry.fields)
                if entry.kind == .create, known.contains(ExactString(old.record)) {
                    // Made again here as well: what the guest's says is a change of that record.
                    entry.fields = entry.fields.filtered { field, mine in
                        entry.before[field].map { !$0.says(sameAs: mine) } ?? true
                    }
                    entry.before = entry.before.filtered { field, _ in entry.fields[field] != nil }
                    entry.kind = .update
                    entry.clientKey = nil
                    entry.body = nil
                    if entry.state != .failed { entry.state = .queued }
                }
                if entry.state == .inFlight { entry.state = .ambiguous }
                entry.sequence = try insert(entry)
                try save(entry)
                numbers[old.sequence] = entry.sequence
                if !entry.overwrites.isEmpty { letters.append(entry) }
                if places[key] == true, entry.isLive {
                    try noteOverwritten(key, by: entry.fields, of: entry.sequence)
                }
            }
            last = newest
        }
        for var letter in letters {
            letter.overwrites = JSONObject(
                letter.overwrites.map { field, entries in
                    // An entry that is gone has no number here; no entry has a negative one.
                    (field, .array((entries.arrayValue ?? []).compactMap(\.intValue).map { .int(numbers[$0] ?? -$0) }))
                })
            try save(letter)
        }
        for record in records { try rebuild(record.key, base: record.base) }
        return numbers
    }

    private func insert(_ entry: OutboxEntry) throws -> Int64 {
        try db.perform(
            """
            INSERT INTO sync_entries (user, collection, record, kind, fields, before, state, made_at, changed_at, client_key)
            VALUES (?, ?, ?, ?, '{}', '{}', ?, ?, ?, ?)
            """, .text(entry.user), .text(entry.table), .text(entry.record), .text(entry.kind.rawValue),
            .text(entry.state.rawValue), .int(entry.madeTimestamp.milliseconds), .int(entry.changedAt.milliseconds),
            .optional(entry.clientKey))
        noteEntries()
        return db.lastInsertedRowID
    }

    /// Reports, second copies that stay, and records whose lost requests may still be on their way.
    private func takeRest(of guest: GuestOutbox, _ numbers: [Int64: Int64]) throws {
        // A mass removal is about a subscription of the guest's store.
        for report in try guest.reports() where report.kind != "massRemoval" {
            var detail = report.detail
            if let entry = detail["entry"]?.intValue { detail["entry"] = numbers[entry].map { .int($0) } }
            try self.report(report.kind, report.table, report.record, detail: detail)
        }
        for twin in try guest.twins() { try keepTwin(twin.table, twin.id) }
        // Another guest's may wait there for the engine to look.
        let holds = try [guest.meta(PushMachine.holdsKey), meta(PushMachine.takenHoldsKey)].flatMap { text in
            try text.map { try JSON(parsing: $0).arrayValue ?? [] } ?? []
        }
        if !holds.isEmpty { try setMeta(PushMachine.takenHoldsKey, JSON.array(holds).description) }
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

    func aliases() throws -> [Alias] { try read { try $0.allAliases() } }

    /// Nil after the last one.
    func entries(after sequence: Int64) throws -> [OutboxEntry]? {
        let page = try read { try $0.storedEntries(after: sequence, limit: Self.page) }
        return page.isEmpty ? nil : page
    }

    func base(_ table: String, _ id: String) throws -> [UInt8]? { try read { try $0.base(table, id)?.bytes } }

    func reports() throws -> [SyncReport] { try read { try $0.reports() } }

    func twins() throws -> [RecordKey] {
        try read { try $0.db.all("SELECT collection, record FROM sync_twins") { RecordKey($0.text(0), $0.text(1)) } }
    }

    func meta(_ key: String) throws -> String? { try read { try $0.meta(key) } }
}

extension GuestMove {
    /// Moves what a guest's store holds into the store of a user, or goes on with a move that was cut short. Done again,
    /// it does nothing. Where it throws, the guest's store stays closed until it is called again.
    ///
    /// - Returns: how many entries were moved.
    static func run(from guest: StoreDatabase, into target: StoreDatabase, user: String) throws -> Int {
        if try guest.read({ try $0.moving == nil && $0.isPristine }) { return 0 }
        // Before the guest's store is closed.
        guard try target.read({ try $0.owner }).hasSameBytes(as: user) else { throw StoreError(.otherOwner) }
        let move = try guest.write { try $0.beginMoving(to: user) }
        let count = try target.write { try $0.takeIn(GuestOutbox(store: guest), of: move) }
        try guest.write { try $0.endMoving() }
        try target.write { try $0.forgetMove(move) }
        return count
    }
}
