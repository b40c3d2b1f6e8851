import BkendDocuments
import BkendSync
import BkendWire
import GRDB
import Testing

/// A device: store, engine, and a network that a test scripts.
final class ScriptedDevice {
    /// What the network does with a request.
    enum Fate {
        /// To the server and back.
        case deliver
        /// The server acts, the answer is lost.
        case loseAnswer
        /// It never arrives, and nobody can know.
        case loseRequest
        /// It never leaves.
        case notSent
        /// Somebody else answers.
        case answer(SyncAnswer)
        /// It is kept back; `release` delivers it.
        case hold
    }

    let server: ScriptedServer
    let queue: DatabaseQueue
    let environment: StoreEnvironment
    var store: StoreDatabase
    var machine: EngineMachine
    var configuration: SyncConfiguration
    var rules: SyncRules
    let user: String
    var now = SyncInstant.zero
    /// What happens to requests; the test sets it.
    var fate: (SyncRequest) -> Fate = { _ in .deliver }
    /// Whether all answers under way come while the store is busy, so that one transaction takes them.
    var takesTogether = false
    /// What a refresh comes to; nil while it is on its way.
    var refresh: () -> SessionOutcome? = { .renewed }
    private(set) var outgoing: [(id: RequestID, request: SyncRequest)] = []
    private(set) var held: [(id: RequestID, request: SyncRequest)] = []
    /// Every request handed over, in order.
    private(set) var sent: [SyncRequest] = []
    private(set) var wake: SyncInstant?
    /// The generation of the refresh that the engine waits for.
    private(set) var wantsRefresh: Int?

    init(
        _ server: ScriptedServer, user: String = "ann", configuration: SyncConfiguration? = nil,
        rules: SyncRules = SyncRules(), seed: UInt64 = 1
    ) throws {
        self.server = server
        self.user = user
        self.configuration = configuration ?? SyncConfiguration(server: "test")
        self.rules = rules
        queue = try DocumentStorage.inMemory()
        let base = StoreEnvironment.ticking()
        // Local ids of two devices must differ.
        environment = StoreEnvironment(now: base.now, random: { base.random() ^ seed << 32 })
        store = try StoreDatabase(over: queue, environment: environment)
        try store.write { try $0.setMeta("owner", user) }
        machine = EngineMachine(
            store: store, configuration: self.configuration, rules: rules, random: SyncRandom(seed: seed))
    }

    func start() {
        tell(.sessionChanged(user: user))
        tell(.start)
    }

    /// Starts with records of the server's and the user's, which it knows.
    func start(knowing count: Int) throws -> [String] {
        let ids = try (0..<count).compactMap { index in
            try server.insert(["n": .int(Int64(index))], by: user)["id"]?.stringValue
        }
        start()
        _ = try subscribe()
        try run()
        return ids
    }

    /// Everything in memory is gone; requests under way stay on the wire without anybody waiting for them.
    func crash() throws {
        outgoing = []
        held = []
        wake = nil
        wantsRefresh = nil
        store = try StoreDatabase(over: queue, environment: environment)
        machine = EngineMachine(store: store, configuration: configuration, rules: rules, random: SyncRandom(seed: 99))
    }

    func tell(_ event: EngineEvent) { tell([event]) }

    private func tell(_ events: [EngineEvent]) { perform(machine.handle(events, at: now)) }

    /// Writes as the app does.
    @discardableResult
    func write<Result>(_ body: (StoreTransaction) throws -> Result) throws -> Result {
        let result = try store.write(body)
        tell(.localWrite)
        return result
    }

    func subscribe(_ table: String = "notes", _ filter: RESTFilter = RESTFilter()) throws -> Int64 {
        let number = try store.write { try $0.subscribing.subscribe(table, to: filter) }
        tell(.subscriptionsChanged)
        return number
    }

    private func perform(_ effects: [EngineEffect]) {
        for effect in effects {
            switch effect {
            case .send(let id, let request):
                sent.append(request)
                outgoing.append((id, request))
            case .cancel(let id):
                outgoing.removeAll { $0.id == id }
                held.removeAll { $0.id == id }
            case .refreshSession(let generation): wantsRefresh = generation
            case .wake(let moment): wake = moment
            case .status: break
            }
        }
    }

    /// Runs until a time has passed: requests go first, then the timer. Fails a test that never comes to rest.
    func run(for duration: Duration = .seconds(120), _ location: SourceLocation = #_sourceLocation) throws {
        let end = now.advanced(by: duration)
        for _ in 0..<20_000 {
            if let generation = wantsRefresh, let outcome = refresh() {
                wantsRefresh = nil
                tell(.sessionRefreshed(outcome, generation: generation))
            } else if !outgoing.isEmpty {
                try deliver()
            } else if let moment = wake, moment <= end {
                advance(to: max(moment, now))
                wake = nil
                tell(.timer)
            } else {
                advance(to: end)
                return
            }
        }
        Issue.record("the device never comes to rest", sourceLocation: location)
    }

    private func advance(to moment: SyncInstant) {
        let passed = now.duration(to: moment)
        now = moment
        server.now = Timestamp(clamping: server.now.milliseconds + Int64(passed / .milliseconds(1)))
    }

    /// The oldest request meets its fate, or all of them do.
    func deliver() throws {
        let moving = outgoing.prefix(takesTogether ? outgoing.count : 1)
        outgoing.removeFirst(moving.count)
        let events = try moving.compactMap { id, request in
            try response(to: request, id: id).map { EngineEvent.answered(id, $0) }
        }
        if !events.isEmpty { tell(events) }
    }

    /// What becomes of a request; nil when it is held back.
    private func response(to request: SyncRequest, id: RequestID) throws -> SyncResponse? {
        switch fate(request) {
        case .deliver: return .answered(try server.answer(request))
        case .loseAnswer:
            _ = try server.answer(request)
            return .lost(SyncFailure(.timedOut))
        case .loseRequest: return .lost(SyncFailure(.timedOut))
        case .notSent: return .notSent(SyncFailure(.unreachable))
        case .answer(let answer): return .answered(answer)
        case .hold:
            held.append((id, request))
            return nil
        }
    }

    /// Serves requests that were held back, now; `asAsked` gives answers that were made earlier.
    func release(_ answers: [SyncAnswer]? = nil) throws {
        let waiting = held
        held = []
        for (index, item) in waiting.enumerated() {
            tell(.answered(item.id, .answered(try answers?[index] ?? server.answer(item.request))))
        }
    }

    // MARK: Looking

    /// What queries see, ascending by id.
    func visible(_ table: String = "notes") throws -> [JSONObject] {
        try store.read { tx in
            let query = Query(sort: [.init("id")], page: .init(limit: 100_000))
            return try tx.documents.find(query, in: table).map { try JSON(parsing: $0.bytes).objectValue ?? [:] }
        }
    }

    func outbox() throws -> [OutboxEntry] { try store.read { try $0.outbox.entries() } }

    func reports(_ kind: String? = nil) throws -> [SyncReport] {
        try store.read { try $0.reports.all() }.filter { kind == nil || $0.kind == kind }
    }

    func members(_ number: Int64) throws -> [String] { try store.read { try $0.members.all(of: number) } }

    /// Writes handed over, in order.
    var writes: [SyncRequest] { sent.filter { $0.operation.isWrite } }
}
