import BkendDocuments
import BkendSync
import BkendWire

/// What may appear, disappear and go back (sync.md, promise 4).
extension World {
    func checkAppearance(
        _ key: RecordKey, _ device: SimulatedDevice, _ snapshot: StoreSnapshot, _ cause: Cause
    ) throws {
        // Discarding a deletion brings the record back, even one that the server has deleted by now.
        if cause == .app { device.observer.deletedHere[key] = nil }
        let isOnServer = server.history.versions(key.table, key.id).last?.document != nil
        let place = "d\(device.number): \(key.table)/\(key.id)"
        if let number = device.observer.deletedHere[key] {
            if let entry = try snapshot.outbox.entry(number), entry.isLive, entry.kind == .delete {
                throw Violation(.noFlicker, "\(place) came back while its deletion waits")
            }
            // Refused at a later try, though the first one had been carried out: the app has been told so.
            if try snapshot.outbox.entry(number)?.state == .failed {
                device.observer.deletedHere[key] = nil
                return
            }
            let isDone = !applied.rows(number, of: device.number).isEmpty
            if isDone && !isOnServer { throw Violation(.noFlicker, "\(place) came back after it was deleted here") }
            device.observer.deletedHere[key] = nil
        }
        if let deletion = device.observer.goneElsewhere.removeValue(forKey: key), !device.localIDs.contains(key.id) {
            // A backup may have brought it back for a while.
            let wasBack = server.history.versions(key.table, key.id).contains {
                $0.number > deletion && $0.document != nil
            }
            if !wasBack { throw Violation(.noFlicker, "\(place) came back after it was deleted elsewhere") }
        }
    }

    /// `old`: what was shown of it.
    func checkDisappearance(
        _ key: RecordKey, _ old: JSONObject, _ device: SimulatedDevice, _ snapshot: StoreSnapshot, _ cause: Cause
    ) throws {
        let place = "d\(device.number): \(key.table)/\(key.id)"
        if let deletion = try snapshot.outbox.entries(of: key.table, key.id).last(where: {
            $0.kind == .delete && $0.isLive
        }) {
            device.observer.deletedHere[key] = deletion.sequence
            return
        }
        if cause == .app { return }
        let versions = server.history.versions(key.table, key.id)
        guard let last = versions.last else {
            if device.observer.reported.contains(key) { return }
            throw Violation(.noFlicker, "\(place), which only this device has, disappeared")
        }
        if last.document == nil {
            device.observer.goneElsewhere[key] = last.number
            return
        }
        let horizon = now - 120_000
        if max(serverChangedRules, serverWasEmptied) > horizon || device.observer.subscriptionsChanged > horizon {
            return
        }
        if versions.contains(where: { $0.at > horizon && ($0.document == nil || $0.isRestored) }) { return }
        let caller = Caller(user: device.owner)
        guard let access = server[table: key.table]?.access, access.scope(.list, caller) != .nothing else { return }
        // What was it in the last two minutes?
        let start = versions.lastIndex { $0.at <= horizon } ?? 0
        let recent = versions[start...].compactMap(\.document)
        for subscription in try snapshot.subscriptions.all(of: key.table) {
            let filter = try ServerFilter(and: subscription.filter.andFilters, or: subscription.filter.orFilters)
            // One that has moved from one subscription to another is not known to, before that one is read.
            let belongs =
                filter.matches(old)
                && recent.allSatisfy { document in
                    access.lists(document, to: caller) && filter.matches(access.shown(document, to: caller))
                }
            if belongs { throw Violation(.noFlicker, "\(place) disappeared though the server lists it all the time") }
        }
    }

    /// Most rows of a table don't go because it answered once as if it were empty (sync.md, "Comparison"): it is asked
    /// again, a poll later.
    func checkMassRemoval(_ gone: [RecordKey], _ device: SimulatedDevice, _ cause: Cause) throws {
        guard cause == .engine, gone.count > 1, now - serverWasEmptied < 5_000,
            now - max(serverChangedRules, serverWasEmptiedBefore) > 120_000
        else { return }
        let shown = gone.count + device.observer.shown.keys.count { $0.table == gone[0].table }
        let isListed = gone.filter { server.history.versions($0.table, $0.id).last?.document != nil }
        if 2 * isListed.count > shown {
            throw Violation(.noFlicker, "d\(device.number): \(gone.count) rows are gone after one empty answer")
        }
    }

    /// The server's word on a record is never replaced by an older one.
    func checkVersion(_ key: RecordKey, _ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        guard let base = try snapshot.documents.base(key.table, key.id),
            let updatedAt = try JSON(parsing: base.bytes)["updatedAt"]?.stringValue
        else { return }
        let versions = server.history.versions(key.table, key.id)
        guard let version = versions.last(where: { $0.updatedAt == updatedAt }) else { return }
        let known = device.observer.versions[key] ?? 0
        device.observer.versions[key] = max(known, version.number)
        if version.number < known, !versions.contains(where: \.isRestored) {
            throw Violation(
                .noFlicker,
                "d\(device.number): \(key.table)/\(key.id) went back to what the server said at \(updatedAt)")
        }
    }
}
