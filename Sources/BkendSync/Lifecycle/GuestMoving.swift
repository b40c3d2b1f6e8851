import BkendDocuments
import BkendWire

/// The steps of a move, in the two stores.
struct GuestMoving: StorePart {
    let store: StoreTransaction

    /// Closes a guest's store: what is under way counts as lost, whoever sends it, and nothing is written any more.
    ///
    /// - Throws: `StoreError`: `otherOwner` for a user's store, `beingTakenOver` where another user takes it over.
    func begin(to user: String) throws -> GuestMove {
        guard try store.owner.isEmpty else { throw StoreError(.otherOwner) }
        if let known = try store.moving {
            guard known.user.hasSameBytes(as: user) else { throw StoreError(.beingTakenOver) }
            return known
        }
        // A new epoch: an engine of another process may not mark anything as sent any more.
        _ = try store.sending.lead()
        let random = [store.environment.random(), store.environment.random()]
        let move = GuestMove(user: user, token: random.map { String($0, radix: 36) }.joined(separator: "-"))
        let json: JSONObject = ["user": .string(move.user), "token": .string(move.token)]
        try store.setMeta(MetaKey.moving, json.description)
        return move
    }

    /// Empties a guest's store that a user's has taken in, and opens it to writes again.
    func end() throws {
        guard try store.moving != nil else { return }
        try store.ownership.wipe(losing: true)
    }

    /// Forgets the token of a move that has come to its end.
    func forget(_ move: GuestMove) throws { try store.setMeta(MetaKey.taken(move.token), nil) }

    /// Takes a guest's outbox in: entries in their order behind those that wait here, with before-images, states and
    /// failures; every id that was ever given, and what became of it; what the server had said of the records; reports.
    /// All of it is the user's from now on. Subscriptions are each store's own.
    ///
    /// - Parameter bytes: the names that the guest's files have here, by those that they had.
    /// - Returns: how many entries the guest's store had, also where they were taken in before.
    func takeIn(_ guest: GuestOutbox, of move: GuestMove, bytes: [String: String] = [:]) throws -> Int {
        guard try store.owner.hasSameBytes(as: move.user) else { throw StoreError(.otherOwner) }
        let key = MetaKey.taken(move.token)
        if let count = try store.meta(key).flatMap(Int.init) { return count }
        return try store.whole {
            let taken = try takeAliases(of: guest)
            let numbers = try takeEntries(of: guest, without: taken)
            try takeFiles(of: guest, bytes)
            try takeRest(of: guest, numbers)
            try store.setMeta(key, "\(numbers.count)")
            return numbers.count
        }
    }

    /// - Returns: the local ids that this store knows as its own: of records that both have made again.
    private func takeAliases(of guest: GuestOutbox) throws -> Set<ExactString> {
        var known: Set<ExactString> = []
        for alias in try guest.aliases() {
            if try store.aliases.alias(alias.localID) != nil {
                known.insert(ExactString(alias.localID))
                continue
            }
            try store.aliases.addTaken(alias)
        }
        store.noteAliases()
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
                let key = RecordKey(entry.table, try store.aliases.resolve(entry.record))
                if places[key] == nil {
                    try store.changes.touch(key)
                    let base = try store.lanes.serverWord(on: key)
                    records.append((key, try base ?? guest.base(entry.table, entry.record)))
                    places[key] = try !store.outbox.deadLetters(key).isEmpty
                }
                entry.user = try store.owner
                entry.record = key.id
                entry.epoch = 0
                entry.fields = try store.aliases.resolve(entry.fields)
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
                entry.sequence = try store.outbox.appendTaken(entry)
                try store.outbox.save(entry)
                numbers[old.sequence] = entry.sequence
                if !entry.overwrites.isEmpty { letters.append(entry) }
                if places[key] == true, entry.isLive {
                    try store.overwritten.note(key, by: entry.fields, of: entry.sequence)
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
            try store.outbox.save(letter)
        }
        for record in records { try store.lanes.rebuild(record.key, base: record.base) }
        return numbers
    }

    /// Files with the bytes that lie here by now. One whose bytes were gone is a dead letter once it is to be sent.
    private func takeFiles(of guest: GuestOutbox, _ bytes: [String: String]) throws {
        for var file in try guest.files() {
            guard let name = bytes[file.bytes], try store.files.find(file.record) == nil else { continue }
            file.bytes = name
            try store.files.add(file)
        }
    }

    /// Reports, second copies that stay, and records whose lost requests may still be on their way.
    private func takeRest(of guest: GuestOutbox, _ numbers: [Int64: Int64]) throws {
        // A mass removal is about a subscription of the guest's store.
        for report in try guest.reports() where report.kind != "massRemoval" {
            var detail = report.detail
            if let entry = detail["entry"]?.intValue { detail["entry"] = numbers[entry].map { .int($0) } }
            try store.reports.add(report.kind, report.table, report.record, detail: detail)
        }
        for twin in try guest.twins() { try store.keys.keepTwin(twin.table, twin.id) }
        // Another guest's may wait there for the engine to look.
        let holds = try [guest.meta(MetaKey.holds), store.meta(MetaKey.takenHolds)].flatMap { text in
            try text.map { try JSON(parsing: $0).arrayValue ?? [] } ?? []
        }
        if !holds.isEmpty { try store.setMeta(MetaKey.takenHolds, JSON.array(holds).description) }
    }
}

extension StoreTransaction {
    /// The steps of a move.
    var guestMoving: GuestMoving { GuestMoving(store: self) }
}
