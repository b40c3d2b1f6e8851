import BkendSync
import BkendWire

/// Where entries may go (sync.md, promise 1): onto the server, into a report, to the dead letters, or where the app
/// puts them.
extension World {
    func checkOutbox(
        _ device: SimulatedDevice, _ snapshot: StoreSnapshot, _ entries: [OutboxEntry], _ cause: Cause,
        hadReports: Int64
    ) throws {
        if cause == .app { return }
        let present = Set(entries.map(\.sequence))
        for (number, entry) in device.observer.entries.sorted(by: { $0.key < $1.key }) where !present.contains(number) {
            try checkSettled(entry, device, snapshot, entries)
        }
        for entry in entries {
            guard let before = device.observer.entries[entry.sequence] else { continue }
            try checkImages(of: entry, before: before, device, hadReports: hadReports)
        }
    }

    /// Whether another device has made the same deleted record again, and with what was changed here: then nothing is
    /// left to do.
    private func isMadeAgainAlike(_ entry: OutboxEntry, as id: String) -> Bool {
        guard !server.history.versions(entry.table, entry.record).isEmpty else { return false }
        return server.history.versions(entry.table, id).contains { version in
            guard let document = version.document else { return false }
            return entry.fields.allSatisfy { field, value in
                [entry.before[field], document[field]].contains { $0?.says(sameAs: value) ?? false }
            }
        }
    }

    private func checkSettled(
        _ entry: OutboxEntry, _ device: SimulatedDevice, _ snapshot: StoreSnapshot, _ entries: [OutboxEntry]
    ) throws {
        let place = "d\(device.number) entry \(entry.sequence) (\(entry.kind.rawValue) \(entry.table)/\(entry.record))"
        let rows = applied.rows(entry.sequence, of: device.number)
        let key = RecordKey(entry.table, entry.record)
        if entry.kind == .create {
            // It was to be made again and is there: from a backup for example.
            let isThere = server.history.versions(entry.table, entry.record).last?.document != nil
            if isThere, isMadeAgainAlike(entry, as: entry.record) { return }
            // A file that somebody has deleted on the server isn't uploaded again, and the app is told so.
            if entry.table == ServerFiles.table, device.observer.reported.contains(key) { return }
            guard let alias = try snapshot.aliases.alias(entry.record), let id = alias.serverID else {
                throw Violation(.nothingLost, "\(place) is gone, and its record has no id on the server")
            }
            // The row that it has become must be one that it made.
            if !rows.contains(where: { $0.id.hasSameBytes(as: id) }), !isMadeAgainAlike(entry, as: id) {
                throw Violation(
                    .nothingLost, "\(place) is gone; it took \(id) for its own, which made \(rows.map(\.id))")
            }
            return
        }
        // A record that was made again has another id by now, and so has its report.
        let present = RecordKey(entry.table, try snapshot.aliases.alias(entry.record)?.serverID ?? entry.record)
        if !rows.isEmpty || [key, present].contains(where: { device.observer.reported.contains($0) }) { return }
        // Another entry took its fields along: the record is made anew.
        if entries.contains(where: { $0.record == entry.record && $0.kind == .create }) { return }
        let versions = server.history.versions(entry.table, entry.record)
        switch entry.kind {
        case .update:
            let isAgreed = versions.contains { version in
                guard let document = version.document else { return false }
                return entry.fields.allSatisfy { member in
                    document[member.key].map { $0.says(sameAs: member.value) } ?? false
                }
            }
            if !isAgreed { throw Violation(.nothingLost, "\(place) is gone and was neither applied nor reported") }
        default:
            if versions.last?.document != nil, !versions.contains(where: { $0.document == nil }) {
                throw Violation(.nothingLost, "\(place) is gone, and the server still has the record")
            }
        }
    }

    /// The first entry of a record takes a new before-image from the server only by deciding a conflict, and that is
    /// reported.
    private func checkImages(
        of entry: OutboxEntry, before: OutboxEntry, _ device: SimulatedDevice, hadReports: Int64
    ) throws {
        guard entry.kind == .update, before.kind == .update, device.observer.report == hadReports else { return }
        let isHead = !device.observer.entries.values.contains {
            $0.table == before.table && $0.record == before.record && $0.sequence < before.sequence && $0.isLive
        }
        guard isHead, before.isLive, entry.isLive else { return }
        for (field, mine) in entry.fields {
            guard let old = before.before[field], let new = entry.before[field], before.fields[field] != nil else {
                continue
            }
            if !old.says(sameAs: new) && !new.says(sameAs: mine) {
                throw Violation(
                    .conflictsReported,
                    "d\(device.number) entry \(entry.sequence): \(field) was \(old) and is \(new) on the server; no report"
                )
            }
        }
    }
}
