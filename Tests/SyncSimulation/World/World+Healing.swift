import BkendDocuments
import BkendSync
import BkendWire
import GRDB

/// The end of a run: faults stop, everything comes back, and after a while nothing may be left open.
extension World {
    /// What healing takes once the last copy of a request has arrived: the waits of the engine, and a full comparison.
    package static let quiet: Int64 = 200_000

    /// Ends every fault, starts and signs in every device, and lets time pass.
    package func heal(for quiet: Int64 = World.quiet) throws {
        note("— everything heals")
        profile = FaultProfile()
        refreshLoss = 0
        script = []
        swapping = [:]
        server.refusesKey = false
        server.refusedScopes = []
        server.emptyUntil = [:]
        server.files.isServed = true
        fileTrouble = FileTrouble()
        serverChangedRules = now
        for device in devices {
            device.blackoutUntil = 0
            try device.emptyDisk()
            let isAccepted =
                device.session.user == device.owner
                && (device.owner.isEmpty || !device.session.isLastToken && isAccepted(device.session.tokens))
            if !isAccepted { signIn(device) }
            if !device.isUp {
                try start(device)
            } else {
                if !isAccepted { try tell(device, .sessionChanged(user: device.session.user)) }
            }
            try tell(device, .networkChanged(reachable: true))
            try tell(device, .resume)
            try tell(device, .syncNow)
        }
        try run(until: max(now, lastDelivery) + quiet / 2)
        try runUntilUploaded()
        if mayCheckPulls {
            try runUntilSeen()
            try checkPulls()
        }
        // The session is confirmed, and with it everything is compared.
        for device in devices { try tell(device, .sessionChanged(user: device.session.user)) }
        let known = server.history.count
        try run(for: quiet / 2)
        if server.history.count != known { try runUntilSeen() }
    }

    /// Lets so much time pass that every device sees what was written last: a create whose answer was lost is sent again
    /// after a minute, and a poll comes once a minute.
    private func runUntilSeen() throws {
        for _ in 0..<6 {
            let known = server.history.count
            try run(for: 180_000)
            if server.history.count == known { return }
        }
        throw Violation(.liveness, "a quarter of an hour after everything has healed something is still written")
    }

    private func isAccepted(_ tokens: ServerSessions.Tokens?) -> Bool {
        guard let tokens else { return false }
        if case .success = server.sessions.user(of: tokens.access, at: now) { return true }
        return false
    }

    /// Promise 3, without the help of a full comparison: pulls and counts alone bring every change, as long as nothing but
    /// writes changes what the server lists.
    private func checkPulls() throws {
        for device in devices {
            try device.store?.read { snapshot in
                for subscription in try snapshot.subscriptions.all() { try checkCache(device, snapshot, subscription) }
            }
        }
    }

    /// Promises 3 and 6: each cache is the server's list answer, each outbox empty or with a reason for each entry.
    package func checkConvergence() throws {
        for device in devices {
            guard let store = device.store else { continue }
            try store.read { snapshot in
                try checkSettled(device, snapshot)
                for subscription in try snapshot.subscriptions.all() { try checkCache(device, snapshot, subscription) }
                try checkLog(device, snapshot)
                try checkAliases(device, snapshot)
            }
            try store.writer.read { db in
                let flaw = try String.fetchOne(db, sql: "PRAGMA integrity_check")
                if flaw != "ok" { throw Violation(.broken, "d\(device.number): integrity_check says \(flaw ?? "")") }
            }
        }
        try checkFilesInTheEnd()
        for (row, number) in applied.twins {
            // Where no key may be stored, nobody can tell a copy from another record.
            let isThere = server.history.versions(row.table, row.id).last?.document?["clientKey"] != nil
            let device = devices[number]
            if isThere, !device.observer.reported.contains(row), !isAlone(row), try isShown(row, to: device) {
                throw Violation(.noCreateTwice, "d\(number): the second copy \(row.id) is neither deleted nor reported")
            }
        }
    }

    /// Whether a row is the only one of its create that the server still has: then it is no second copy any more.
    private func isAlone(_ row: RecordKey) -> Bool {
        let rows = server[table: row.table]?.rows ?? []
        guard let tag = rows.first(where: { $0.id == row.id })?.document["tag"] else { return true }
        return rows.filter { $0.document["tag"] == tag }.count < 2
    }

    /// Whether one of a device's subscriptions shows it a row: what it never sees it can't know.
    private func isShown(_ row: RecordKey, to device: SimulatedDevice) throws -> Bool {
        let caller = Caller(user: device.owner)
        for subscription in try device.store?.read({ try $0.subscriptions.all(of: row.table) }) ?? [] {
            let filter = subscription.filter
            let listed = server.listed(row.table, and: filter.andFilters, or: filter.orFilters, by: caller) ?? []
            if listed.contains(where: { $0["id"]?.stringValue == row.id }) { return true }
        }
        return false
    }

    private func checkSettled(_ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        for entry in try snapshot.outbox.entries() {
            let place =
                "d\(device.number) entry \(entry.sequence) (\(entry.kind.rawValue) \(entry.table)/\(entry.record))"
            switch entry.state {
            case .failed, .unresolved:
                if entry.failure == nil {
                    throw Violation(.isolation, "\(place) is \(entry.state.rawValue) without a reason")
                }
            case .blocked:
                let stuck = try snapshot.outbox.entries().filter {
                    $0.state == .unresolved || $0.state == .failed && $0.kind == .create
                }
                if stuck.isEmpty { throw Violation(.isolation, "\(place) is blocked by nothing") }
            case .queued, .inFlight, .ambiguous:
                if try waitsForPause(entry, device, snapshot) { continue }
                if try waitsForSignIn(entry, device, snapshot) || isHeldUp(entry, snapshot) { continue }
                throw Violation(.liveness, "\(place) is still \(entry.state.rawValue); status \(device.status.state)")
            }
        }
    }

    /// Whether an entry's table is paused, or that of a record it names and has to wait for.
    private func waitsForPause(
        _ entry: OutboxEntry, _ device: SimulatedDevice, _ snapshot: StoreSnapshot
    ) throws -> Bool {
        if device.status.pausedTables.contains(where: { $0.table == entry.table }) { return true }
        return try snapshot.outbox.dependencies(of: entry.sequence).contains { id in
            guard let alias = try snapshot.aliases.alias(id) else { return false }
            // Ids ascend in the order of their creates, so that this comes to an end.
            return try snapshot.outbox.entries(of: alias.table, id).contains {
                try $0.sequence < entry.sequence && waitsForPause($0, device, snapshot)
            }
        }
    }

    /// Every id that the app was ever given still leads to its record.
    private func checkAliases(_ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        for key in device.remembered where device.localIDs.contains(key.id) {
            guard let alias = try snapshot.aliases.alias(key.id) else {
                throw Violation(.order, "d\(device.number): the local id \(key.id) is forgotten")
            }
            guard let id = alias.serverID, device.observer.shown[RecordKey(key.table, id)] != nil else { continue }
            if try snapshot.documents.document(key.table, key.id) == nil {
                throw Violation(.order, "d\(device.number): the local id \(key.id) doesn't lead to \(id)")
            }
        }
    }

    private func checkCache(
        _ device: SimulatedDevice, _ snapshot: StoreSnapshot, _ subscription: Subscription
    ) throws {
        let place = "d\(device.number) subscription \(subscription.number) (\(subscription.table))"
        let filter = subscription.filter
        let caller = Caller(user: device.owner)
        let listed = server.listed(
            subscription.table, and: filter.andFilters, or: filter.orFilters, by: caller)
        let phase = device.status.subscriptions.first { $0.id == subscription.number }?.phase
        guard let listed else {
            if phase != .denied {
                throw Violation(.convergence, "\(place): listing is denied, the status says \(phase as Any)")
            }
            return
        }
        if phase != .current { throw Violation(.convergence, "\(place): the status says \(phase as Any)") }
        var expected = listed.compactMap { $0["id"]?.stringValue }
        // A row that this device has deleted, and the server refuses to delete, is a dead letter and still listed.
        var members = try snapshot.members.all(of: subscription.number)
        expected.sort { $0.precedesInBytes($1) }
        members.sort { $0.precedesInBytes($1) }
        if expected != members {
            let missing = expected.filter { !members.contains($0) }
            let extra = members.filter { !expected.contains($0) }
            throw Violation(.convergence, "\(place): it lacks \(missing), and has \(extra) too much")
        }
        for document in listed {
            let id = document["id"]?.stringValue ?? ""
            guard let base = try snapshot.documents.base(subscription.table, id),
                let known = try JSON(parsing: base.bytes).objectValue, known.says(sameAs: document)
            else {
                let known = try snapshot.documents.base(subscription.table, id).map {
                    String(decoding: $0.bytes, as: UTF8.self)
                }
                throw Violation(
                    .convergence, "\(place): \(id) is \(document) on the server, \(known ?? "nothing") here")
            }
        }
    }

    /// The change log told everything: what the observer has seen is what is there.
    private func checkLog(_ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        for table in try snapshot.tables {
            let there = try snapshot.documents.find(Query(page: Query.Page(limit: 1_000_000)), in: table)
            let seen = device.observer.shown.filter { $0.key.table == table }
            if there.count != seen.count {
                throw Violation(
                    .noFlicker, "d\(device.number): \(table) has \(there.count) records, an observer saw \(seen.count)")
            }
            for text in there {
                let document = try JSON(parsing: text.bytes).objectValue ?? [:]
                let shown = device.observer.shown[RecordKey(table, document["id"]?.stringValue ?? "")]
                if shown != document {
                    throw Violation(
                        .noFlicker, "d\(device.number): an observer saw \(shown ?? [:]), there is \(document)")
                }
            }
        }
    }

    /// Promise 3: another sync writes nothing, tells nobody, and asks little; left alone, an engine asks one question an
    /// interval. A device with a write that still waits has something to do.
    package func checkNothingToDo() throws {
        let idle = try devices.filter { device in
            // A guest's refused change stays in doubt if an earlier answer to it was lost.
            try device.store?.read { snapshot in
                try [.queued, .inFlight, .ambiguous].allSatisfy { try snapshot.outbox.entries(state: $0).isEmpty }
            } ?? false
        }
        try check(idle, "a sync with nothing to do", asking: 6, after: 4_000) {
            for device in devices { try tell(device, .syncNow) }
        }
        try check(idle, "an idle engine", asking: 3, after: 65_000) {}
    }

    private func check(
        _ idle: [SimulatedDevice], _ what: String, asking limit: Int, after wait: Int64, _ body: () throws -> Void
    ) throws {
        func state(_ device: SimulatedDevice) throws -> (written: Int, change: Int64, sent: Int) {
            let written = try device.writer.read { $0.totalChangesCount }
            return (written, device.observer.change, device.budget.total)
        }
        let before = try idle.map(state)
        try body()
        try run(for: wait)
        for (device, (written, change, sent)) in zip(idle, before) {
            let place = "d\(device.number): \(what)"
            let now = try state(device)
            if now.written != written { throw Violation(.convergence, "\(place) wrote \(now.written - written) rows") }
            if now.change != change { throw Violation(.convergence, "\(place) told the observers something") }
            // A round may read all that was written lately again, page by page, and pages are small after losses.
            let pages = device.observer.keys.count / min(configuration.pageLimit, 6)
            let subscriptions = try device.store?.read { try $0.subscriptions.all().count } ?? 0
            if now.sent - sent > (limit + 2 * pages) * subscriptions {
                throw Violation(.budget, "\(place) sent \(now.sent - sent) requests in \(wait / 1_000) s")
            }
        }
    }
}
