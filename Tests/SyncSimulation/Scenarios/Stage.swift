import BkendDocuments
import BkendSync
import BkendWire
import GRDB

/// A world for a story told step by step: what the people do, what befalls their requests, what must be there at the
/// end. The checker looks on as it does in random runs.
package final class Stage {
    /// The world.
    package let world: World

    /// Devices of these users (`""` is a guest), each subscribed to the whole table `notes`, started and at rest.
    ///
    /// - Parameters:
    ///   - uniqueKeys: whether the server keeps `clientKey` unique.
    ///   - prepare: changes the world before anything starts.
    package init(
        _ owners: [String], uniqueKeys: Bool = true, subscribed: Bool = true, planted: PlantedFault = .none,
        prepare: (World) throws -> Void = { _ in }
    ) throws {
        world = World(seed: 1, planted: planted)
        world.server.tables = [
            ServerTable(
                "notes",
                fields: [
                    ServerField("title", .string), ServerField("count", .int, default: 0),
                    ServerField("status", .string, default: "open"), ServerField("when", .date),
                    ServerField("slug", .string),
                ], uniques: (uniqueKeys ? ["clientKey"] : []) + ["slug"],
                access: TableAccess(user: .all, guest: .all))
        ]
        try prepare(world)
        for owner in owners {
            let device = try world.addDevice(owner: owner)
            if subscribed { try subscribe(device.number) }
        }
        for device in world.devices { try world.start(device) }
        try world.run(for: 2_000)
    }

    // MARK: What the people do

    /// Keeps a query on a device.
    @discardableResult
    package func subscribe(_ device: Int, _ table: String = "notes", where conditions: [Condition] = []) throws -> Int64
    {
        let device = world.devices[device]
        let filter = try RESTFilter(allOf: conditions)
        device.observer.subscriptionsChanged = world.now
        if device.isUp {
            return try world.act(device, "subscribes to \(table)", telling: .subscriptionsChanged) {
                try $0.subscribing.subscribe(table, to: filter)
            } ?? 0
        }
        return try device.store?.write { try $0.subscribing.subscribe(table, to: filter) } ?? 0
    }

    /// Creates a record; its local id.
    @discardableResult
    package func create(_ device: Int, _ fields: JSONObject, in table: String = "notes", withKey: Bool? = nil) throws
        -> String
    {
        let device = world.devices[device]
        let id = try world.act(device, "creates \(fields)") {
            try world.create(table, fields, on: device, in: $0, withKey: withKey)
        }
        guard let id else { throw Violation(.broken, "the create was refused") }
        device.remembered.append(RecordKey(table, id))
        return id
    }

    /// Sets fields of a record.
    package func update(_ device: Int, _ id: String, _ fields: JSONObject, in table: String = "notes") throws {
        let device = world.devices[device]
        try world.act(device, "updates \(id) \(fields)") {
            try world.update(RecordKey(table, id), fields, on: device, in: $0)
        }
    }

    /// Deletes a record.
    package func delete(_ device: Int, _ id: String, in table: String = "notes") throws {
        let device = world.devices[device]
        try world.act(device, "deletes \(id)") { try world.delete(RecordKey(table, id), on: device, in: $0) }
    }

    /// Anything else that an app does in one transaction.
    @discardableResult
    package func act<Result>(_ device: Int, _ what: String, _ body: (StoreTransaction) throws -> Result) throws
        -> Result?
    {
        try world.act(world.devices[device], what, body)
    }

    /// Kills a device's app; it is started again after a while, or not.
    package func kill(_ device: Int, restartAfter wait: Int64? = nil) {
        world.crash(world.devices[device], restartAfter: wait)
    }

    /// Starts a device that is down.
    package func start(_ device: Int) throws { try world.start(world.devices[device]) }

    /// Tells a device's engine something.
    package func tell(_ device: Int, _ event: EngineEvent) throws { try world.tell(world.devices[device], event) }

    /// Cuts a device's network for so many seconds.
    package func cutNetwork(_ device: Int, seconds: Int64) {
        world.devices[device].blackoutUntil = world.now + seconds * 1_000
    }

    /// The table's records come back under new ids.
    package func renew(keepingStamps: Bool = true) {
        world.renew("notes", keepingStamps: keepingStamps)
    }

    // MARK: What befalls requests

    /// What befalls the next request of a kind.
    package func next(
        _ operation: String, of device: Int? = nil, _ fault: FaultProfile.Kind? = nil, outbound: Int64? = nil,
        inbound: Int64? = nil, duplicateAfter: Int64? = nil, servesEntries: Bool? = nil, skipping: Int = 0
    ) {
        world.script.append(
            ScriptedFate(
                operation, of: device, fault, outbound: outbound, inbound: inbound, duplicateAfter: duplicateAfter,
                servesEntries: servesEntries, skipping: skipping))
    }

    /// How often a fault strikes from now on, 0 to 1.
    package func strike(_ fault: FaultProfile.Kind, _ rate: Double) { world.profile[fault] = rate }

    /// Lets time pass.
    package func wait(seconds: Double) throws { try world.run(for: Int64(seconds * 1_000)) }

    /// Everything heals; then every promise must hold, each cache equal the server, and another sync do nothing.
    package func settle() throws {
        try converge()
        try world.checkNothingToDo()
    }

    /// The same where the server's clocks are so far apart that engines have to look again and again.
    package func converge() throws {
        try world.heal()
        try world.checkConvergence()
    }

    /// Leaves a device no room on its disk, or gives it back.
    package func fillDisk(_ device: Int, _ isFull: Bool) throws {
        let device = world.devices[device]
        if isFull { try device.fillDisk() } else { try device.emptyDisk() }
    }

    /// Another process of a device begins to lead.
    package func usurp(_ device: Int) throws { try world.usurp(world.devices[device]) }

    /// Signs somebody in on a device, nil for nobody, and tells the engine.
    package func signIn(_ device: Int, as user: String?) throws {
        let device = world.devices[device]
        if let user {
            world.signIn(device, as: user)
        } else {
            device.session = SimulatedSession()
        }
        try world.tell(device, .sessionChanged(user: user))
    }

    /// A second handle on a device's database, as another process has one.
    package func secondProcess(_ device: Int) throws -> StoreDatabase {
        let device = world.devices[device]
        return try StoreDatabase(over: device.writer, environment: device.environment.store)
    }

    // MARK: What others do on the server

    /// Somebody else creates a record; its id.
    @discardableResult
    package func remoteCreate(
        _ fields: JSONObject, by user: String = "eve", in table: String = "notes", node: Int = 0
    ) throws -> String {
        let caller = Caller(user: user, isAdmin: true)
        let row = try world.server.insert(table, fields, by: caller, at: world.now, node: node)
        world.server.log = []
        return row.id
    }

    /// Somebody else changes a record.
    package func remoteUpdate(_ id: String, _ fields: JSONObject, in table: String = "notes", node: Int = 0) throws {
        guard let row = world.server[table: table]?.row(id) else { throw Violation(.broken, "there is no \(id)") }
        try world.server.change(table, row, fields, at: world.now, node: node, by: .admin)
        world.server.log = []
    }

    /// Somebody else deletes a record.
    package func remoteDelete(_ id: String, in table: String = "notes") {
        world.server.remove(id, from: table, at: world.now)
    }

    /// An operator changes a table's rules.
    package func operate(_ table: String = "notes", _ change: (inout ServerTable) -> Void) {
        guard var present = world.server[table: table] else { return }
        change(&present)
        world.server[table: table] = present
        world.serverChangedRules = world.now
    }

    // MARK: What is there

    /// The server's records, ascending by id.
    package func rows(_ table: String = "notes") -> [JSONObject] {
        world.server[table: table]?.rows.map(\.document) ?? []
    }

    /// A record on the server.
    package func row(_ id: String, in table: String = "notes") -> JSONObject? {
        world.server[table: table]?.row(id)?.document
    }

    /// The records that a device shows, ascending by id.
    package func shown(_ device: Int, _ table: String = "notes") -> [JSONObject] {
        let observer = world.devices[device].observer
        return observer.keys.filter { $0.table == table }.compactMap { observer.shown[$0] }
    }

    /// A record as a device shows it; the id may be one that it was given when it made the record.
    package func shown(_ device: Int, _ id: String, in table: String = "notes") throws -> JSONObject? {
        try read(device) { try $0.documents.document(table, id).map { try JSON(parsing: $0.bytes).objectValue ?? [:] } }
    }

    /// The id that a record has now.
    package func resolve(_ device: Int, _ id: String) throws -> String {
        try read(device) { try $0.aliases.resolve(id) }
    }

    /// The outbox of a device.
    package func outbox(_ device: Int) throws -> [OutboxEntry] { try read(device) { try $0.outbox.entries() } }

    /// What the app was told.
    package func reports(_ device: Int) throws -> [SyncReport] { try read(device) { try $0.reports.all() } }

    /// What the engine says.
    package func status(_ device: Int) -> SyncStatus { world.devices[device].status }

    /// How many requests a device has sent.
    package func requests(_ device: Int) -> Int { world.devices[device].budget.total }

    /// How many rows SQLite has written for a device.
    package func writes(_ device: Int) throws -> Int { try world.devices[device].writer.read { $0.totalChangesCount } }

    /// Reads a device's store.
    package func read<Result>(_ device: Int, _ body: (StoreSnapshot) throws -> Result) throws -> Result {
        guard let store = world.devices[device].store else { throw Violation(.broken, "device \(device) is down") }
        return try store.read(body)
    }
}
