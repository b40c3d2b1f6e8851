import BkendDocuments
import BkendSync
import BkendWire

/// What is looked at after every transaction of a device.
extension World {
    /// Whose transaction it was.
    enum Cause { case app, engine, start }

    func inspect(_ device: SimulatedDevice, after cause: Cause) throws {
        guard let store = device.store else { return }
        device.observer.transactions += 1
        if device.observer.transactions % inspectionInterval != 0 { return }
        try store.read { snapshot in
            let latest = try snapshot.changes.latest
            let outbox = try snapshot.outboxVersion
            if latest == device.observer.change && outbox == device.observer.outbox { return }
            let hadReports = device.observer.report
            if outbox != device.observer.outbox { device.observer.note(try snapshot.reports.all(after: hadReports)) }
            let changed = try follow(device, snapshot, cause)
            if outbox != device.observer.outbox {
                device.observer.outbox = outbox
                let entries = try snapshot.outbox.entries()
                try checkOutbox(device, snapshot, entries, cause, hadReports: hadReports)
                device.observer.entries = Dictionary(uniqueKeysWithValues: entries.map { ($0.sequence, $0) })
                try checkPending(device, entries)
                try checkBytes(device, snapshot)
            } else if !device.observer.entries.isEmpty {
                let entries = device.observer.entries.values.filter { changed.contains(RecordKey($0.table, $0.record)) }
                try checkPending(device, entries.sorted { $0.sequence < $1.sequence })
            }
        }
    }

    /// Follows the change log; the records that changed.
    private func follow(
        _ device: SimulatedDevice, _ snapshot: StoreSnapshot, _ cause: Cause
    ) throws -> Set<RecordKey> {
        guard case .rows(let rows) = try snapshot.changes.rows(after: device.observer.change) else {
            throw Violation(.broken, "d\(device.number): an observer that reads after every transaction fell behind")
        }
        var changed: Set<RecordKey> = []
        var gone: [RecordKey] = []
        for row in rows {
            device.observer.change = row.sequence
            let key = RecordKey(row.table, row.record)
            changed.insert(key)
            if let formerly = row.formerly { device.observer.move(RecordKey(row.table, formerly), to: key) }
            if row.kind == .state { continue }
            let old = device.observer.shown[key]
            let text = try snapshot.documents.document(row.table, row.record)?.bytes
            let new = try text.map { try JSON(parsing: $0).objectValue ?? [:] }
            if let new, new["id"]?.stringValue != row.record {
                throw Violation(
                    .noFlicker, "d\(device.number): the record \(row.record) shows the id \(new["id"] ?? .null)")
            }
            device.observer.set(new, at: key)
            if old == nil && new != nil { try checkAppearance(key, device, snapshot, cause) }
            if let old, new == nil {
                try checkDisappearance(key, old, device, snapshot, cause)
                if key.table == "notes" { gone.append(key) }
            }
            try checkVersion(key, device, snapshot)
        }
        try checkMassRemoval(gone, device, cause)
        for row in rows { try checkTwice(RecordKey(row.table, row.record), device, snapshot) }
        return changed
    }

    /// A pending change is visible, at every moment (sync.md, promise 4): visible is the base with the entries replayed.
    private func checkPending(_ device: SimulatedDevice, _ entries: [OutboxEntry]) throws {
        var expected: [RecordKey: [(String, JSON)]?] = [:]
        var order: [RecordKey] = []
        for entry in entries where entry.isLive {
            let key = RecordKey(entry.table, entry.record)
            if expected[key] == nil { order.append(key) }
            switch entry.kind {
            case .create: expected[key] = .some(entry.fields.map { ($0.key, $0.value) })
            case .update:
                expected[key] = .some((expected[key] ?? []).map { $0 + entry.fields.map { ($0.key, $0.value) } } ?? [])
            case .delete: expected[key] = .some(nil)
            }
        }
        for key in order {
            guard let fields = expected[key] ?? nil else {
                if device.observer.shown[key] != nil {
                    throw Violation(
                        .noFlicker, "d\(device.number): \(key.table)/\(key.id) is visible while its deletion waits")
                }
                continue
            }
            guard let shown = device.observer.shown[key] else {
                throw Violation(
                    .noFlicker, "d\(device.number): \(key.table)/\(key.id) is not visible while a write of it waits")
            }
            let last = JSONObject(fields)
            for (field, value) in last where !(shown[field].map { $0.says(sameAs: value) } ?? false) {
                throw Violation(
                    .noFlicker,
                    "d\(device.number): \(key.table)/\(key.id) shows \(field) as \(shown[field] ?? .null), not as the "
                        + "waiting \(value)")
            }
        }
    }

    /// One create, one visible record; two only while the server has two, or while nobody can say whether one of the
    /// server's is ours.
    private func checkTwice(_ key: RecordKey, _ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        guard let tag = device.observer.shown[key]?["tag"]?.stringValue,
            let keys = device.observer.tagged[tag]?.filter({ $0.table == key.table }), keys.count > 1
        else { return }
        let local = keys.filter { server.history.versions($0.table, $0.id).isEmpty }
        for key in local {
            if try snapshot.documents.syncState(key.table, key.id) == .unresolved { return }
            let create = try snapshot.outbox.entries(of: key.table, key.id).first { $0.kind == .create }
            guard let create else { continue }
            if applied.retriedByApp.contains(.init(device: device.number, entry: create.sequence)) { return }
            // A copy that the network made of a request without a key: nobody can know it.
            // A guest's, of which the user's store had seen the row already: a lookup finds that they are one.
            if moved.values.contains(.init(device: device.number, entry: create.sequence)) { return }
            if create.clientKey == nil, hadCopy(of: create.sequence, device: device.number) { return }
            // It was told another create's refusal, and nothing in a refusal shows whose it is.
            if create.clientKey == nil,
                applied.misrefused.contains(.init(device: device.number, entry: create.sequence))
            {
                return
            }
            // What it made has been deleted meanwhile: no lookup finds that, and it is sent again.
            let made = applied.rows(create.sequence, of: device.number)
            if made.contains(where: { server.history.versions(key.table, $0.id).last?.document == nil }) { return }
        }
        if !local.isEmpty {
            throw Violation(.noFlicker, "d\(device.number): \(tag) is visible twice: \(keys.map(\.id))")
        }
    }
}
