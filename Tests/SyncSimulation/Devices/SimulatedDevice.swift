import BkendDocuments
import BkendSync
import BkendWire
import GRDB

/// A device: the shipped store over a database in memory, the shipped engine, and a session. What a crash takes are the
/// objects; the database stays, and every commit is in it, as `synchronous=FULL` promises.
package final class SimulatedDevice {
    /// Its number.
    package let number: Int
    /// Whose store it is, `""` for a guest's.
    package var owner: String
    /// When a user took a guest's store over.
    var takenOverAt: Int64?
    /// SQLite, which survives crashes.
    let writer: DatabaseQueue
    let environment: DeviceEnvironment
    /// The folder of its files and what was attached; nil for a device without files.
    let files: DeviceFiles?
    /// How many bytes of files that the server has too may stay.
    var cacheLimit: Int64 = 1 << 20
    /// The store, nil while the device is down.
    package private(set) var store: StoreDatabase?
    /// The engine, nil while the device is down.
    var machine: EngineMachine?
    /// Counts the starts: what was meant for an earlier one is for nobody.
    var incarnation = 0
    var session: SimulatedSession
    /// The last status that the engine published.
    package var status = SyncStatus()
    /// The requests that the engine waits for.
    var outstanding: Set<RequestID> = []
    /// The last `wake`; an earlier one's timer is for nobody.
    var wakeNumber = 0
    /// The generation for which the engine asked for the refresh under way, nil where it didn't.
    var wantsRefresh: Int?
    /// The grace of the server's last success, in memory.
    var announcedGrace: Int64?
    /// No route to the server before this moment.
    var blackoutUntil: Int64 = 0
    /// How many requests were sent of each name, for their fates.
    var sent: [String: Int] = [:]
    /// How often effects were performed, for crashes.
    var performed = 0
    /// What the engine has not been told of yet.
    var arrived: [EngineEvent] = []
    /// What the engine wants done once its latest transaction is on the disk; nil when none is being synced.
    var committing: [EngineEffect]?
    /// How many transactions the engine made.
    var commits = 0
    /// Whether the database can't grow.
    private(set) var isFull = false
    /// How often the disk became full.
    private(set) var fillings = 0
    /// Records the app has met, by the ids that it knows them by.
    var remembered: [RecordKey] = []
    /// The record that the app shows in a form, as it was when the form was opened.
    var form: (key: RecordKey, seen: JSONObject)?
    /// The local ids made here.
    var localIDs: Set<String> = []
    /// What an observer of the store has seen.
    var observer = DeviceObserver()
    /// The requests sent lately, for the budget.
    var budget = RequestBudget()

    init(number: Int, owner: String, environment: DeviceEnvironment, files: DeviceFiles? = nil) throws {
        self.number = number
        self.owner = owner
        self.environment = environment
        self.files = files
        writer = try DocumentStorage.inMemory()
        session = owner.isEmpty ? .guest : SimulatedSession()
        let store = try StoreDatabase(over: writer, files: files?.folder, environment: environment.store)
        if !owner.isEmpty { try store.write { try $0.setMeta("owner", owner) } }
        self.store = store
    }

    var isUp: Bool { machine != nil }

    /// Opens the store and makes an engine over it.
    func boot(_ configuration: SyncConfiguration, _ rules: SyncRules, _ random: SyncRandom) throws {
        let store =
            try self.store ?? StoreDatabase(over: writer, files: files?.folder, environment: environment.store)
        self.store = store
        store.fileLimits.cached = cacheLimit
        machine = EngineMachine(store: store, configuration: configuration, rules: rules, random: random)
        incarnation += 1
    }

    /// Drops everything but the database and what the session file holds.
    func crash() {
        machine = nil
        store = nil
        outstanding = []
        arrived = []
        committing = nil
        wantsRefresh = nil
        wakeNumber += 1
        incarnation += 1
        status = SyncStatus()
        announcedGrace = nil
        session.firstSent = nil
        session.isRepeated = false
        if session.refreshing != nil {
            session.isLastToken = true
            session.lostBy = -1
        }
    }

    /// The disk is full: the database can't grow. What fits into its free pages is still written.
    package func fillDisk() throws {
        try limitPages(to: nil)
        isFull = true
        files?.setFull(true)
        fillings += 1
    }

    /// The disk has room again.
    package func emptyDisk() throws {
        try limitPages(to: 1_073_741_823)
        isFull = false
        files?.setFull(false)
    }

    private func limitPages(to limit: Int?) throws {
        try writer.writeWithoutTransaction { db in
            let pages = try limit ?? Int.fetchOne(db, sql: "PRAGMA page_count") ?? 1
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
    }
}
