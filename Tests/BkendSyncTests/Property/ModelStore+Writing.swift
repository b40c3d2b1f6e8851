import BkendWire

@testable import BkendSync

/// What the app does, in the model.
extension ModelStore {
    static let reserved: Set<String> = ["id", "createdBy", "createdAt", "updatedAt", "clientKey"]

    mutating func create(_ table: String, _ fields: Fields, as id: () -> String) throws {
        let fields = resolve(fields)
        if namesCancelled(fields) { throw Refused() }
        let id = id()
        aliases[id] = Alias(table: table, key: id, user: owner)
        append(Place(table: table, id: id), .create, fields, [:], key: id)
    }

    mutating func update(_ place: Place, _ fields: Fields) throws {
        guard let visible = visible(place) else { throw Refused() }
        let changed = resolve(fields).filter { visible[$0.key] != $0.value }
        if changed.isEmpty { return }
        if namesCancelled(changed) { throw Refused() }
        let last = entries.lastIndex { $0.place == place && $0.isLive }
        if let last, canFold(changed, into: entries[last]) {
            entries[last].noteSent(changed)
            for (field, value) in changed {
                if entries[last].kind == .update, entries[last].fields[field] == nil {
                    entries[last].before[field] = visible[field]
                }
                entries[last].fields[field] = value
            }
            entries[last].changedAt = max(entries[last].changedAt, now)
            overwrite(place, changed, entries[last].sequence)
            return
        }
        append(place, .update, changed, visible.filter { changed[$0.key] != nil })
        overwrite(place, changed, nextSequence - 1)
    }

    private mutating func overwrite(_ place: Place, _ changed: Fields, _ sequence: Int64) {
        for index in entries.indices where entries[index].place == place && !entries[index].isLive {
            if entries[index].kind != .update { continue }
            for name in entries[index].fields.keys where changed[name] != nil {
                entries[index].overwritten[name, default: []].insert(sequence)
            }
        }
    }

    /// An entry is gone as if it had not been made.
    private mutating func forget(_ sequence: Int64, overwriting isIt: (String) -> Bool = { _ in true }) {
        for index in entries.indices {
            for name in entries[index].overwritten.keys where isIt(name) {
                entries[index].overwritten[name]?.remove(sequence)
                if entries[index].overwritten[name]?.isEmpty == true { entries[index].overwritten[name] = nil }
            }
        }
    }

    private func canFold(_ changed: Fields, into entry: Entry) -> Bool {
        guard localIDs(in: changed).isSubset(of: localIDs(in: entry.fields)) else { return false }
        if entry.kind == .create && entry.state == .failed { return true }
        return entry.isUnsent && entry.kind != .delete && !uniqueTables.contains(entry.place.table)
    }

    mutating func delete(_ place: Place) throws {
        guard let visible = visible(place) else { throw Refused() }
        if let first = lane(place).first(where: \.isLive), first.kind == .create,
            first.isUnsent || first.state == .failed
        {
            return cancel(first)
        }
        append(place, .delete, [:], visible.filter { !Self.reserved.contains($0.key) })
    }

    mutating func append(
        _ place: Place, _ kind: OutboxEntry.Kind, _ fields: Fields, _ before: Fields, key: String? = nil
    ) {
        entries.append(
            Entry(
                sequence: nextSequence, place: place, kind: kind, fields: fields, before: before, key: key, madeAt: now,
                changedAt: now))
        nextSequence += 1
    }

    mutating func cancel(_ create: Entry) {
        let id = create.place.id
        entries.removeAll { $0.place == create.place }
        words[create.place] = nil
        forgetMember(create.place)
        let dependents = entries.filter { $0.state != .failed && localIDs(in: $0.fields).contains(id) }
        aliases[id]?.isCancelled = true
        for dependent in dependents {
            fail(dependent.sequence, "dependencyDiscarded", EntryFailure.dependencyDiscarded(id).message)
        }
    }

    /// A dead letter's fields that entries behind it set again.
    mutating func noteOverwritten(at index: Int) {
        let entry = entries[index]
        let later = lane(entry.place).filter { $0.sequence > entry.sequence && $0.isLive }
        for name in entry.fields.keys {
            let again = later.filter { $0.fields[name] != nil }.map(\.sequence)
            if !again.isEmpty { entries[index].overwritten[name] = Set(again) }
        }
    }

    mutating func fail(_ sequence: Int64, _ code: String, _ message: String = "") {
        guard let index = index(of: sequence) else { return }
        let entry = entries[index]
        if entry.kind != .create {
            let images = images(before: entry)
            retake(entry) { images[$0].map { .some($0) } ?? .some(nil) }
            noteOverwritten(at: index)
        }
        entries[index].state = .failed
        entries[index].code = code
        entries[index].message = message
    }

    mutating func discard(_ sequence: Int64) throws {
        guard let index = index(of: sequence), entries[index].state != .inFlight else { throw Refused() }
        let entry = entries[index]
        if entry.kind == .create { return cancel(entry) }
        if entry.isLive {
            let images = images(before: entry)
            retake(entry) { .some(images[$0]) }
        }
        entries.remove(at: index)
        forget(sequence)
    }

    mutating func retry(_ sequence: Int64) throws {
        guard let index = index(of: sequence), [.failed, .unresolved].contains(entries[index].state) else {
            throw Refused()
        }
        var entry = entries[index]
        switch entry.kind {
        case .create:
            entry.fields = resolve(entry.fields)
            if namesCancelled(entry.fields) { throw Refused() }
            entry.state = .queued
            entry.wasSent = false
            entry.code = nil
            entries[index] = entry
        case .update:
            entries.remove(at: index)
            let fields = entry.fields.filter { entry.overwritten[$0.key] == nil }
            if fields.isEmpty { return }
            let before = entries
            try update(entry.place, fields)
            guard let new = entries.last(where: { $0.place == entry.place && $0.isLive }), entries != before else {
                return
            }
            forget(sequence) { new.fields[$0] != nil }
        case .delete:
            entries.remove(at: index)
            if visible(entry.place) != nil { try delete(entry.place) }
        }
    }

    mutating func edit(_ sequence: Int64, set fields: Fields, removing name: String?) throws {
        guard let index = index(of: sequence), entries[index].kind != .delete,
            entries[index].isUnsent || entries[index].state == .failed
        else { throw Refused() }
        let old = entries[index]
        let fields = resolve(fields)
        if namesCancelled(fields) { throw Refused() }
        if old.kind == .create, localIDs(in: fields).contains(where: { waits($0, for: old.place.id) }) {
            throw Refused()
        }
        let images = images(before: old)
        if let name {
            entries[index].fields[name] = nil
            entries[index].before[name] = nil
            entries[index].overwritten[name] = nil
        }
        entries[index].noteSent(fields)
        for (field, value) in fields {
            if old.kind == .update, entries[index].fields[field] == nil { entries[index].before[field] = images[field] }
            entries[index].fields[field] = value
            entries[index].overwritten[field] = nil
        }
        entries[index].changedAt = max(old.changedAt, now)
        let edited = entries[index]
        guard edited.isLive else { return }
        var both = old
        both.fields.merge(edited.fields) { $1 }
        retake(both) { .some(edited.fields[$0] ?? images[$0]) }
    }

    /// Whether the create of one record waits for the create of another.
    func waits(_ id: String, for target: String) -> Bool {
        var open = [id]
        var seen: Set<String> = []
        while let next = open.popLast() {
            if next == target { return true }
            guard seen.insert(next).inserted,
                let create = entries.first(where: { $0.kind == .create && $0.place.id == next })
            else { continue }
            open += localIDs(in: create.fields)
        }
        return false
    }

    // MARK: Steps

    func index(of sequence: Int64) -> Int? { entries.firstIndex { $0.sequence == sequence } }

    func images(before entry: Entry) -> Fields {
        replay(lane(entry.place).filter { $0.sequence < entry.sequence }, on: words[entry.place]) ?? [:]
    }

    /// The outer nil leaves an image alone, the inner one says that the field is absent.
    mutating func retake(_ entry: Entry, _ image: (String) -> JSON??) {
        for field in entry.fields.keys {
            let next = entries.firstIndex {
                $0.place == entry.place && $0.sequence > entry.sequence && $0.isLive && $0.kind != .create
                    && ($0.kind == .delete || $0.fields[field] != nil)
            }
            if let next, let value = image(field) { entries[next].before[field] = value }
        }
    }
}
