import BkendSync
import BkendWire

/// What an app writes, checked at once: a write that returned is in the outbox, or was folded into what is there.
extension World {
    /// Creates a record.
    package func create(
        _ table: String, _ fields: JSONObject, on device: SimulatedDevice, in transaction: StoreTransaction,
        withKey: Bool? = nil
    ) throws -> String {
        let id = try transaction.writes.create(table, fields, withKey: withKey)
        device.localIDs.insert(id)
        guard let entry = try transaction.outbox.entries(of: table, id).last, entry.kind == .create,
            try transaction.documents.document(table, id) != nil
        else { throw Violation(.nothingLost, "d\(device.number): the create of \(id) left no entry") }
        return id
    }

    /// Sets fields of a record.
    ///
    /// - Parameter seen: the record as a form showed it; nil for the present one.
    package func update(
        _ key: RecordKey, _ fields: JSONObject, on device: SimulatedDevice, in transaction: StoreTransaction,
        seen: JSONObject? = nil
    ) throws {
        let unseen = try seen.map { try self.unseen($0, fields, of: key, in: transaction) } ?? [:]
        let known = planted.savesFormsBlindly ? nil : seen
        guard try transaction.writes.update(key.table, key.id, set: fields, seen: known) else { return }
        let live = try transaction.outbox.entries(of: key.table, key.id).filter(\.isLive)
        guard let last = live.last else {
            throw Violation(.nothingLost, "d\(device.number): the update of \(key.id) left no entry")
        }
        if last.kind == .update, !unseen.isEmpty {
            let entry = AppliedWrites.Key(device: device.number, entry: last.sequence)
            for (field, value) in unseen { applied.forms[entry, default: [:]][field] = value }
        }
    }

    /// What a form's writer saw of the fields that the server has changed since, as far as the device knows. What this
    /// device's own waiting writes set is nobody else's change.
    private func unseen(
        _ seen: JSONObject, _ fields: JSONObject, of key: RecordKey, in transaction: StoreTransaction
    ) throws -> JSONObject {
        let id = try transaction.aliases.alias(key.id)?.serverID ?? key.id
        guard let base = try transaction.documents.base(key.table, id),
            let known = try JSON(parsing: base.bytes).objectValue
        else { return [:] }
        let own = try transaction.outbox.entries(of: key.table, id).filter(\.isLive)
        var unseen = JSONObject()
        for field in fields.keys where !own.contains(where: { $0.kind == .create || $0.fields[field] != nil }) {
            if let then = seen[field], let now = known[field], !now.says(sameAs: then) { unseen[field] = then }
        }
        return unseen
    }

    /// Deletes a record.
    package func delete(_ key: RecordKey, on device: SimulatedDevice, in transaction: StoreTransaction) throws {
        let document = try transaction.documents.document(key.table, key.id).map {
            try JSON(parsing: $0.bytes).objectValue ?? [:]
        }
        if let word = AppliedWrites.word(of: document) {
            applied.deletedByUser[device.number, default: []].insert(word)
        }
        try transaction.writes.delete(key.table, key.id)
        if try transaction.documents.document(key.table, key.id) != nil {
            throw Violation(.noFlicker, "d\(device.number): \(key.id) is visible after its deletion")
        }
    }

    /// A table is dumped, emptied and imported under new ids.
    package func renew(_ table: String, keepingStamps: Bool) {
        note("server: \(table) comes back under new ids")
        serverChangedRules = now
        for (old, new) in server.renew(table, at: now, keepingStamps: keepingStamps) { applied.renew(old, as: new) }
    }

    /// Another process of the device begins to lead; the old leader finds out by itself.
    package func usurp(_ device: SimulatedDevice) throws {
        guard let old = device.machine else { return }
        note("d\(device.number): another process begins to lead")
        // The old leader hears of nothing any more but its timer.
        let store = device.store
        device.crash()
        // It leads once that is on the disk.
        let slowest = slowestCommit
        slowestCommit = 0
        try start(device)
        slowestCommit = slowest
        for effect in old.handle(.timer, at: instant) {
            if case .send(let id, let request) = effect {
                throw Violation(
                    .order, "d\(device.number): a leader that was replaced sent \(id) \(Trace.text(request))")
            }
        }
        _ = store
        try inspect(device, after: .engine)
    }
}

extension ServerModel {
    /// Fills a table with records, all made at one moment or each a millisecond after the other.
    package mutating func fill(_ table: String, _ count: Int, at moment: Int64, apart: Int64 = 0) {
        for index in 0..<count {
            let fields: JSONObject = ["title": .string("\(index)")]
            _ = try? insert(table, fields, by: .admin, at: moment + Int64(index) * apart)
        }
        log = []
    }

    /// Another client deletes a record.
    package mutating func remove(_ id: String, from table: String, at now: Int64) {
        guard self[table: table]?.row(id) != nil else { return }
        self[table: table]?.remove(id)
        history.noteDeletion(table, id, at: now)
    }
}
