import BkendDocuments
import BkendSync
import BkendWire

/// Choices, and the comparison after each step.
extension PropertyRun {
    func somePlace() -> Place? { random.pick(model.places.sorted()) }

    func someEntry(_ states: [OutboxEntry.State]) -> ModelStore.Entry? {
        random.pick(model.entries.filter { states.contains($0.state) })
    }

    /// One of the ids that a record has had.
    func someName(of place: Place) -> String {
        let names = model.aliases.keys.filter { model.resolve($0) == place.id }.sorted() + [place.id]
        return random.pick(names) ?? place.id
    }

    /// Some fields with small values, some of them ids of other records.
    func someFields() -> Fields {
        var fields: Fields = [:]
        if random.chance(60) { fields["a"] = .int(Int64(random.below(4))) }
        if random.chance(40) { fields["b"] = random.chance(30) ? .null : .string("b\(random.below(3))") }
        if random.chance(30) { fields["k"] = .int(Int64(random.below(2))) }
        // Ids of dead records are named seldom, since that is refused.
        let names = (model.places.map(\.id) + model.aliases.keys.filter { model.aliases[$0]?.isCancelled == false })
            .sorted()
        let dead = model.aliases.keys.filter { model.aliases[$0]?.isCancelled == true }.sorted()
        let id = random.chance(3) ? random.pick(dead) : random.pick(names)
        if let id {
            if random.chance(25) { fields["ref"] = .string(id) }
            if random.chance(15) { fields["map"] = .object([id: ["n", .string(id)]]) }
        }
        if fields.isEmpty { fields["a"] = .int(Int64(random.below(4))) }
        return fields
    }

    /// The server's stamp on a row, at times ahead of this device or behind it.
    func touchUp(_ row: inout Fields) {
        row["updatedAt"] = ModelStore.stamp(model.now + Int64(random.below(5) - 1) * 1_000)
    }

    func ordered(_ fields: Fields) -> JSONObject {
        JSONObject(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// The store and the model do the same, or both refuse.
    func both(_ product: (StoreTransaction) throws -> Void, model change: (inout ModelStore) throws -> Void) throws {
        var refusal: StoreError?
        do { try store.write { try product($0) } } catch let error as StoreError { refusal = error }
        var changed = model
        do {
            try change(&changed)
            if let refusal { throw Mismatch(description: "the store refused: \(refusal)") }
            model = changed
        } catch is ModelStore.Refused {
            note("  refused")
            if refusal == nil { throw Mismatch(description: "the store should have refused") }
        }
    }

    func compare(after latest: Int64, renamed: [Place: String]) throws {
        let now = Dictionary(uniqueKeysWithValues: model.places.map { ($0, (model.visible($0), model.state($0))) })
        try store.read { snapshot in
            try compareDocuments(snapshot, now)
            try compareEntries(snapshot)
            try compareChanges(snapshot, now, after: latest, renamed: renamed)
            try compareRest(snapshot, renamed: renamed)
            self.latest = try snapshot.latestChange
        }
        steps += 1
    }

    private func expect(_ holds: Bool, _ text: @autoclosure () -> String) throws {
        if !holds { throw Mismatch(description: text()) }
    }

    private func compareDocuments(
        _ snapshot: StoreSnapshot, _ now: [Place: (fields: Fields?, state: SyncState)]
    ) throws {
        var expected = now.filter { $0.value.fields != nil }
        for table in Self.tables {
            let texts = try snapshot.find(Query(page: .init(offset: 0, limit: 1_000)), in: table)
            if steps % 16 == 0 {
                try expect(texts.count == snapshot.count(in: table), "the count of \(table) is wrong")
            }
            for text in texts {
                // Most texts are those of the step before; they needn't be parsed again.
                let known = parsed[text.bytes]
                let json = try known ?? Fields(uniqueKeysWithValues: text.json.map { ($0.key, $0.value) })
                if known == nil { parsed[text.bytes] = json }
                let place = Place(table: table, id: json["id"]?.stringValue ?? "")
                let wanted = expected.removeValue(forKey: place)?.fields
                try expect(wanted == json, "\(place): sees \(json), should see \(wanted ?? [:])")
            }
        }
        try expect(expected.isEmpty, "not visible: \(expected.keys)")
        if parsed.count > 200 { parsed = [:] }
    }

    private func compareEntries(_ snapshot: StoreSnapshot) throws {
        let entries = try snapshot.entries()
        try expect(entries.count == model.entries.count, "the outbox has \(entries.count), not \(model.entries.count)")
        let blocked = model.blocked
        for (entry, expected) in zip(entries, model.entries) {
            func same(_ object: JSONObject, _ fields: Fields) -> Bool {
                object.count == fields.count && object.allSatisfy { fields[$0.key] == $0.value }
            }
            let state = blocked.contains(expected.sequence) ? .blocked : expected.state
            let isSame =
                entry.sequence == expected.sequence && entry.table == expected.place.table
                && entry.record == expected.place.id && entry.kind == expected.kind && entry.state == state
                && entry.clientKey == expected.key && (entry.body != nil) == expected.wasSent
                && same(entry.fields, expected.fields) && same(entry.before, expected.before)
                && Set(entry.overwritten) == Set(expected.overwritten.keys)
            try expect(isSame, "entry \(entry)\nshould be \(expected) \(state)")
            let edges = model.localIDs(in: expected.fields)
            try expect(Set(snapshot.dependencies(of: entry.sequence)) == edges, "edges of \(entry.sequence) are wrong")
        }
        if let head = try snapshot.sendable(limit: 1).first {
            let first = model.lane(Place(table: head.table, id: head.record)).first(where: \.isLive)
            try expect(first?.sequence == head.sequence, "\(head.sequence) is not the head of its lane")
        }
    }

    private func compareChanges(
        _ snapshot: StoreSnapshot, _ now: [Place: (fields: Fields?, state: SyncState)], after latest: Int64,
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
        for place in Set(now.keys).union(before.keys) where !moved.contains(place) {
            let (old, new) = (before[place], now[place])
            if old?.fields != new?.fields {
                expected.insert("\(place.table)/\(place.id) document ")
            } else if Self.name(old?.state) != Self.name(new?.state) {
                expected.insert("\(place.table)/\(place.id) state ")
            }
        }
        before = now
        guard case .rows(let rows) = try snapshot.changes(after: latest) else {
            throw Mismatch(description: "the change log fell behind")
        }
        let found = rows.map { "\($0.table)/\($0.record) \($0.kind.rawValue) \($0.formerly ?? "")" }
        try expect(found.count == Set(found).count, "the change log names a record twice: \(found)")
        try expect(Set(found) == expected, "the change log says \(found), not \(expected.sorted())")
        // The state follows from the entries, which were compared: asked for where it may have changed, and at times
        // everywhere.
        let changed = Set(rows.map { Place(table: $0.table, id: $0.record) })
        for (place, record) in now where changed.contains(place) || steps % 16 == 0 {
            let state = try snapshot.syncState(place.table, place.id)
            try expect(Self.name(state) == Self.name(record.state), "\(place) is \(state), not \(record.state)")
        }
    }

    private static func name(_ state: SyncState?) -> String {
        switch state ?? .synced {
        case .synced: "synced"
        case .pending: "pending"
        case .unresolved: "unresolved"
        case .failed(let failure): "failed \(failure.code)"
        }
    }

    private func compareRest(_ snapshot: StoreSnapshot, renamed: [Place: String]) throws {
        for (id, alias) in model.aliases where steps % 16 == 0 || renamed.values.contains(id) {
            let found = try snapshot.alias(id)
            let state: Alias.State = alias.isCancelled ? .cancelled : alias.serverID == nil ? .pending : .completed
            try expect(found?.state == state && found?.serverID == alias.serverID, "the alias \(id) is wrong")
            try expect(snapshot.resolve(id) == model.resolve(id), "\(id) resolves wrongly")
        }
        for (number, subscription) in model.subscriptions {
            let members = try snapshot.members(of: number)
            try expect(
                members == subscription.members.sorted(),
                "members of \(number): \(members), not \(subscription.members)")
        }
    }
}
