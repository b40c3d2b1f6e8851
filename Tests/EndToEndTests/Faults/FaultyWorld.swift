import Bkend
import BkendTesting
import BkendTransport
import Foundation
import Testing

@Table("notes")
struct FaultyNote: Equatable {
    var title: String
}

/// A server, a device that synchronises with it, and a clock for both, with a plan of faults on one side.
struct FaultyWorld {
    enum Side: CaseIterable { case transport, server }

    let clock: TestClock
    let plan: FaultPlan
    let server: TestServer
    let client: BkendClient
    let store: LocalStore
    /// Who sees everything, and suffers no fault of a transport.
    let admin: BkendClient

    var notes: LocalTable<FaultyNote> { store.table(FaultyNote.self) }

    static let tables: JSON = tables(permissions: ["read": true, "list": true, "update": true, "delete": true])

    static func tables(permissions: JSON) -> JSON {
        [
            "tables": [
                [
                    "name": "notes",
                    "schema": ["properties": ["title": ["type": "string"]], "additionalProperties": true],
                    "permissions": ["user": ["create": true], "self": permissions],
                ]
            ]
        ]
    }

    /// Runs a body, and adds the faults that happened to what it throws.
    static func run(
        _ side: Side, plan: (TestClock) -> FaultPlan = { FaultPlan(clock: $0) },
        _ body: (FaultyWorld) async throws -> Void
    ) async throws {
        let clock = TestClock()
        let plan = plan(clock)
        let server = try await TestServer.start(tables: tables, clock: clock, faults: side == .server ? plan : nil)
        let transport = side == .transport ? try FaultTransport(plan) : try FaultTransport(FaultPlan())
        let client = try BkendClient(
            url: server.url, key: server.publishableKey, clock: clock, options: .silent, transport: transport)
        let admin = try BkendClient(url: server.url, key: server.secretKey, clock: clock, options: .silent)
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-faults-\(UUID())")
        try await plan.explaining {
            try await clock.running {
                try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
            }
            let store = try await client.openLocalStore(at: folder)
            let world = FaultyWorld(
                clock: clock, plan: plan, server: server, client: client, store: store, admin: admin)
            try await store.subscribe(to: world.notes)
            var options = SyncOptions()
            // Requests take real time, of which this clock makes a thousand times as much.
            options.requestDeadline = .seconds(36_000)
            options.serverTimeout = .seconds(10)
            try await store.sync.start(options)
            try await body(world)
            await store.close()
        }
        await client.shutdown()
        await transport.shutdown()
        await admin.shutdown()
        try? FileManager.default.removeItem(at: folder)
        try await server.stop()
    }

    /// Synchronises until the outbox is empty or only holds what waits for the app.
    @discardableResult
    func settle() async throws -> SyncStatus {
        for _ in 0..<30 {
            await store.sync.syncNow()
            let status = await clock.running { await store.sync.settled(within: .seconds(10)) }
            let counts = try await store.outbox.counts()
            if status.state == .idle, counts.queued + counts.sending == 0 { return status }
        }
        return await store.sync.status
    }

    /// The guarantee: the server has each of these once, the device shows what the server has, nothing waits.
    func holds(_ titles: [String]) async throws {
        plan.heal()
        try await settle()
        await server.lateRequests()
        try await settle()
        let there = try await admin.table("notes").order(byPath: "title").page(1, limit: 100).records
        #expect(there.map { $0["title"]?.stringValue } == titles, "\(plan)")
        let here = try await notes.order(by: \.title).fetch()
        #expect(here.map(\.title) == titles, "\(plan)")
        #expect(Set(here.map(\.id)) == Set(there.map(\.id)), "\(plan)")
        let counts = try await store.outbox.counts()
        #expect(counts.queued + counts.sending + counts.failed + counts.unresolved == 0, "\(plan)")
    }
}
