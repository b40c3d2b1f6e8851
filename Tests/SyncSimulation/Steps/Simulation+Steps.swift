import BkendSync
import BkendWire

/// What the steps of a plan are.
extension Simulation {
    func perform(_ step: Step) throws {
        let device = world.devices[step.device]
        var random = SyncRandom(seed: step.pick)
        world.note("— \(step.kind.rawValue)")
        switch step.kind {
        case .create: try create(device, &random, naming: false)
        case .createNaming: try create(device, &random, naming: true)
        case .update: try update(device, &random, naming: false)
        case .updateNaming: try update(device, &random, naming: true)
        case .delete: try delete(device, &random)
        case .batch: try batch(device, &random)
        case .retry, .discard, .edit: try decide(device, step.kind, &random)
        case .acknowledge:
            try world.act(device, "acknowledges the reports", telling: .localWrite) { transaction in
                for report in try transaction.reports.all() { try transaction.reports.acknowledge(report.number) }
            }
        case .openForm: openForm(device, &random)
        case .saveForm: try saveForm(device, &random)
        case .increment: try increment(device, &random)
        case .subscribe: try subscribe(device, at: random.number(0...5))
        case .unsubscribe: try unsubscribe(device, &random)
        case .pause: try world.tell(device, .pause)
        case .resume: try world.tell(device, .resume)
        case .syncNow: try world.tell(device, .syncNow)
        case .crash: world.crash(device, restartAfter: Int64(random.number(1...30_000)))
        case .blackout: device.blackoutUntil = world.now + Int64(random.number(1_000...90_000))
        case .reachability: try world.tell(device, .networkChanged(reachable: random.hits(0.6)))
        case .signOut: try changeUser(device, to: nil)
        case .otherUser: try changeUser(device, to: "mallory")
        case .signIn:
            if device.session.user != device.owner { try changeUser(device, to: device.owner) }
        case .clock: device.environment.step(by: Int64(random.number(-86_400_000...86_400_000)))
        case .usurp: try world.usurp(device)
        case .fillDisk:
            try device.fillDisk()
            world.schedule(
                .diskHasRoom(device: device.number, filling: device.fillings),
                at: world.now + Int64(random.number(1_000...60_000)))
        case .attach, .attachNaming, .nameFile, .replaceFile, .deleteFile, .editFile, .replaceBytes, .openFile,
            .evictFiles, .sweepFiles, .leaveBytes, .loseBytes, .uploadNow, .takeOver, .moveGuest:
            try performOnFiles(device, step.kind, &random)
        case .remoteFile, .remoteDeleteFile, .sweepKeys, .strangersKey, .filesOff:
            try performOnServersFiles(step.kind, &random)
        default: try performOnServer(step.kind, &random)
        }
    }

    private func changeUser(_ device: SimulatedDevice, to user: String?) throws {
        if let user {
            world.signIn(device, as: user)
        } else {
            device.session = SimulatedSession()
        }
        try world.tell(device, .sessionChanged(user: device.session.user))
    }

    // MARK: Writing

    /// A create in one of the tables, with a word that no other has.
    func fields(_ table: String, _ device: SimulatedDevice, _ random: inout SyncRandom, naming: Bool) -> JSONObject {
        tags += 1
        var fields: JSONObject = ["tag": .string("t\(tags)")]
        switch table {
        case "notes":
            fields["title"] = .string(
                random.hits(0.04) ? String(repeating: "x", count: 41) : "T\(random.number(0...99))")
            fields["body"] = .string("b\(random.number(0...9))")
            if random.hits(0.4) { fields["status"] = random.hits(0.5) ? "open" : "done" }
            if random.hits(0.3) { fields["when"] = .string("2026-02-\(random.number(10...28))T10:00:00+01:00") }
            if random.hits(0.3) { fields["count"] = .int(Int64(random.number(0...9))) }
        case "slugs": fields["slug"] = .string("s\(random.number(0...7))")
        default: fields["count"] = .int(Int64(random.number(0...9)))
        }
        if naming, table == "notes" { name(device, in: &fields, &random) }
        return fields
    }

    /// Another record's id in a value, or as an object's key.
    private func name(_ device: SimulatedDevice, in fields: inout JSONObject, _ random: inout SyncRandom) {
        guard !device.remembered.isEmpty else { return }
        let id = random.one(of: Array(device.remembered.suffix(8))).id
        switch random.number(0...2) {
        case 0: fields["parent"] = .string(id)
        case 1: fields["links"] = .object([id: .int(Int64(random.number(0...9)))])
        default: fields["related"] = .array([.string(id), .object(["to": .string(id)])])
        }
    }

    func table(_ random: inout SyncRandom) -> String { random.one(by: [("notes", 7), ("slugs", 2), ("strict", 1)]) }

    private func create(_ device: SimulatedDevice, _ random: inout SyncRandom, naming: Bool) throws {
        let table = naming ? "notes" : table(&random)
        let fields = fields(table, device, &random, naming: naming)
        let id = try world.act(device, "creates \(table) \(fields)") {
            try world.create(table, fields, on: device, in: $0)
        }
        if let id { device.remembered.append(RecordKey(table, id)) }
    }

    /// A record that the app sees or remembers.
    private func record(_ device: SimulatedDevice, _ random: inout SyncRandom) -> RecordKey? {
        if !device.remembered.isEmpty, random.hits(0.4) { return random.one(of: device.remembered) }
        // Counters are only added to, and files have writes of their own.
        let keys = device.observer.keys.filter { $0.table != "counters" && $0.table != ServerFiles.table }
        return keys.isEmpty ? nil : random.one(of: keys)
    }

    private func change(
        _ table: String, _ device: SimulatedDevice, _ random: inout SyncRandom, naming: Bool
    ) -> JSONObject {
        var fields = JSONObject()
        switch table {
        case "notes":
            if random.hits(0.5) { fields["title"] = .string("U\(random.number(0...99))") }
            if random.hits(0.3) { fields["count"] = .int(Int64(random.number(0...9))) }
            if random.hits(0.3) { fields["status"] = random.hits(0.5) ? "open" : "done" }
            if random.hits(0.1) { fields["body"] = .null }
            if random.hits(0.03) { fields["title"] = .int(7) }
            if naming { name(device, in: &fields, &random) }
        case "slugs": fields["slug"] = .string("s\(random.number(0...7))")
        default: fields["count"] = .int(Int64(random.number(0...99)))
        }
        return fields
    }

    private func update(_ device: SimulatedDevice, _ random: inout SyncRandom, naming: Bool) throws {
        guard let key = record(device, &random) else { return }
        let fields = change(key.table, device, &random, naming: naming)
        if fields.isEmpty { return }
        try world.act(device, "updates \(key.table)/\(key.id) \(fields)") {
            try world.update(key, fields, on: device, in: $0)
        }
    }

    private func delete(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        guard let key = record(device, &random) else { return }
        try world.act(device, "deletes \(key.table)/\(key.id)") { try world.delete(key, on: device, in: $0) }
    }

    /// Several writes in one transaction, one naming another.
    private func batch(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        let first = fields("notes", device, &random, naming: false)
        var second = fields("notes", device, &random, naming: false)
        let key = record(device, &random)
        let changed = key.map { change($0.table, device, &random, naming: false) } ?? [:]
        let made = try world.act(device, "writes several records") { transaction in
            let parent = try world.create("notes", first, on: device, in: transaction)
            second["parent"] = .string(parent)
            let child = try world.create("notes", second, on: device, in: transaction)
            if let key, !changed.isEmpty { try world.update(key, changed, on: device, in: transaction) }
            return [parent, child]
        }
        for id in made ?? [] { device.remembered.append(RecordKey("notes", id)) }
    }

    // MARK: Deciding

    private func decide(_ device: SimulatedDevice, _ kind: Step.Kind, _ random: inout SyncRandom) throws {
        let all = device.observer.entries.values.sorted { $0.sequence < $1.sequence }
        let stuck = all.filter { $0.state == .failed || $0.state == .unresolved }
        let entries = stuck.isEmpty && kind == .discard ? all : stuck
        if entries.isEmpty { return }
        let entry = random.one(of: entries)
        if entry.table == ServerFiles.table { return try decideOnFile(device, entry, kind, &random) }
        let title = JSON.string("E\(random.number(0...99))")
        let slug = JSON.string("s\(random.number(8...99))")
        try world.act(device, "\(kind.rawValue)s entry \(entry.sequence)") { transaction in
            switch kind {
            case .discard: try transaction.decisions.discard(entry.sequence)
            case .edit:
                let fields: JSONObject =
                    entry.table == "slugs" ? ["slug": slug] : entry.table == "notes" ? ["title": title] : [:]
                try transaction.decisions.edit(entry.sequence, set: fields)
            default:
                try transaction.decisions.retry(entry.sequence)
                world.applied.retriedByApp.insert(.init(device: device.number, entry: entry.sequence))
            }
        }
    }

    // MARK: Subscriptions

    func subscribe(_ device: SimulatedDevice, at choice: Int) throws {
        let filters: [(String, [Condition])] = [
            ("notes", []), ("slugs", []), ("notes", [Condition("status", .equals("open"))]),
            ("notes", [Condition("count", .greaterOrEqual(3))]),
            ("notes", [Condition("createdBy", .equals(.string(device.owner)))]), ("strict", []),
            ("counters", []),
        ]
        // At the beginning a device keeps one table, or a part of it, and the others.
        var others = plan.steps.count < 50 ? [1 + 4 * Int(plan.seed % 2)] : [1, 5]
        if plan.counters > 0 { others.append(6) }
        let chosen = choice == 0 && world.now == 0 ? [device.number % 3 == 1 ? 2 : 0] + others : [choice]
        guard let store = device.store else { return }
        for index in chosen {
            let (table, conditions) = filters[index]
            if world.now == 0 {
                _ = try store.write { try $0.subscribing.subscribe(table, to: try RESTFilter(allOf: conditions)) }
            } else {
                device.observer.subscriptionsChanged = world.now
                try world.act(device, "subscribes to \(table) \(index)", telling: .subscriptionsChanged) {
                    try $0.subscribing.subscribe(table, to: try RESTFilter(allOf: conditions))
                }
            }
        }
    }

    private func unsubscribe(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        guard let store = device.store else { return }
        let subscriptions = try store.read { try $0.subscriptions.all() }
        if subscriptions.count < 2 { return }
        let chosen = random.one(of: subscriptions)
        device.observer.subscriptionsChanged = world.now
        try world.act(device, "unsubscribes \(chosen.number)", telling: .subscriptionsChanged) {
            try $0.subscribing.unsubscribe(chosen.number)
        }
    }
}
