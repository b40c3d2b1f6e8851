import BkendDocuments
import BkendSync
import BkendWire
import Foundation
import GRDB
import Synchronization
import Testing

/// The actor performs what the machine decides.
@Suite struct SyncEngineTests {
    @Test func aWriteReachesTheServerAndTheStatusSaysSo() async throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.setMeta("owner", "ann") }
        let sender = try LoopbackSender()
        let engine = SyncEngine(
            store: fixture.store, configuration: SyncConfiguration(server: "test"), sender: sender,
            clock: ContinuousClock(), seed: 1)
        try await engine.start(user: "ann")
        _ = try fixture.create(["title": "a"])
        await engine.noteLocalWrite()
        for await status in engine.statuses() where status.state == .idle && status.pending == 0 { break }
        #expect(try fixture.store.read { try $0.outbox.entryCount() } == 0)
        #expect(try await sender.rows().count == 1)
        await engine.stop()
        #expect(await engine.status.state == .stopped)
    }

    @Test(.timeLimit(.minutes(10))) func aSenderThatNeverAnswersHoldsItsLaneUntilTheDeadlineOnly() async throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.setMeta("owner", "ann") }
        // Of an unknown table the schema would be asked for first.
        try fixture.allowFolding()
        let clock = SteppedClock()
        let sender = SilentSender()
        let engine = SyncEngine(
            store: fixture.store, configuration: SyncConfiguration(server: "test"), sender: sender, clock: clock,
            seed: 1)
        try await engine.start(user: "ann")
        _ = try fixture.create(["title": "a"])
        await engine.noteLocalWrite()
        // The actor's timer may not have been set yet: move on until its request comes.
        let statuses = engine.statuses()
        async let create: Void = sender.create()
        clock.advance(by: .seconds(1))
        _ = await create
        #expect(try fixture.store.read { try $0.outbox.entryCount(.inFlight) } == 1)
        clock.advance(by: .seconds(36))
        // The pull's question may be given up before the create is.
        for await status in statuses where status.lastError != nil {
            if try fixture.store.read({ try $0.outbox.entryCount(.inFlight) }) == 0 { break }
        }
        await engine.stop()
    }

    @Test func oneLockHasOneHolder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "leader-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("leader.lock").path
        let first = LeaderLock(path: path)
        let second = LeaderLock(path: path)
        #expect(try first.take() && first.take())
        #expect(try !second.take())
        first.release()
        #expect(try second.take())
        #expect(try !first.take())
    }
}

/// The scripted server as a sender.
private actor LoopbackSender: SyncSender {
    private let server: ScriptedServer

    init() throws { server = try ScriptedServer() }

    func send(_ request: SyncRequest) async -> SyncResponse {
        do { return .answered(try server.answer(request)) } catch { return .lost(SyncFailure(.broken, "\(error)")) }
    }

    func refresh() async -> SessionOutcome { .renewed }

    func rows() throws -> [JSONObject] { try server.rows() }
}

/// A network that swallows everything.
private final class SilentSender: SyncSender {
    private let requests = AsyncStream<SyncRequest>.makeStream()

    func send(_ request: SyncRequest) async -> SyncResponse {
        requests.continuation.yield(request)
        let never = AsyncStream<Never> { _ in }
        for await _ in never {}
        return .lost(SyncFailure(.cancelled))
    }

    func refresh() async -> SessionOutcome { .unreachable }

    /// Waits for a create.
    func create() async {
        for await request in requests.stream { if case .create = request.operation { return } }
    }
}
