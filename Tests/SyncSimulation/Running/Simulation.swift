import BkendSync
import BkendWire

/// One seed's run: a world, and a plan carried out in it; then everything heals, and everything must agree.
package final class Simulation {
    /// The plan.
    package let plan: Plan
    /// The world.
    package let world: World
    /// Earlier states of the server's tables.
    var backups: [ServerBackup] = []
    /// A table that an operator has taken away.
    var missing: ServerTable?
    /// The fault planted from outside.
    let planted: PlantedFault
    /// Texts that tell creates apart.
    var tags = 0

    /// - Parameters:
    ///   - kept: the indexes of the steps to carry out; nil for all.
    ///   - spared: faults that don't strike, by name.
    package init(
        _ plan: Plan, planted: PlantedFault = .none, recording: Bool = false, keeping kept: [Int]? = nil,
        sparing spared: Set<String> = [], listener: (@Sendable (String) -> Void)? = nil
    ) throws {
        self.plan = plan
        self.planted = planted
        world = World(seed: plan.seed, planted: planted, recording: recording, listener: listener)
        world.spared = spared
        world.profile = plan.profile
        world.server.skews = plan.skews
        world.server.sessions.lifetime = plan.tokenLifetime
        world.server.sessions.grace = plan.refreshGrace
        world.refreshLoss = plan.refreshLoss
        world.configuration.policies = plan.policies
        if plan.counters > 0, planted.hidesMaybeApplied {
            world.configuration.policies.conflictByTable["counters"] = Plan.counting(hidingMaybeApplied: true)
        }
        world.configuration.lanes = plan.lanes
        world.slowestCommit = plan.slowestCommit
        world.mayCheckPulls = plan.changesByWritesOnly
        world.configuration.pageLimit = plan.pageSize.rows
        world.configuration.rangeSize = plan.pageSize.range
        // Pages are small from the beginning, or get so by losses.
        world.requestLimit *= plan.pageSize.rows < 100 || plan.pageSize.range < 5_000 ? 4 : 2
        if plan.looksTwice { world.configuration.massRemovalFloor = 1 }
        prepareServer()
        prepareFiles()
        for owner in plan.owners { try world.addDevice(owner: owner, hasFiles: plan.files != nil) }
        for device in world.devices { device.cacheLimit = plan.files?.cacheLimit ?? 0 }
        world.perform = { [unowned self] index in try self.perform(plan.steps[index]) }
        for index in kept ?? Array(plan.steps.indices) { world.schedule(.step(index), at: plan.steps[index].at) }
    }

    /// Runs the seed to its end.
    ///
    /// - Throws: `Violation` for a broken promise.
    package func run() throws {
        do {
            for device in world.devices {
                try subscribe(device, at: 0)
                try world.start(device)
            }
            try world.run(until: (plan.steps.last?.at ?? 0) + 1)
            if let missing { world.server.tables.append(missing) }
            missing = nil
            try world.heal()
            try world.checkConvergence()
            try world.checkNothingToDo()
        } catch let violation as Violation {
            world.note("\(violation)")
            throw violation
        } catch {
            let violation = Violation(.broken, "\(error)")
            world.note("\(violation)")
            throw violation
        }
    }

    private func prepareFiles() {
        world.server.files.faults = planted.files
        guard let files = plan.files else { return }
        world.server.files.options = files.server
        world.fileTrouble = files.trouble
        world.configuration.uploads = files.policy
    }

    private func prepareServer() {
        let keys = plan.hasUniqueKeys ? ["clientKey"] : []
        world.server.tables = [
            ServerTable(
                "notes",
                fields: [
                    ServerField("tag", .string), ServerField("title", .string, maximumLength: 40),
                    ServerField("count", .int, default: 0), ServerField("status", .string, default: "open"),
                    ServerField("when", .date),
                ], uniques: keys, access: TableAccess(user: .all, guest: .all)),
            ServerTable(
                "slugs", fields: [ServerField("tag", .string), ServerField("slug", .string)], uniques: keys + ["slug"],
                access: TableAccess(user: .all, guest: .all)),
            ServerTable(
                "strict", fields: [ServerField("tag", .string), ServerField("count", .int, default: 0)],
                takesExtraFields: false, uniques: [], access: TableAccess(user: .all, guest: .all)),
        ]
        var random = world.chance.sequence("records")
        for index in 0..<plan.records {
            let user = random.one(of: plan.owners + ["eve"])
            let fields: JSONObject = [
                "tag": .string("first-\(index)"), "title": .string("Title \(index)"),
                "status": random.hits(0.5) ? "open" : "done", "count": .int(Int64(random.number(0...9))),
            ]
            _ = try? world.server.insert(
                "notes", fields, by: Caller(user: user, isAdmin: true), at: Int64(-random.number(0...100_000)))
        }
        if plan.counters > 0 { prepareCounters() }
        world.server.log = []
    }

    private func prepareCounters() {
        let fields = [ServerField("tag", .string), ServerField("count", .int, default: 0)]
        world.server.tables.append(
            ServerTable("counters", fields: fields, access: TableAccess(user: .all, guest: .all)))
        for index in 0..<plan.counters {
            _ = try? world.server.insert("counters", ["tag": .string("counter-\(index)")], by: .admin, at: -1_000)
        }
    }
}
