import Bkend
import BkendTesting
import Foundation
import Testing

// The code of docs/testing.md, line by line; `make lint` checks that they are the same. It uses what the package's
// products offer to everybody, and nothing else.

/// A server, a network that can go wrong, and as many devices as a test wants.
struct Bench {
    let clock: TestClock
    let server: TestServer
    let folder: URL

    static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "permissions": ["user": ["create": true], "self": ["list": true, "update": true, "delete": true]],
            ]
        ]
    ]

    static func run(_ body: (Bench) async throws -> Void) async throws {
        let clock = TestClock()
        let server = try await TestServer.start(tables: Bench.tables, clock: clock)
        let folder = URL(filePath: server.folder).appending(path: "devices")
        try await body(Bench(clock: clock, server: server, folder: folder))
        try await server.stop()
    }

    /// Runs a body on a device of a user who is signed up there, or signs in.
    func device(
        _ name: String, isNew: Bool = true, on network: FaultPlan = FaultPlan(), _ body: (Notebook) async throws -> Void
    ) async throws {
        let transport = try FaultTransport(network)
        let client = try BkendClient(url: server.url, key: server.publishableKey, clock: clock, transport: transport)
        let (email, password) = ("ada@example.com", "correct horse 1")
        if isNew { try await client.accounts.signUp(email: email, password: password) }
        if !isNew { try await client.accounts.signIn(email: email, password: password) }
        var options = SyncOptions()
        options.requestDeadline = .seconds(36_000)  // the clock runs a thousand times faster than a request
        let notebook = try await Notebook(client: client, folder: folder.appending(path: name), options: options)
        try await network.explaining { try await body(notebook) }
        await notebook.close()
        await transport.shutdown()
    }

    /// Synchronises, and moves the clock on wherever the app waits.
    func settle(_ notebook: Notebook) async {
        await notebook.store.sync.syncNow()
        await clock.running { await notebook.store.sync.settled() }
    }
}

@Suite(.timeLimit(.minutes(2))) struct NotebookTests {
    @Test("A note whose answer was lost is there once")
    func lostAnswer() async throws {
        try await Bench.run { bench in
            let network = FaultPlan(clock: bench.clock)
            try await bench.device("phone", on: network) { notebook in
                await bench.settle(notebook)
                network.on(.post, "/v1/data/notes", .dropAfterCommit)
                try await notebook.add("milk")
                await bench.settle(notebook)
                #expect(network.isUsedUp)
                #expect(try await notebook.open() == ["milk"], "\(network)")
            }
            try await bench.device("tablet", isNew: false) { notebook in
                await bench.settle(notebook)
                let shown = try await notebook.open()
                #expect(shown == ["milk"])
            }
        }
    }

    @Test("Whatever the network does, what was written arrives", arguments: UInt64(1)...5)
    func badNetworks(seed: UInt64) async throws {
        try await Bench.run { bench in
            let network = FaultPlan.random(seed: seed, clock: bench.clock)
            network.on(nil, "/v1/auth/*", .delay(.zero), times: 100)  // signing up goes well
            try await bench.device("phone", on: network) { notebook in
                let milk = try await notebook.add("milk")
                try await notebook.add("bread")
                await bench.settle(notebook)
                try await notebook.finish(milk)
                network.heal()
                await bench.settle(notebook)
                #expect(try await notebook.open() == ["bread"], "\(network)")
                #expect(try await notebook.store.outbox.counts().queued == 0, "\(network)")
            }
        }
    }

    @Test("After an hour in a drawer the tablet still synchronises")
    func expiredToken() async throws {
        try await Bench.run { bench in
            try await bench.device("tablet") { notebook in
                await bench.settle(notebook)
                bench.clock.advance(by: .seconds(3_700))
                try await notebook.add("after the holidays")
                await bench.settle(notebook)
                #expect(await notebook.store.sync.status.pending == 0)
            }
        }
    }

    @Test("A table that became read-only tells the user, and keeps the note")
    func readOnly() async throws {
        try await Bench.run { bench in
            let network = FaultPlan(clock: bench.clock)
            try await bench.device("phone", on: network) { notebook in
                await bench.settle(notebook)
                let server = bench.server
                let readOnly: JSON = ["tables": [["name": "notes", "permissions": ["self": ["list": true]]]]]
                network.on(.post, "/v1/data/notes", .event("read-only") { try server.apply(readOnly) })
                try await notebook.add("kept")
                await bench.settle(notebook)
                let status = await notebook.store.sync.status
                #expect(status.pending + status.failed == 1, "\(network)")
                #expect(try await notebook.open() == ["kept"])
            }
        }
    }
}
