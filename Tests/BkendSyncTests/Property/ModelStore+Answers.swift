import BkendSync
import BkendWire

/// What the server's words do, in the model.
extension ModelStore {
    mutating func adopt(
        _ sequence: Int64, _ row: Fields, isMadeElsewhere: Bool = false, isAnswer: Bool = false
    ) {
        guard let index = index(of: sequence), let id = row["id"]?.stringValue else { return }
        let create = entries[index]
        let rest = create.fields.filter { field, mine in
            let isChanged = create.before[field].map { $0 != mine } ?? create.isRecreation
            return isChanged && row[field] != mine
        }
        let hasRest = (isMadeElsewhere || !isAnswer) && !create.before.isEmpty && !rest.isEmpty
        if hasRest || isMadeElsewhere && !rest.isEmpty {
            entries[index].kind = .update
            entries[index].key = nil
            entries[index].fields = rest
            entries[index].before = create.before.filter { rest[$0.key] != nil }
            entries[index].state = .queued
            entries[index].wasSent = false
        } else {
            entries.remove(at: index)
        }
        let place = Place(table: create.place.table, id: id)
        words[place] = newer(row, than: words[place])
        aliases[create.place.id]?.serverID = id
        for (local, alias) in aliases where alias.serverID == create.place.id { aliases[local]?.serverID = id }
        for index in entries.indices {
            if entries[index].place == create.place { entries[index].place = place }
        }
        for number in subscriptions.keys where subscriptions[number]?.table == place.table {
            if subscriptions[number]?.members.remove(create.place.id) != nil {
                subscriptions[number]?.members.insert(id)
            }
        }
        var moved = create
        moved.place = place
        if hasRest { moved.fields = moved.fields.filter { rest[$0.key] == nil } }
        if !isMadeElsewhere { retake(moved) { row[$0].map { .some($0) } ?? nil } }
        for index in entries.indices {
            entries[index].fields = rename(create.place.id, to: id, in: entries[index].fields)
            let entry = entries[index]
            // The server may still name a record that was made again by its old id.
            let images = entry.before.filter { field, _ in
                !create.isRecreation
                    || lane(entry.place).contains { earlier in
                        earlier.isLive && earlier.sequence < entry.sequence && earlier.fields[field] != nil
                    }
            }
            entries[index].before.merge(rename(create.place.id, to: id, in: images)) { $1 }
        }
        join(place)
    }

    mutating func completeUpdate(_ sequence: Int64, _ row: Fields) {
        guard let index = index(of: sequence) else { return }
        let entry = entries.remove(at: index)
        words[entry.place] = newer(row, than: words[entry.place])
        if entry.isLive { retake(entry) { row[$0].map { .some($0) } ?? nil } }
        join(entry.place)
    }

    mutating func completeDelete(_ sequence: Int64) {
        guard let index = index(of: sequence) else { return }
        let entry = entries.remove(at: index)
        for other in lane(entry.place) where other.isLive {
            fail(other.sequence, "data/not-found", "the record was deleted")
        }
        erase(entry.place)
    }

    mutating func gone(_ place: Place) {
        if lane(place).first(where: \.isLive)?.kind == .create { return }
        entries.removeAll { $0.place == place && $0.isLive }
        erase(place)
    }

    mutating func rebase(_ sequence: Int64, onto row: Fields, keeping names: Set<String>) {
        guard let index = index(of: sequence) else { return }
        let old = entries[index]
        let kept = old.fields.filter { names.contains($0.key) }
        if kept.isEmpty {
            entries.remove(at: index)
        } else {
            entries[index].fields = resolve(kept)
            entries[index].before = row.filter { kept[$0.key] != nil }
            entries[index].state = .queued
        }
        var dropped = old
        dropped.fields = old.fields.filter { kept[$0.key] == nil }
        retake(dropped) { row[$0].map { .some($0) } ?? nil }
        words[old.place] = row
        if kept.isEmpty { join(old.place) }
    }

    /// A row of a list, or of a read by id (`isFresh`).
    mutating func receive(_ row: Fields, table: String, subscription: Int64?, isFresh: Bool = false) {
        guard let id = row["id"]?.stringValue else { return }
        let place = Place(table: table, id: id)
        if isFresh, let create = lane(place).first(where: \.isRecreation) {
            // It may be on the server under a new id.
            if create.state == .inFlight || create.state == .ambiguous { return }
            callOff(create, row)
            if let subscription {
                subscriptions[subscription]?.members.insert(id)
                join(place)
            }
            return
        }
        if deleted.contains(place) { return }
        if let (local, alias) = alias(of: row, table) {
            let user = row["createdBy"]?.stringValue
            let isMine = (alias.user == user || alias.formerUser == user) && !kept.contains(place)
            if alias.isCancelled {
                if isMine && alias.key != "re-" + local { return }
            } else if let server = alias.serverID {
                if isMine && server != id { return }
            } else if let create = lane(Place(table: table, id: local)).first(where: { $0.kind == .create }) {
                let isAgain = create.key == "re-" + local
                adopt(
                    create.sequence, row,
                    isMadeElsewhere: isAgain && create.fields.contains { row[$0.key] != $0.value })
                if let subscription { subscriptions[subscription]?.members.insert(id) }
                return
            }
        }
        if lane(place).contains(where: { $0.state == .inFlight || $0.kind == .create }) { return }
        if let word = words[place], Self.updated(row) < Self.updated(word) { return }
        if words[place] == nil, lane(place).allSatisfy({ !$0.isLive }), let alias = aliases[id],
            alias.serverID != nil || alias.isCancelled
        {
            aliases[id] = nil
        }
        let isKnown = words[place] == row
        words[place] = row
        guard let subscription else { return }
        subscriptions[subscription]?.members.insert(id)
        if !isKnown { join(place) }
    }

    /// What was to be made again is there: what was changed is an update of it.
    private mutating func callOff(_ create: Entry, _ row: Fields) {
        guard let index = index(of: create.sequence) else { return }
        let rest = create.fields.filter { field, mine in create.before[field] != mine && row[field] != mine }
        var settled = create
        if rest.isEmpty {
            entries.remove(at: index)
        } else {
            entries[index].kind = .update
            entries[index].key = nil
            entries[index].fields = rest
            entries[index].before = create.before.filter { rest[$0.key] != nil }
            entries[index].wasSent = false
            if create.state == .failed {
                noteOverwritten(at: index)
            } else {
                settled.fields = create.fields.filter { rest[$0.key] == nil }
                entries[index].state = .queued
                entries[index].code = nil
            }
        }
        for (field, image) in create.before where create.fields[field] == nil { settled.fields[field] = image }
        // What was put off and was not changed here is no write.
        for later in lane(create.place) where later.sequence > create.sequence && later.kind == .update {
            guard later.isUnsent, let place = self.index(of: later.sequence) else { continue }
            entries[place].fields = later.fields.filter { field, value in
                later.before[field] != nil || create.before[field] != value
            }
        }
        entries.removeAll {
            $0.place == create.place && $0.kind == .update && $0.isUnsent && $0.fields.isEmpty
        }
        let alias = aliases.removeValue(forKey: create.place.id)
        if create.everSent, var alias {
            // What was sent may turn up yet.
            alias.serverID = create.place.id
            aliases["re-" + create.place.id] = alias
        }
        deleted.remove(create.place)
        words[create.place] = row
        retake(settled) { row[$0].map { .some($0) } ?? nil }
    }

    /// The local id whose key a row bears, if it was made by the same user.
    private func alias(of row: Fields, _ table: String) -> (String, Alias)? {
        guard let key = row["clientKey"]?.stringValue, let user = row["createdBy"]?.stringValue else { return nil }
        let found = aliases.filter { local, alias in
            alias.key == key && alias.table == table
                && (alias.user == user || alias.formerUser == user || key == "re-" + local)
        }
        // One that is made again a second time bears the same key.
        return (found.first { $0.key != key } ?? found.first).map { ($0.key, $0.value) }
    }

    /// A record that was deleted elsewhere is made again: its updates become one create.
    mutating func recreate(_ place: Place) {
        let live = lane(place).filter(\.isLive)
        guard let first = live.first, first.kind == .update, let visible = visible(place) else { return }
        entries.removeAll { $0.place == place && $0.isLive && $0.sequence != first.sequence }
        guard let index = index(of: first.sequence) else { return }
        entries[index].kind = .create
        let fields = resolve(visible.filter { !Self.reserved.contains($0.key) })
        entries[index].before = (words[place] ?? [:]).filter { !Self.reserved.contains($0.key) }
        entries[index].state = .queued
        entries[index].wasSent = false
        entries[index].everSent = false
        entries[index].key = "re-" + place.id
        aliases[place.id] = Alias(table: place.table, key: "re-" + place.id, user: owner)
        words[place] = nil
        forgetMember(place)
        // What waits for this record can't be waited for.
        let later = fields.filter { field, value in
            localIDs(in: [field: value]).contains { waits($0, for: place.id) }
        }
        entries[index].fields = fields.filter { later[$0.key] == nil }
        if !later.isEmpty { append(place, .update, later, [:]) }
    }

    mutating func takeOver(by user: String) {
        if owner == user { return }
        aliases = aliases.mapValues { alias in
            var taken = alias
            taken.formerUser = alias.user
            taken.user = user
            return taken
        }
        owner = user
    }

    /// Takes away what nothing holds: no entry, no member, in a table that has a subscription.
    mutating func dropUnheld() {
        for place in words.keys {
            let mine = subscriptions.values.filter { $0.table == place.table }
            if mine.isEmpty || mine.contains(where: { $0.members.contains(place.id) }) { continue }
            if !entries.contains(where: { $0.place == place }) { words[place] = nil }
        }
    }

    // MARK: Steps

    private mutating func erase(_ place: Place) {
        words[place] = nil
        deleted.insert(place)
        forgetMember(place)
    }

    mutating func forgetMember(_ place: Place) {
        for number in subscriptions.keys where subscriptions[number]?.table == place.table {
            subscriptions[number]?.members.remove(place.id)
        }
    }

    private mutating func join(_ place: Place) {
        guard let visible = visible(place) else { return }
        for (number, subscription) in subscriptions where subscription.table == place.table {
            if subscription.k.map({ visible["k"] == .int($0) }) ?? true {
                subscriptions[number]?.members.insert(place.id)
            }
        }
    }

    private func newer(_ row: Fields, than word: Fields?) -> Fields {
        guard let word, Self.updated(row) < Self.updated(word) else { return row }
        return word
    }

    private static func updated(_ row: Fields) -> String { row["updatedAt"]?.stringValue ?? "" }
}
