import BkendSync
import BkendWire
import GRDB

/// The performer: what an actor does in an app, done under the simulation's clock.
extension World {
    /// Opens a device's store, makes its engine and starts it.
    package func start(_ device: SimulatedDevice) throws {
        if device.isUp { return }
        note("d\(device.number) starts")
        device.environment.advance(to: now)
        planted.beforeStart(device.writer)
        try device.boot(
            configuration, planted.rules, chance.sequence("engine \(device.number) \(device.incarnation)"))
        try inspect(device, after: .start)
        try checkBytes(device)
        if device.files != nil { try sweep(device) }
        try tell(device, .sessionChanged(user: device.session.user))
        try tell(device, .start)
    }

    /// Kills a device: its objects are gone, its database stays.
    package func crash(_ device: SimulatedDevice, restartAfter wait: Int64?) {
        if !device.isUp { return }
        note("d\(device.number) is killed")
        device.crash()
        if let wait { schedule(.restart(device: device.number, incarnation: device.incarnation), at: now + wait) }
    }

    /// Tells a device's engine something and does what it wants done. While its last transaction is being synced, it
    /// hears nothing: what comes meanwhile it takes up together.
    package func tell(_ device: SimulatedDevice, _ event: EngineEvent) throws {
        if !device.isUp { return }
        if case .answered = event {} else { note("d\(device.number) \(event)") }
        device.arrived.append(event)
        if device.committing == nil { try tellArrived(device) }
    }

    private func tellArrived(_ device: SimulatedDevice) throws {
        guard let machine = device.machine, !device.arrived.isEmpty else { return }
        let events = device.arrived
        device.arrived = []
        device.environment.advance(to: now)
        if events.count > 1 { note("d\(device.number) takes \(events.count) events together") }
        let decided = machine.handle(events.map { planted.told($0, device) }, at: instant)
        for event in events where !device.isFull { try planted.afterEvent(event, device) }
        let effects = planted.rewrite(decided, device, self)
        try inspect(device, after: .engine)
        device.commits += 1
        let wait = commitTime(of: device)
        if wait == 0 { return try carryOut(effects, on: device) }
        device.committing = effects
        schedule(.committed(device: device.number, incarnation: device.incarnation), at: now + wait)
    }

    /// How long the sync of the device's latest transaction takes.
    private func commitTime(of device: SimulatedDevice) -> Int64 {
        if slowestCommit == 0 { return 0 }
        var random = chance.sequence("commit d\(device.number) \(device.commits)")
        return Int64(random.number(0...Int(slowestCommit)))
    }

    /// A transaction is on the disk: what it decided is done.
    func committed(_ device: SimulatedDevice) throws {
        guard let effects = device.committing else { return }
        device.committing = nil
        try carryOut(effects, on: device)
        if device.committing == nil { try tellArrived(device) }
    }

    var instant: SyncInstant { SyncInstant(offset: .milliseconds(now)) }

    private func carryOut(_ effects: [EngineEffect], on device: SimulatedDevice) throws {
        device.performed += 1
        let name = "crash d\(device.number) \(device.performed)"
        var random = chance.sequence(name)
        var limit = effects.count
        var isKilled = false
        if profile[.crash] > 0, !effects.isEmpty, random.hits(profile[.crash]), strike(name) {
            isKilled = true
            limit = random.number(0...effects.count)
        }
        for effect in effects.prefix(limit) { try carryOut(effect, on: device) }
        if isKilled { crash(device, restartAfter: Int64(random.number(1...20_000))) }
    }

    private func carryOut(_ effect: EngineEffect, on device: SimulatedDevice) throws {
        switch effect {
        case .send(let id, let request): try send(id, request, from: device)
        case .cancel(let id): device.outstanding.remove(id)
        case .refreshSession(let generation): refresh(device, generation: generation)
        case .wake(let moment):
            device.wakeNumber += 1
            guard let moment else { return }
            let event = Event.timer(device: device.number, incarnation: device.incarnation, wake: device.wakeNumber)
            schedule(event, at: Self.milliseconds(moment))
        case .status(let status): device.status = status
        }
    }

    /// The first millisecond that isn't before the moment.
    private static func milliseconds(_ moment: SyncInstant) -> Int64 {
        let (seconds, attoseconds) = moment.offset.components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// Notes that a fault strikes; false for one that a shrinking run leaves out.
    func strike(_ name: String) -> Bool {
        if spared.contains(name) { return false }
        struck.append(name)
        return true
    }

    /// What an app does with the store, in one transaction; a refusal of the store is the app's to bear. Whatever
    /// leaves the outbox in it was the app's decision.
    @discardableResult
    package func act<Result>(
        _ device: SimulatedDevice, _ what: String, telling event: EngineEvent? = .localWrite,
        _ body: (StoreTransaction) throws -> Result
    ) throws -> Result? {
        guard let store = device.store, device.isUp else { return nil }
        device.environment.advance(to: now)
        var result: Result?
        do {
            result = try store.write(body)
            note("d\(device.number) app: \(what)")
            device.files?.changedAt = now
            if !device.isFull { try planted.afterWrite(device) }
        } catch let error as StoreError {
            note("d\(device.number) app: \(what) refused: \(error)")
        } catch let error as DatabaseError where device.isFull && error.resultCode == .SQLITE_FULL {
            note("d\(device.number) app: \(what) failed: \(error.resultCode)")
        }
        try inspect(device, after: .app)
        if result != nil, let event { try tell(device, event) }
        return result
    }
}
