import BkendDocuments
import BkendSync
import BkendWire
import Foundation
import Testing

/// Which engine leads, and what one that doesn't may still do.
@Suite(.timeLimit(.minutes(10))) struct EngineLeadTests {
    /// A folder of its own, removed afterwards.
    private func run(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func engine(
        over store: StoreDatabase, _ clock: SteppedClock, lock: LeaderLock? = nil,
        sender: any SyncSender = NoSender()
    ) -> SyncEngine<SteppedClock> {
        SyncEngine(
            store: store, configuration: SyncConfiguration(server: "test"), sender: sender, clock: clock, lock: lock,
            seed: 1)
    }

    private func annsStore() throws -> StoreDatabase {
        let store = try StoreDatabase.inMemory()
        try store.write { try $0.setMeta("owner", "ann") }
        return store
    }

    @Test("A candidate that is stopped as it wakes never takes the lock; nor does an engine started after its stop")
    func stoppedCandidate() async throws {
        try await run { folder in
            for _ in 0..<10 {
                let path = folder + "/leader.lock"
                let leader = LeaderLock(path: path)
                #expect(try leader.take())
                let clock = SteppedClock()
                let candidate = engine(over: try annsStore(), clock, lock: LeaderLock(path: path))
                try await candidate.start(user: "ann")
                await clock.sleepers(1)
                leader.release()
                // Both want the engine now: the candidate that has woken, and whoever stops it.
                async let stopped: Void = candidate.stop()
                clock.advance(by: .seconds(2))
                await stopped
                try await candidate.start(user: "ann")
                await candidate.syncNow()
                #expect(await candidate.status.state == .stopped)
                await LeaderLock(path: path).isFree()
            }
        }
    }

    @Test("A candidate whose lock can't be used for a while goes on trying")
    func brokenLock() async throws {
        try await run { folder in
            let path = folder + "/leader.lock"
            let leader = LeaderLock(path: path)
            #expect(try leader.take())
            let clock = SteppedClock()
            let candidate = engine(over: try annsStore(), clock, lock: LeaderLock(path: path))
            try await candidate.start(user: "ann")
            for isBroken in [true, true, false] {
                await clock.sleepers(1)
                // What can't be opened as a file: EISDIR stands for EMFILE, which would hit every other test.
                if isBroken {
                    try? FileManager.default.removeItem(atPath: path)
                    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                } else {
                    try FileManager.default.removeItem(atPath: path)
                }
                clock.advance(by: .seconds(2))
            }
            for await status in candidate.statuses() where status.state != .stopped { break }
            #expect(try !LeaderLock(path: path).take())
            await candidate.stop()
            await LeaderLock(path: path).isFree()
        }
    }

    @Test("Once stopped, an engine holds no store: neither by its timer, nor by a request or a refresh on the way")
    func stoppedEngine() async throws {
        for isRefreshing in [false, true] {
            let clock = SteppedClock()
            let sender = StubbornSender(isRefreshing: isRefreshing)
            weak var left: StoreDatabase?
            let stopped: SyncEngine<SteppedClock>
            do {
                let store = try annsStore()
                left = store
                try store.write { _ = try $0.subscribing.subscribe("notes", to: RESTFilter()) }
                stopped = engine(over: store, clock, sender: sender)
                try await stopped.start(user: "ann")
                await sender.isBusy()
                await stopped.stop()
            }
            #expect(left == nil)
            #expect(clock.sleeperCount == 0)
            await sender.end()
            #expect(await stopped.status.state == .stopped)
        }
    }

    @Test("The answer that comes to an engine that was replaced changes nothing")
    func lateAnswer() async throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.setMeta("owner", "ann") }
        let clock = SteppedClock()
        let sender = StubbornSender(isRefreshing: false)
        let former = engine(over: fixture.store, clock, sender: sender)
        let id = try fixture.create(["title": "a"])
        try await former.start(user: "ann")
        await sender.isBusy()
        let waiting = StubbornSender(isRefreshing: false)
        let next = engine(over: fixture.store, clock, sender: waiting)
        try await next.start(user: "ann")
        let before = try fixture.lane(id)
        #expect(before.map(\.state) == [.ambiguous])
        await sender.end(with: ["id": "0123456789abcdef01234567", "title": "a", "createdBy": "ann"])
        for await status in former.statuses() where status.state == .stopped { break }
        #expect(try fixture.lane(id) == before)
        #expect(try fixture.visible(id)?["id"] == .string(id))
        await former.stop()
        await next.stop()
        await waiting.end()
    }
}

extension LeaderLock {
    /// Waits until it can be taken. A child process that another test is just starting holds every lock of this one for
    /// a moment.
    fileprivate func isFree() async {
        while (try? take()) != true { await Task.yield() }
        release()
    }
}

/// A sender that reaches nobody.
private struct NoSender: SyncSender {
    func send(_ request: SyncRequest) async -> SyncResponse { .notSent(SyncFailure(.unreachable)) }
    func refresh() async -> SessionOutcome { .unreachable }
}

/// A sender whose requests, or whose refresh, end only when a test says so, whatever is cancelled.
private actor StubbornSender: SyncSender {
    private let isRefreshing: Bool
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isOver = false
    private var row: JSONObject?
    private let (busy, tell) = AsyncStream<Void>.makeStream()

    init(isRefreshing: Bool) { self.isRefreshing = isRefreshing }

    func send(_ request: SyncRequest) async -> SyncResponse {
        if isRefreshing {
            return .answered(
                SyncAnswer(status: 401, body: ErrorBody(.tokenExpired, "the token has expired").json.serialized()))
        }
        if case .spec = request.operation {
            let spec: JSONObject = ["tableName": "notes", "schema": ["bsonType": "object", "properties": [:]]]
            return .answered(SyncAnswer(status: 200, body: spec.serialized()))
        }
        await wait()
        if case .create = request.operation, let row {
            return .answered(SyncAnswer(status: 201, body: row.serialized()))
        }
        return .lost(SyncFailure(.cancelled))
    }

    func refresh() async -> SessionOutcome {
        await wait()
        return .renewed
    }

    private func wait() async {
        if isOver { return }
        tell.yield()
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Waits until something is on its way.
    func isBusy() async { for await _ in busy { return } }

    /// Lets everything end; a create is answered with a row.
    func end(with row: JSONObject? = nil) {
        self.row = row
        isOver = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
