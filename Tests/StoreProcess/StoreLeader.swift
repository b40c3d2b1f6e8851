import BkendSync
import BkendWire
import Dispatch
import Foundation

/// A process that syncs a store while it leads it, with a server that it makes up itself.
///
/// It tells `leads` when it has taken the lead, `sent <number>` for each create that it sends, and `stopped` after a
/// SIGTERM, with which it ends. It lives twenty times as fast as the clock says.
enum StoreLeader {
    static func run(_ folder: String) async throws {
        let open = try await OpenStore.open(root: folder, name: "main", owner: "ann", server: "test")
        guard let lock = open.leaderLockPath else { throw StoreProcess.Failure(what: "no lock") }
        var configuration = SyncConfiguration(server: "test")
        // A machine under load isn't a server that doesn't answer.
        configuration.requestDeadline = .seconds(3_600)
        let engine = SyncEngine(
            store: try open.core.database, configuration: configuration, sender: MadeUpServer(),
            clock: HurriedClock(), lock: LeaderLock(path: lock))
        let signals = try await open.watch(.outbox)
        signal(SIGTERM, SIG_IGN)
        let (ends, end) = AsyncStream<Void>.makeStream()
        let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        source.setEventHandler { end.yield() }
        source.activate()
        defer { source.cancel() }
        try await engine.start(user: "ann")
        let followers = [
            Task { while await signals.next() { await engine.noteLocalWrite() } },
            Task {
                for await status in engine.statuses() where status.state != .stopped { break }
                if !Task.isCancelled { try? StoreProcess.tell("leads\n") }
            },
        ]
        for await _ in ends { break }
        await engine.stop()
        for follower in followers { follower.cancel() }
        try StoreProcess.tell("stopped\n")
        await open.close()
    }
}

/// Takes every create once, and knows no record when it is asked.
private struct MadeUpServer: SyncSender {
    func send(_ request: SyncRequest) async -> SyncResponse {
        do { return .answered(try answer(request)) } catch { return .lost(SyncFailure(.broken, "\(error)")) }
    }

    func refresh() async -> SessionOutcome { .stillUsable }

    private func answer(_ request: SyncRequest) throws -> SyncAnswer {
        switch request.operation {
        case .create:
            guard case .object(var row)? = try request.body.map({ try JSON(parsing: $0) }),
                case .int(let number)? = row["number"]
            else { throw StoreProcess.Failure(what: "a create without number") }
            try StoreProcess.tell("sent \(number)\n")
            let digits = String(number)
            row["id"] = .string(String(repeating: "0", count: 24 - digits.count) + digits)
            row["createdBy"] = .string(request.user)
            row["createdAt"] = "2030-01-01T00:00:00.000Z"
            row["updatedAt"] = "2030-01-01T00:00:00.000Z"
            return SyncAnswer(status: 201, body: row.serialized())
        case .spec:
            let spec: JSONObject = ["tableName": "notes", "schema": ["bsonType": "object", "properties": [:]]]
            return SyncAnswer(status: 200, body: spec.serialized())
        default:
            let page: JSONObject = [
                "items": [], "pagination": ["total": 0, "page": 1, "limit": 100, "hasNext": false],
            ]
            return SyncAnswer(status: 200, body: page.serialized())
        }
    }
}

/// The time since the start, twenty times as fast.
private struct HurriedClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private let start = ContinuousClock.now
    private static let speed = 20

    var now: Instant { Instant(offset: start.duration(to: .now) * Self.speed) }
    var minimumResolution: Duration { .nanoseconds(Self.speed) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await ContinuousClock().sleep(until: start.advanced(by: deadline.offset / Self.speed), tolerance: nil)
    }
}
