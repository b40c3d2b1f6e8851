import BkendWire

/// What an app does: create, update, delete. Each is one entry, or goes into one that was not sent yet.
package struct LocalWrites: StorePart {
    let store: StoreTransaction

    /// Makes a record and queues its create; the local id it has until the server gives it one.
    ///
    /// - Parameter withKey: whether the create carries its id as the field `clientKey`, by which it is known again when
    ///   an answer is lost; nil for yes if the table takes extra fields.
    /// - Throws: `StoreError` for a reserved field, an impossible table, a name that no server stores, a value nested too
    ///   deep, or the id of a discarded record.
    package func create(_ table: String, _ fields: JSONObject, withKey: Bool? = nil) throws -> String {
        try store.whole { try insert(table, fields, withKey: withKey) }
    }

    private func insert(_ table: String, _ fields: JSONObject, withKey: Bool?) throws -> String {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        let fields = try prepare(fields, table: table, record: nil)
        _ = try store.outbox.localIDs(in: fields)
        let carriesKey = try withKey ?? store.facts.of(table)?.takesExtraFields ?? true
        let number = try store.aliases.nextNumber()
        let id = LocalID.make(number: number, random: store.environment.random)
        try store.aliases.add(id, table: table, key: carriesKey ? id : nil)
        let key = RecordKey(table, id)
        try store.changes.touch(key)
        let entry = try store.outbox.append(.create, key, fields: fields, clientKey: carriesKey ? id : nil)
        try store.changes.show(Replay.apply(entry, to: nil)?.serialized(), at: key)
        return id
    }

    /// Sets top-level fields of a record; false when every one has that value already, and nothing is queued.
    ///
    /// - Parameter seen: the record that the fields were changed in, which may be an earlier one than what is stored: its
    ///   values are what they were before. Nil for the present record.
    /// - Throws: `StoreError` for no such record, a reserved field, or the id of a discarded record in a value.
    @discardableResult
    package func update(
        _ table: String, _ id: String, set fields: JSONObject, seen: JSONObject? = nil
    ) throws -> Bool {
        try store.whole { try change(table, id, set: fields, seen: seen) }
    }

    private func change(_ table: String, _ id: String, set fields: JSONObject, seen: JSONObject?) throws -> Bool {
        try refuseFiles(table)
        let key = RecordKey(table, try store.aliases.resolve(id))
        guard let text = try store.changes.now(key) else { throw StoreError(.noSuchRecord, table: table, record: id) }
        let visible = try DocumentReader.object(text)
        let changed = try prepare(fields, table: table, record: id).filtered { field, value in
            visible[field].map { !$0.says(sameAs: value) } ?? true
        }
        if changed.isEmpty { return false }
        let named = try store.outbox.localIDs(in: changed)
        let last = try store.outbox.lastLive(key)
        let images = try images(of: changed, visible: visible, seen: seen, of: key)
        if var last, try canFold(changed, naming: named, into: last) {
            try fold(changed, over: images, into: &last)
            try store.outbox.save(last)
            try store.overwritten.note(key, by: changed, of: last.sequence)
            let document =
                last.kind == .create
                ? Replay.apply(last, to: nil) : Replay.updated(visible, setting: changed, at: last.changedAt)
            try store.changes.show(document?.serialized(), at: key)
            return true
        }
        if last == nil { try store.documents.storeBase(text, of: key) }
        let entry = try store.outbox.append(.update, key, fields: changed, before: images)
        try store.overwritten.note(key, by: changed, of: entry.sequence)
        // Replaying is a fold from the left, so the new entry alone has to be applied.
        try store.changes.show(Replay.apply(entry, to: visible)?.serialized(), at: key)
        return true
    }

    /// Deletes a record. What the server can't have yet is cancelled instead, with all its entries; entries that name it
    /// fail as `dependencyDiscarded`.
    ///
    /// - Parameter seen: the record that was looked at when it was decided to delete it; nil for the present one.
    /// - Throws: `StoreError` for no such record.
    package func delete(_ table: String, _ id: String, seen: JSONObject? = nil) throws {
        try store.whole { try remove(table, id, seen: seen) }
    }

    private func remove(_ table: String, _ id: String, seen: JSONObject?) throws {
        try refuseFiles(table)
        let key = RecordKey(table, try store.aliases.resolve(id))
        guard let text = try store.changes.now(key) else { throw StoreError(.noSuchRecord, table: table, record: id) }
        let last = try store.outbox.lastLive(key)
        if last != nil, let create = try store.outbox.lane(key).first(where: \.isLive), create.kind == .create,
            create.isUnsent || create.state == .failed
        {
            try store.rejecting.cancel(create)
            return
        }
        let visible = try DocumentReader.object(text)
        let fields = visible.filtered { field, _ in !isReserved(field) }
        let before = try images(of: fields, visible: visible, seen: seen, of: key)
        if last == nil { try store.documents.storeBase(text, of: key) }
        _ = try store.outbox.append(.delete, key, before: before)
        try store.changes.show(nil, at: key)
    }

    // MARK: Steps

    /// Files have bytes, and are written to by `Attaching`.
    private func refuseFiles(_ table: String) throws {
        if FileTable.isName(table) { throw StoreError(.invalidTable("it is that of files"), table: table) }
    }

    /// Whether a field is the server's or the store's own.
    func isReserved(_ field: String) -> Bool {
        SystemField.contains(field) || field.hasSameBytes(as: OutboxEntry.clientKeyField)
    }

    /// Fields as they are stored and sent: local ids in their present form, moments of date fields as the server
    /// stores them.
    func prepare(_ fields: JSONObject, table: String, record: String?) throws -> JSONObject {
        for (field, _) in fields where isReserved(field) {
            throw StoreError(.reservedField, table: table, record: record, field: field)
        }
        for (field, value) in fields where value.nests(deeperThan: JSON.deepestField) {
            throw StoreError(.tooDeep(limit: JSON.deepestField), table: table, record: record, field: field)
        }
        if let (path, flaw) = FieldName.flaw(in: fields) {
            throw StoreError(.invalidRecord("a field \(flaw)"), table: table, record: record, field: path)
        }
        return try present(fields, table: table)
    }

    /// Fields with local ids and the moments of date fields in the form in which they are stored now.
    func present(_ fields: JSONObject, table: String) throws -> JSONObject {
        var present = try store.aliases.resolve(fields)
        for date in try store.facts.of(table)?.dates ?? [] { present[date] = present[date]?.normalisedDate }
        return present
    }

    /// Whether a further update may go into an entry (sync.md, "What a local write does"). A create that was rejected
    /// takes any: nothing of it is on the server, and mending the unique value is what it waits for.
    private func canFold(_ fields: JSONObject, naming ids: [String], into entry: OutboxEntry) throws -> Bool {
        let isRejectedCreate = entry.kind == .create && entry.state == .failed
        guard entry.isUnsent && entry.kind != .delete || isRejectedCreate else { return false }
        if try !isRejectedCreate && (store.facts.of(entry.table) ?? TableFacts()).involvesUnique(fields) {
            return false
        }
        if ids.isEmpty { return true }
        let known = try store.outbox.dependencies(of: entry.sequence)
        let added = ids.filter { id in !known.contains { $0.hasSameBytes(as: id) } }
        return try added.isEmpty || replacesFiles(fields, added, known, in: entry)
    }

    /// Whether an update puts waiting files in the place of others. As an entry of its own it would leave those needed:
    /// discarding one would take the record along. One that only adds files isn't folded in: a record need not wait for
    /// them.
    private func replacesFiles(
        _ fields: JSONObject, _ added: [String], _ known: [String], in entry: OutboxEntry
    ) throws -> Bool {
        guard try added.allSatisfy({ try store.files.file($0) != nil }) else { return false }
        var both = entry.fields
        for (field, value) in fields { both[field] = value }
        let left = try store.outbox.localIDs(in: both, passingDiscarded: true)
        return try known.contains { id in
            try store.files.file(id) != nil && !left.contains { $0.hasSameBytes(as: id) }
        }
    }

    private func fold(_ fields: JSONObject, over images: JSONObject, into entry: inout OutboxEntry) throws {
        try store.recreating.noteSent(fields, in: &entry)
        for (field, value) in fields {
            if entry.kind == .update && entry.fields[field] == nil { entry.before[field] = images[field] }
            entry.fields[field] = value
        }
        entry.changedAt = max(entry.changedAt, store.environment.now())
    }
}

extension StoreTransaction {
    /// What the app writes.
    package var writes: LocalWrites { LocalWrites(store: self) }
}
