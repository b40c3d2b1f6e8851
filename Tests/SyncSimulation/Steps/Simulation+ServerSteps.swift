import BkendSync
import BkendWire

/// What others do on the server, and what its operators do.
extension Simulation {
    func performOnServer(_ kind: Step.Kind, _ random: inout SyncRandom) throws {
        switch kind {
        case .remoteCreate: remoteCreate(&random)
        case .remoteUpdate: remoteUpdate(&random)
        case .remoteQueued:
            let waited = Int64(random.number(31_000...120_000))
            remoteUpdate(&random, waited: waited)
        case .remoteIncrement: remoteIncrement(&random)
        case .remoteDelete: remoteDelete(&random)
        case .backup: backups.append(world.server.backup)
        case .skew:
            // Its clock is set; the nodes stay as far apart as the overlap covers.
            let step = Int64(random.number(-20_000...20_000))
            world.server.skews = world.server.skews.map { $0 + step }
        case .renew: world.renew("notes", keepingStamps: random.hits(0.5))
        case .revokeSessions: world.server.sessions.endAll(of: random.one(of: plan.owners))
        case .empty:
            world.server.emptyUntil["notes"] = world.now + 2_000
            world.serverWasEmptiedBefore = world.serverWasEmptied
            world.serverWasEmptied = world.now
        default:
            world.serverChangedRules = world.now
            changeRules(kind, &random)
            if kind == .restore { world.noteRestored() }
        }
    }

    private func changeRules(_ kind: Step.Kind, _ random: inout SyncRandom) {
        var server = world.server
        switch kind {
        case .permission:
            server[table: random.one(of: ["notes", "slugs"])]?.access = random.one(
                by: [
                    (TableAccess(user: .all, guest: .all), 4),
                    (TableAccess(user: [.create, .read, .list], own: .all), 2),
                    (TableAccess(user: [.create], own: .all), 1),
                    (TableAccess(user: [.read, .list], guest: [.read, .list]), 1),
                    (TableAccess(user: [.create, .update]), 1),
                ])
        case .column:
            server[table: "notes"]?.access.hidden = random.hits(0.5) ? [] : ["body"]
        case .rowFilter:
            server[table: "notes"]?.access.rowFilter = random.hits(0.5) ? nil : ["status": "open"]
        case .restore:
            // Mostly the last one.
            guard let last = backups.last else { break }
            server.restore(random.hits(0.8) ? last : random.one(of: backups), at: world.now)
        case .table:
            if server[table: "slugs"] == nil, let table = missing {
                server.tables.append(table)
                missing = nil
            } else {
                missing = server[table: "slugs"]
                server[table: "slugs"] = nil
            }
        case .schema:
            // Fields that the schema doesn't name, the key among them, are taken or not; slugs are unique or not.
            if random.hits(0.5) {
                server[table: random.one(of: ["slugs", "strict"])]?.takesExtraFields.toggle()
            } else if server[table: "slugs"]?.uniques.contains("slug") ?? false {
                server[table: "slugs"]?.uniques.removeAll { $0 == "slug" }
            } else {
                server[table: "slugs"]?.uniques.append("slug")
            }
        case .scope: server.refusedScopes = server.refusedScopes.isEmpty ? ["notes"] : []
        case .key: server.refusesKey.toggle()
        default: break
        }
        world.server = server
    }

    private func remoteCreate(_ random: inout SyncRandom) {
        let table = table(&random)
        tags += 1
        var fields: JSONObject = ["tag": .string("r\(tags)")]
        switch table {
        case "notes":
            fields["title"] = .string("R\(random.number(0...99))")
            fields["status"] = random.hits(0.5) ? "open" : "done"
            fields["count"] = .int(Int64(random.number(0...9)))
        case "slugs": fields["slug"] = .string("s\(random.number(0...7))")
        default: break
        }
        let user = random.one(of: plan.owners + ["eve"])
        remotely("creates \(table) \(fields)") {
            try $0.insert(
                table, fields, by: Caller(user: user, isAdmin: true), at: world.now, node: random.number(0...9))
        }
    }

    private func remoteRow(_ random: inout SyncRandom) -> (String, StoredRow)? {
        let table = table(&random)
        guard let rows = world.server[table: table]?.rows, !rows.isEmpty else { return nil }
        // Mostly the newest: those are what devices write as well.
        let recent = Array(rows.suffix(8))
        return (table, random.hits(0.7) ? random.one(of: recent) : random.one(of: rows))
    }

    /// - Parameter waited: how long the update has waited for the server's writer: its stamp is that of its turn.
    private func remoteUpdate(_ random: inout SyncRandom, waited: Int64 = 0) {
        guard let (table, row) = remoteRow(&random) else { return }
        var fields = JSONObject()
        switch table {
        case "notes":
            fields["title"] = .string("V\(random.number(0...99))")
            if random.hits(0.3) { fields["status"] = random.hits(0.5) ? "open" : "done" }
            if random.hits(0.3) { fields["count"] = .int(Int64(random.number(0...9))) }
        case "slugs": fields["slug"] = .string("s\(random.number(0...7))")
        default: fields["count"] = .int(Int64(random.number(0...99)))
        }
        remotely("updates \(table)/\(row.id) \(fields)") {
            let late = world.planted.stampsBeforeQueue ? waited : 0
            try $0.change(table, row, fields, at: world.now, late: late, node: random.number(0...9), by: .admin)
        }
    }

    private func remoteIncrement(_ random: inout SyncRandom) {
        guard let rows = world.server[table: "counters"]?.rows, !rows.isEmpty else { return }
        let row = random.one(of: rows)
        let step = Int64(random.number(1...3))
        let fields: JSONObject = ["count": .int((row.document["count"]?.intValue ?? 0) + step)]
        world.applied.added[RecordKey("counters", row.id), default: 0] += step
        remotely("adds \(step) to counters/\(row.id)") {
            try $0.change("counters", row, fields, at: world.now, node: random.number(0...9), by: .admin)
        }
    }

    private func remoteDelete(_ random: inout SyncRandom) {
        guard let (table, row) = remoteRow(&random) else { return }
        world.note("server: another deletes \(table)/\(row.id)")
        world.server.remove(row.id, from: table, at: world.now)
    }

    private func remotely(_ what: String, _ body: (inout ServerModel) throws -> Void) {
        do {
            try body(&world.server)
            world.note("server: another \(what)")
        } catch {
            world.note("server: another \(what), refused")
        }
        world.server.log = []
    }
}
