import Bkend
import BkendTesting
import Foundation
import Notes
import Testing

/// Tests of an app, with what `BkendTesting` offers.
@Suite(.timeLimit(.minutes(1))) struct NotebookTests {
    private static let tables: JSON = [
        "tables": [
            ["name": "notes", "permissions": ["user": ["create": true], "self": ["read": true, "list": true]]]
        ]
    ]

    @Test("A note goes through a network that loses an answer")
    func lostAnswer() async throws {
        let clock = TestClock()
        let network = FaultPlan(clock: clock)
        network.on(.post, "/v1/data/notes", .dropAfterCommit)
        let server = try await TestServer.start(tables: Self.tables, clock: clock)
        let client = try BkendClient(
            url: server.url, key: server.publishableKey, clock: clock, transport: try FaultTransport(network))
        try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
        let folder = FileManager.default.temporaryDirectory.appending(path: "notebook-\(UUID())")
        let notebook = try await Notebook(client, folder: folder)
        try await notebook.store.subscribe(to: notebook.notes)
        var options = SyncOptions()
        options.requestDeadline = .seconds(36_000)
        try await notebook.store.sync.start(options)
        try await notebook.notes.create(Note(text: "Lost and found"))
        await notebook.store.sync.syncNow()
        await clock.running { await notebook.store.sync.settled() }
        #expect(try await notebook.mistakes() == [], "\(network)")
        #expect(network.isUsedUp)
        await notebook.store.close()
        await client.shutdown()
        try await server.stop()
    }
}
