import Bkend
import BkendTesting
import Foundation
import HTTPTypes
import Notes
import Testing

/// Tests of an app, with what `BkendTesting` offers.
@Suite(.timeLimit(.minutes(10))) struct NotebookTests {
    private static let tables: JSON = [
        "tables": [
            ["name": "notes", "permissions": ["user": ["create": true], "self": ["read": true, "list": true]]]
        ]
    ]

    @Test("An error says to a person what its description says to a developer")
    func errorTexts() throws {
        let error = #expect(throws: (any Error).self) { _ = try BkendClient(url: "ftp://x", key: "pk_") }
        let shown = try #require(error as? BkendError)
        #expect(shown.errorDescription == shown.localizedDescription && shown.errorDescription != nil)
    }

    @Test("A transport of one's own can be tried alone, and conditions chosen at run time")
    func parts() async throws {
        let request = TransportRequest(
            head: HTTPRequest(method: .post, scheme: "https", authority: "example.com", path: "/"), bytes: [1])
        #expect(request.bytes == [1])
        let response = TransportResponse(head: HTTPResponse(status: .ok), bytes: [2, 3])
        #expect(try await response.bytes(upTo: 2) == [2, 3])
        let client = try BkendClient(url: "http://127.0.0.1:9", key: "pk_" + String(repeating: "0", count: 64))
        _ = client.table(Note.self).where { note in AnyOf(["a", "b"].map { note.text == $0 }) }
        await client.shutdown()
    }

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
