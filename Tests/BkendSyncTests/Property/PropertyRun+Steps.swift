import BkendSync
import BkendWire

/// What each step does, to the store and to the model.
extension PropertyRun {
    /// The records that the step renamed: new place and old id.
    func perform(_ kind: PropertyStep.Kind) throws -> [Place: String] {
        switch kind {
        case .create: try create()
        case .update:
            guard let place = somePlace() else { break }
            let fields = someFields()
            let id = someName(of: place)
            note(
                "update \(place.table)/\(id) \(JSONObject(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))"
            )
            try both {
                try $0.writes.update(place.table, id, set: ordered(fields))
            } model: {
                try $0.update(place, fields)
            }
        case .delete:
            guard let place = somePlace() else { break }
            note("delete \(place.table)/\(place.id)")
            try both {
                try $0.writes.delete(place.table, place.id)
            } model: {
                try $0.delete(place)
            }
        case .send: try send()
        case .loseAnswer: try move([.inFlight, .ambiguous], to: .ambiguous) { try $0.sending.markAmbiguous($1) }
        case .giveUp:
            try move([.inFlight, .ambiguous], to: .unresolved, creates: true) { try $0.sending.markUnresolved($1) }
        case .requeue: try move([.inFlight, .ambiguous, .unresolved], to: .queued) { try $0.sending.requeue($1) }
        case .answer: return try answer()
        case .reject:
            guard let entry = someEntry([.inFlight, .ambiguous, .queued, .unresolved]) else { break }
            note("reject \(entry.sequence)")
            let failure = EntryFailure(code: "rejected", message: "")
            try both {
                try $0.sending.fail(entry.sequence, because: failure)
            } model: {
                $0.fail(entry.sequence, "rejected")
            }
        case .retry:
            guard let entry = someEntry([.failed, .unresolved]) else { break }
            note("retry \(entry.sequence)")
            try both {
                try $0.decisions.retry(entry.sequence)
            } model: {
                try $0.retry(entry.sequence)
            }
        case .discard:
            guard let entry = someEntry(OutboxEntry.State.allCases) else { break }
            note("discard \(entry.sequence)")
            try both {
                try $0.decisions.discard(entry.sequence)
            } model: {
                try $0.discard(entry.sequence)
            }
        case .edit: try edit()
        case .serverRow, .staleRow: try serverRow(isStale: kind == .staleRow)
        case .keyedRow: return try keyedRow()
        case .backRow: try backRow()
        case .lose: try lose()
        case .gone:
            guard let place = somePlace() else { break }
            note("gone \(place.table)/\(place.id)")
            try both {
                try $0.answers.gone(place.table, place.id)
            } model: {
                $0.gone(place)
            }
        case .recreate:
            guard let place = random.pick(model.entries.filter { $0.kind == .update && $0.isLive }.map(\.place)) else {
                break
            }
            note("recreate \(place.table)/\(place.id)")
            try both {
                _ = try $0.recreating.recreate(place.table, place.id)
            } model: {
                $0.recreate(place)
            }
        case .twin: try twin()
        case .takeOver:
            note("take over")
            try both {
                try $0.ownership.takeOver(by: "u1")
            } model: {
                $0.takeOver(by: "u1")
            }
        case .rebase: try rebase()
        case .lead:
            note("lead")
            epoch = try store.write { try $0.sending.lead() }
            for index in model.entries.indices where model.entries[index].state == .inFlight {
                model.entries[index].state = .ambiguous
            }
        case .crash:
            note("crash")
            struct Stop: Error {}
            do {
                try store.write { tx in
                    _ = try tx.writes.create("free", ["a": 1])
                    throw Stop()
                }
            } catch is Stop {}
            store = try StoreDatabase(over: queue, environment: environment)
        }
        return [:]
    }

    // MARK: The app

    private func create() throws {
        // Few records meet each other more often than many.
        if model.entries.count >= 14 || model.words.count >= 14 { return }
        let table = random.pick(Self.tables) ?? ""
        let fields = someFields()
        var id = ""
        note("create in \(table) \(fields)")
        try both {
            id = try $0.writes.create(table, ordered(fields))
        } model: {
            try $0.create(table, fields) { id }
        }
        note("  -> \(id)")
    }

    private func edit() throws {
        guard let entry = someEntry([.queued, .failed]) else { return }
        let fields = someFields()
        let removed =
            random.chance(30) ? random.pick(entry.fields.keys.sorted()).flatMap { fields[$0] == nil ? $0 : nil } : nil
        note("edit \(entry.sequence) \(fields) without \(removed ?? "nothing")")
        try both {
            try $0.decisions.edit(entry.sequence, set: ordered(fields), removing: removed.map { [$0] } ?? [])
        } model: {
            try $0.edit(entry.sequence, set: fields, removing: removed)
        }
    }

    // MARK: The engine

    private func send() throws {
        guard let entry = try store.read({ try $0.queue.sendable(limit: 8) }).first(where: { _ in random.chance(60) })
        else {
            return
        }
        note("send \(entry.sequence)")
        try store.write {
            try $0.sending.markInFlight(entry.sequence, body: [0x7B, 0x7D], epoch: epoch, user: model.owner)
        }
        if let index = model.index(of: entry.sequence) {
            model.entries[index].state = .inFlight
            model.entries[index].wasSent = true
            model.entries[index].everSent = true
        }
    }

    private func move(
        _ states: [OutboxEntry.State], to state: OutboxEntry.State, creates: Bool = false,
        _ change: (StoreTransaction, Int64) throws -> Void
    ) throws {
        guard let entry = someEntry(states), !creates || entry.kind == .create else { return }
        note("\(state) \(entry.sequence)")
        try store.write { try change($0, entry.sequence) }
        if let index = model.index(of: entry.sequence) { model.entries[index].state = state }
    }

    private func answer() throws -> [Place: String] {
        guard let entry = someEntry([.inFlight, .ambiguous]) else { return [:] }
        note("answer \(entry.sequence)")
        switch entry.kind {
        case .delete:
            try both {
                _ = try $0.answers.completeDelete(entry.sequence)
            } model: {
                $0.completeDelete(entry.sequence)
            }
            return [:]
        case .update:
            guard var row = model.words[entry.place] else { return [:] }
            row.merge(entry.fields) { $1 }
            touchUp(&row)
            note("  \(ordered(row))")
            try both {
                _ = try $0.answers.completeUpdate(entry.sequence, row: ordered(row).serialized())
            } model: {
                $0.completeUpdate(entry.sequence, row)
            }
            return [:]
        case .create:
            let row = created(entry)
            note("  \(ordered(row))")
            try both {
                _ = try $0.adopting.adopt(entry.sequence, row: ordered(row).serialized())
            } model: {
                $0.adopt(entry.sequence, row, isAnswer: true)
            }
            return [Place(table: entry.place.table, id: row["id"]?.stringValue ?? ""): entry.place.id]
        }
    }

    private func created(_ entry: ModelStore.Entry) -> Fields {
        serverCount += 1
        var row = entry.fields
        row["id"] = .string("s\(serverCount)")
        // At times a row without its key has told of the record before.
        let known = model.words.keys.filter { $0.table == entry.place.table }.map(\.id)
        if random.chance(10), let id = random.pick(known.sorted()) { row["id"] = .string(id) }
        row["clientKey"] = entry.key.map { .string($0) }
        let alias = model.aliases[entry.place.id]
        row["createdBy"] = .string((random.chance(50) ? alias?.formerUser : nil) ?? alias?.user ?? "")
        row["createdAt"] = ModelStore.stamp(model.now)
        if random.chance(40) { row["extra"] = "default" }
        touchUp(&row)
        return row
    }

    private func rebase() throws {
        guard let entry = someEntry([.ambiguous, .queued, .inFlight]), entry.kind == .update,
            !model.blocked.contains(entry.sequence),
            var row = model.words[entry.place]
        else { return }
        row["a"] = .int(Int64(random.below(9)))
        touchUp(&row)
        let kept = Set(entry.fields.keys.sorted().filter { _ in random.chance(50) })
        note("rebase \(entry.sequence) keeping \(kept.sorted()) onto \(ordered(row))")
        let fields = ordered(entry.fields.filter { kept.contains($0.key) })
        try both {
            try $0.answers.rebase(entry.sequence, onto: ordered(row).serialized(), fields: fields)
        } model: {
            $0.rebase(entry.sequence, onto: row, keeping: kept)
        }
    }

    // MARK: Rows

    private func serverRow(isStale: Bool) throws {
        var place = model.words.keys.sorted().filter { _ in random.chance(70) }.first
        if place == nil || !isStale && random.chance(35) && model.words.count < 14 {
            serverCount += 1
            place = Place(table: random.pick(Self.tables) ?? "", id: "s\(serverCount)")
        }
        guard let place else { return }
        var row = model.words[place] ?? ["id": .string(place.id), "createdBy": "someone"]
        if random.chance(80) { row["a"] = .int(Int64(random.below(4))) }
        if random.chance(30) { row["k"] = .int(Int64(random.below(2))) }
        if isStale {
            row["updatedAt"] = ModelStore.stamp(1_600_000_000_000)
        } else if random.chance(80) {
            touchUp(&row)
        }
        let subscription = model.subscriptions.keys.sorted().first { model.subscriptions[$0]?.table == place.table }
        try receive(row, place.table, random.chance(80) ? subscription : nil)
    }

    /// A record that is to be made again is back, and was read by its id.
    private func backRow() throws {
        guard let create = random.pick(model.entries.filter(\.isRecreation)) else { return }
        var row: Fields = ["id": .string(create.place.id), "createdBy": "someone", "a": .int(Int64(random.below(4)))]
        if random.chance(50) { row["k"] = create.fields["k"] ?? create.before["k"] }
        touchUp(&row)
        let subscription = model.subscriptions.keys.sorted().first {
            model.subscriptions[$0]?.table == create.place.table
        }
        try receive(row, create.place.table, subscription, isFresh: true)
    }

    private func keyedRow() throws -> [Place: String] {
        guard let entry = someEntry(OutboxEntry.State.allCases), entry.kind == .create,
            let key = entry.key
        else {
            let dead = model.aliases.keys.filter { model.aliases[$0]?.isCancelled == true }.sorted()
            guard let id = random.pick(dead), let alias = model.aliases[id] else { return [:] }
            let user = JSON.string(random.chance(80) ? alias.user : "someone")
            try receive(
                ["id": .string("l\(serverCount)"), "clientKey": .string(alias.key), "createdBy": user], alias.table, nil
            )
            return [:]
        }
        var row = created(entry)
        // Another device may have made a record again, and set it otherwise.
        if key.hasPrefix("re-"), random.chance(60) { row["a"] = .int(Int64(random.below(9))) }
        if key.hasPrefix("re-"), random.chance(30) { row["createdBy"] = "someone" }
        note("row with the key \(key)")
        let subscription = model.subscriptions.keys.sorted().first {
            model.subscriptions[$0]?.table == entry.place.table
        }
        try receive(row, entry.place.table, subscription)
        return [Place(table: entry.place.table, id: row["id"]?.stringValue ?? ""): entry.place.id]
    }

    /// A second copy of a record, told apart by its key; at times the server keeps it.
    private func twin() throws {
        let known = model.aliases.filter { $0.value.isCancelled || $0.value.serverID != nil }.keys.sorted()
        guard model.words.count < 14, let alias = random.pick(known).flatMap({ model.aliases[$0] }) else { return }
        serverCount += 1
        let id = "t\(serverCount)"
        var row: Fields = [
            "id": .string(id), "clientKey": .string(alias.key), "createdBy": .string(alias.user), "a": 1,
        ]
        touchUp(&row)
        if random.chance(60) {
            note("keep the twin \(id)")
            try both {
                try $0.keys.keepTwin(alias.table, id)
            } model: {
                $0.kept.insert(Place(table: alias.table, id: id))
            }
        }
        let subscription = model.subscriptions.keys.sorted().first { model.subscriptions[$0]?.table == alias.table }
        try receive(row, alias.table, subscription)
    }

    private func receive(_ row: Fields, _ table: String, _ subscription: Int64?, isFresh: Bool = false) throws {
        note("row in \(table) of \(subscription.map(String.init) ?? "none"): \(ordered(row))")
        try both {
            _ = try $0.receiving.receive(
                [ordered(row).serialized()], table: table, subscription: subscription, isFresh: isFresh)
        } model: {
            $0.receive(row, table: table, subscription: subscription, isFresh: isFresh)
        }
    }

    private func lose() throws {
        guard let number = random.pick(model.subscriptions.keys.sorted()),
            let subscription = model.subscriptions[number]
        else { return }
        let ids = subscription.members.sorted().filter { _ in random.chance(30) }
        note("lose of \(number): \(ids)")
        try both {
            try $0.members.lose(number, ids)
        } model: {
            $0.subscriptions[number]?.members.subtract(ids)
        }
    }
}
