import BkendWire

/// What an app does: create, update, delete. Each is one entry, or goes into one that was not sent yet.
extension StoreTransaction {
    /// Makes a record and queues its create; the local id it has until the server gives it one.
    ///
    /// - Parameter withKey: whether the create carries its id as the field `clientKey`, by which it is known again when
    ///   an answer is lost; nil for yes if the table takes extra fields.
    /// - Throws: `StoreError` for a reserved field, an impossible table, a name that no server stores, a value nested too
    ///   deep, or the id of a discarded record.
    package func create(_ table: String, _ fields: JSONObject, withKey: Bool? = nil) throws -> String {
        try whole { try insert(table, fields, withKey: withKey) }
    }

    private func insert(_ table: String, _ fields: JSONObject, withKey: Bool?) throws -> String {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        let fields = try prepare(fields, table: table, record: nil)
        _ = try localIDs(in: fields)
        let carriesKey = try withKey ?? facts(of: table)?.takesExtraFields ?? true
        let number = try db.number("SELECT coalesce(max(number), 0) + 1 FROM sync_aliases")
        let id = LocalID.make(number: number, random: environment.random)
        try addAlias(id, table: table, key: carriesKey ? id : nil)
        let key = RecordKey(table, id)
        try touch(key)
        let entry = try append(.create, key, fields: fields, clientKey: carriesKey ? id : nil)
        try show(Replay.apply(entry, to: nil)?.serialized(), at: key)
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
        try whole { try change(table, id, set: fields, seen: seen) }
    }

    private func change(_ table: String, _ id: String, set fields: JSONObject, seen: JSONObject?) throws -> Bool {
        let key = RecordKey(table, try resolve(id))
        let position = try touch(key)
        guard let text = touched[position].now else { throw StoreError(.noSuchRecord, table: table, record: id) }
        let visible = try DocumentReader.object(text)
        let changed = try prepare(fields, table: table, record: id).filtered { field, value in
            visible[field].map { !$0.says(sameAs: value) } ?? true
        }
        if changed.isEmpty { return false }
        let named = try localIDs(in: changed)
        let last = try lastLive(key)
        let images = try images(of: changed, visible: visible, seen: seen, of: key)
        if var last, try canFold(changed, naming: named, into: last) {
            try fold(changed, over: images, into: &last)
            try save(last)
            try noteOverwritten(key, by: changed, of: last.sequence)
            let document =
                last.kind == .create
                ? Replay.apply(last, to: nil) : Replay.updated(visible, setting: changed, at: last.changedAt)
            try show(document?.serialized(), at: key)
            return true
        }
        if last == nil { try storeBase(text, of: key) }
        let entry = try append(.update, key, fields: changed, before: images)
        try noteOverwritten(key, by: changed, of: entry.sequence)
        // Replaying is a fold from the left, so the new entry alone has to be applied.
        try show(Replay.apply(entry, to: visible)?.serialized(), at: key)
        return true
    }

    /// Deletes a record. What the server can't have yet is cancelled instead, with all its entries; entries that name it
    /// fail as `dependencyDiscarded`.
    ///
    /// - Parameter seen: the record that was looked at when it was decided to delete it; nil for the present one.
    /// - Throws: `StoreError` for no such record.
    package func delete(_ table: String, _ id: String, seen: JSONObject? = nil) throws {
        try whole { try remove(table, id, seen: seen) }
    }

    private func remove(_ table: String, _ id: String, seen: JSONObject?) throws {
        let key = RecordKey(table, try resolve(id))
        let position = try touch(key)
        guard let text = touched[position].now else { throw StoreError(.noSuchRecord, table: table, record: id) }
        let last = try lastLive(key)
        if last != nil, let create = try lane(key).first(where: \.isLive), create.kind == .create,
            create.isUnsent || create.state == .failed
        {
            try cancel(create)
            return
        }
        let visible = try DocumentReader.object(text)
        let fields = visible.filtered { field, _ in !isReserved(field) }
        let before = try images(of: fields, visible: visible, seen: seen, of: key)
        if last == nil { try storeBase(text, of: key) }
        _ = try append(.delete, key, before: before)
        try show(nil, at: key)
    }

    // MARK: Steps

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
        var present = try resolve(fields)
        for date in try facts(of: table)?.dates ?? [] { present[date] = present[date]?.normalisedDate }
        return present
    }

    /// Whether a further update may go into an entry (sync.md, "What a local write does"). A create that was rejected
    /// takes any: nothing of it is on the server, and mending the unique value is what it waits for.
    private func canFold(_ fields: JSONObject, naming ids: [String], into entry: OutboxEntry) throws -> Bool {
        let isRejectedCreate = entry.kind == .create && entry.state == .failed
        guard entry.isUnsent && entry.kind != .delete || isRejectedCreate else { return false }
        if try !isRejectedCreate && (facts(of: entry.table) ?? TableFacts()).involvesUnique(fields) { return false }
        if ids.isEmpty { return true }
        let known = try dependencies(of: entry.sequence)
        return ids.allSatisfy { id in known.contains { $0.hasSameBytes(as: id) } }
    }

    private func fold(_ fields: JSONObject, over images: JSONObject, into entry: inout OutboxEntry) throws {
        try noteSent(fields, in: &entry)
        for (field, value) in fields {
            if entry.kind == .update && entry.fields[field] == nil { entry.before[field] = images[field] }
            entry.fields[field] = value
        }
        entry.changedAt = max(entry.changedAt, environment.now())
    }

    private func addAlias(_ id: String, table: String, key: String?) throws {
        try db.perform(
            "INSERT INTO sync_aliases (local_id, collection, user, client_key, state) VALUES (?, ?, ?, ?, 'pending')",
            .text(id), .text(table), .text(try owner), .optional(key))
        noteAliases()
    }
}

extension JSONObject {
    /// The members that a test lets through, in order.
    func filtered(_ isIncluded: (String, JSON) throws -> Bool) rethrows -> JSONObject {
        JSONObject(unique: try filter { try isIncluded($0.key, $0.value) })
    }
}
