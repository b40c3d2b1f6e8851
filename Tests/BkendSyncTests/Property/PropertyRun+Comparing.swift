import BkendWire
import GRDB

@testable import BkendDocuments
@testable import BkendSync

/// What the comparison of the step before has seen: what is byte for byte as it was then, in the store and in the model,
/// has been compared already.
struct PropertyMemory {
    /// The documents of each table, one behind the other, as the store has them.
    var documents: [String: [UInt8]] = [:]
    /// The outbox, row by row, and what the model had for each.
    var entries: [Int64: (row: [UInt8], model: ModelStore.Entry, isBlocked: Bool)] = [:]
    var aliases: [String: ModelStore.Alias] = [:]
    var members: [UInt8] = []
    var subscriptions: [Int64: ModelStore.Subscription] = [:]

    /// What the model worked out for a record, and from what.
    struct Record {
        var word: Fields?
        var lane: [ModelStore.Entry]
        var fields: Fields?
        var state: SyncState
    }
}

/// The comparison after each step: everything, each time. Every sixteenth time nothing is taken from memory.
extension PropertyRun {
    private var isWhole: Bool { steps % 16 == 0 }

    func compare(after latest: Int64, renamed: [Place: String]) throws {
        let now = modelled()
        if isWhole { memory = PropertyMemory() }
        try store.read { snapshot in
            try compareDocuments(snapshot, now)
            try compareEntries(snapshot)
            try compareChanges(snapshot, now, after: latest, renamed: renamed)
            try compareAliases(snapshot, renamed: renamed)
            try compareMembers(snapshot)
            self.latest = try snapshot.changes.latest
        }
        steps += 1
    }

    /// Every record as the model has it: worked out from its word and its entries unless both are as they were.
    private func modelled() -> [Place: PropertyMemory.Record] {
        var lanes: [Place: [ModelStore.Entry]] = [:]
        for entry in model.entries { lanes[entry.place, default: []].append(entry) }
        var now: [Place: PropertyMemory.Record] = [:]
        for place in model.words.keys { now[place] = record(place, lanes[place] ?? []) }
        for (place, lane) in lanes where now[place] == nil { now[place] = record(place, lane) }
        return now
    }

    private func record(_ place: Place, _ lane: [ModelStore.Entry]) -> PropertyMemory.Record {
        let word = model.words[place]
        if !isWhole, let known = before[place], known.word == word, known.lane == lane, owner == model.owner {
            return known
        }
        return PropertyMemory.Record(
            word: word, lane: lane, fields: model.visible(place), state: model.state(place))
    }

    private func expect(_ holds: Bool, _ text: @autoclosure () -> String) throws {
        if !holds { throw Mismatch(description: text()) }
    }

    /// The rows of a statement's first column, as bytes.
    private func bytes(_ snapshot: StoreSnapshot, _ sql: String) throws -> [UInt8] {
        try snapshot.db.run(sql) { statement in try statement.step() ? Array(statement.bytes(0)) : [] }
    }

    private func compareDocuments(_ snapshot: StoreSnapshot, _ now: [Place: PropertyMemory.Record]) throws {
        var changed: Set<String> = []
        for (place, record) in now where record.fields != before[place]?.fields { changed.insert(place.table) }
        for (place, record) in before where record.fields != nil && now[place] == nil { changed.insert(place.table) }
        for table in Self.tables {
            guard let collection = try snapshot.collection(table) else {
                try expect(!now.contains { $0.key.table == table && $0.value.fields != nil }, "\(table) is empty")
                continue
            }
            let sql =
                "SELECT group_concat(document, x'00') FROM (SELECT document FROM \(collection.table.name) ORDER BY id)"
            let texts = try bytes(snapshot, sql)
            if !changed.contains(table), memory.documents[table] == texts { continue }
            memory.documents[table] = texts
            try compareDocuments(of: table, snapshot, now)
        }
    }

    /// What a query sees of a table.
    private func compareDocuments(
        of table: String, _ snapshot: StoreSnapshot, _ now: [Place: PropertyMemory.Record]
    ) throws {
        let texts = try snapshot.documents.find(Query(page: .init(offset: 0, limit: 1_000)), in: table)
        var expected = now.reduce(into: 0) { $0 += $1.key.table == table && $1.value.fields != nil ? 1 : 0 }
        for text in texts {
            // Most texts are those of the step before; they needn't be parsed again.
            let known = parsed[text.bytes]
            let json = try known ?? Fields(uniqueKeysWithValues: text.json.map { ($0.key, $0.value) })
            if known == nil { parsed[text.bytes] = json }
            let place = Place(table: table, id: json["id"]?.stringValue ?? "")
            let wanted = now[place]?.fields
            try expect(wanted == json, "\(place): sees \(json), should see \(wanted ?? [:])")
            expected -= 1
        }
        try expect(expected == 0, "\(table): \(expected) records are not visible")
        if isWhole { try expect(texts.count == snapshot.documents.count(in: table), "the count of \(table) is wrong") }
        if parsed.count > 200 { parsed = [:] }
    }

    private func compareEntries(_ snapshot: StoreSnapshot) throws {
        let rows = try snapshot.db.all(Self.entryRows) { ($0.int(0), Array($0.bytes(1))) }
        try expect(rows.count == model.entries.count, "the outbox has \(rows.count), not \(model.entries.count)")
        let blocked = model.blocked
        let derived = try snapshot.blocked.entries()
        try expect(derived == blocked, "blocked are \(derived.sorted()), not \(blocked.sorted())")
        let hasSameIDs = memory.aliases == model.aliases
        var entries: [Int64: (row: [UInt8], model: ModelStore.Entry, isBlocked: Bool)] = [:]
        for ((sequence, row), expected) in zip(rows, model.entries) {
            let isBlocked = blocked.contains(expected.sequence)
            entries[sequence] = (row, expected, isBlocked)
            if hasSameIDs, let known = memory.entries[sequence], known.row == row, known.isBlocked == isBlocked,
                known.model == expected
            {
                continue
            }
            try compare(try snapshot.outbox.entry(sequence), expected, isBlocked, snapshot)
        }
        memory.entries = entries
        if isWhole || steps % 4 == 0, let head = try snapshot.queue.sendable(limit: 1).first {
            let first = model.lane(Place(table: head.table, id: head.record)).first(where: \.isLive)
            try expect(first?.sequence == head.sequence, "\(head.sequence) is not the head of its lane")
        }
    }

    /// All that is compared of an entry, in one text.
    private static let entryRows = """
        SELECT sequence, whole || coalesce(
            (SELECT group_concat(local_id) FROM sync_edges WHERE entry = sequence AND binds), '')
        FROM (SELECT sequence, user || x'00' || collection || x'00' || record || x'00' || kind || x'00' || fields || x'00'
            || before || x'00' || state || x'00' || (body IS NULL) || x'00' || coalesce(client_key, '') || x'00'
            || overwritten || x'00' AS whole FROM sync_entries) ORDER BY sequence
        """

    private func compare(
        _ found: OutboxEntry?, _ expected: ModelStore.Entry, _ isBlocked: Bool, _ snapshot: StoreSnapshot
    ) throws {
        func same(_ object: JSONObject, _ fields: Fields) -> Bool {
            object.count == fields.count && object.allSatisfy { fields[$0.key] == $0.value }
        }
        let state = isBlocked ? .blocked : expected.state
        guard let entry = found else { throw Mismatch(description: "no entry \(expected)") }
        let place = Place(table: entry.table, id: entry.record)
        let isPlaced = place == expected.place && entry.sequence == expected.sequence && entry.user == model.owner
        let isSent = (entry.body != nil) == expected.wasSent
        let isStated = entry.kind == expected.kind && entry.state == state && entry.clientKey == expected.key
        let isFilled = same(entry.fields, expected.fields) && same(entry.before, expected.before)
        let isOverwritten = Set(entry.overwritten) == Set(expected.overwritten.keys)
        let isSame = isPlaced && isSent && isStated && isFilled && isOverwritten
        try expect(isSame, "entry \(entry)\nshould be \(expected) \(state)")
        let edges = model.localIDs(in: expected.fields)
        let found = try Set(snapshot.outbox.dependencies(of: entry.sequence))
        try expect(found == edges, "edges of \(entry) are \(found), not \(edges)")
    }

    private func compareChanges(
        _ snapshot: StoreSnapshot, _ now: [Place: PropertyMemory.Record], after latest: Int64,
        renamed: [Place: String]
    ) throws {
        var expected: Set<String> = []
        var moved: Set<Place> = []
        for (place, old) in renamed {
            let source = Place(table: place.table, id: old)
            guard model.resolve(old) == place.id, before[source] != nil else { continue }
            moved.insert(source)
            moved.insert(place)
            let isSeen = now[place]?.fields != nil || before[source]?.fields != nil || before[place]?.fields != nil
            expected.insert("\(place.table)/\(place.id) \(isSeen ? "document" : "state") \(old)")
        }
        func expectChange(_ place: Place, _ old: PropertyMemory.Record?, _ new: PropertyMemory.Record?) {
            if moved.contains(place) { return }
            if old?.fields != new?.fields {
                expected.insert("\(place.table)/\(place.id) document ")
            } else if Self.name(old?.state) != Self.name(new?.state) {
                expected.insert("\(place.table)/\(place.id) state ")
            }
        }
        for (place, record) in now { expectChange(place, before[place], record) }
        for (place, record) in before where now[place] == nil { expectChange(place, record, nil) }
        before = now
        owner = model.owner
        guard case .rows(let rows) = try snapshot.changes.rows(after: latest) else {
            throw Mismatch(description: "the change log fell behind")
        }
        let found = rows.map { "\($0.table)/\($0.record) \($0.kind.rawValue) \($0.formerly ?? "")" }
        try expect(found.count == Set(found).count, "the change log names a record twice: \(found)")
        try expect(Set(found) == expected, "the change log says \(found), not \(expected.sorted())")
        // The state follows from the entries, which were compared: asked for where it may have changed, and at times
        // everywhere.
        let changed = isWhole ? Array(now.keys) : rows.map { Place(table: $0.table, id: $0.record) }
        for place in changed {
            let state = try snapshot.documents.syncState(place.table, place.id)
            let wanted = now[place]?.state
            try expect(Self.name(state) == Self.name(wanted), "\(place) is \(state), not \(wanted ?? .synced)")
        }
    }

    private static func name(_ state: SyncState?) -> String {
        switch state ?? .synced {
        case .synced: "synced"
        case .pending: "pending"
        case .unresolved: "unresolved"
        case .failed(let failure): "failed \(failure.code) \(failure.message)"
        }
    }

    private func compareAliases(_ snapshot: StoreSnapshot, renamed: [Place: String]) throws {
        if !isWhole && memory.aliases == model.aliases { return }
        for (id, alias) in model.aliases where isWhole || alias != memory.aliases[id] {
            let found = try snapshot.aliases.alias(id)
            let state: Alias.State = alias.isCancelled ? .cancelled : alias.serverID == nil ? .pending : .completed
            try expect(found?.state == state && found?.serverID == alias.serverID, "the alias \(id) is wrong")
            try expect(snapshot.aliases.resolve(id) == model.resolve(id), "\(id) resolves wrongly")
        }
        memory.aliases = model.aliases
    }

    private func compareMembers(_ snapshot: StoreSnapshot) throws {
        let rows = """
            SELECT group_concat(subscription || ' ' || record)
            FROM (SELECT * FROM sync_members ORDER BY subscription, record)
            """
        let members = try bytes(snapshot, rows)
        if !isWhole && memory.members == members && memory.subscriptions == model.subscriptions { return }
        memory.members = members
        memory.subscriptions = model.subscriptions
        for (number, subscription) in model.subscriptions {
            let members = try snapshot.members.all(of: number)
            try expect(
                members == subscription.members.sorted(),
                "members of \(number): \(members), not \(subscription.members)")
        }
    }
}
