import Bkend
import BkendTesting
import Foundation
import Testing

// The code of AGENTS.md, line by line; `make lint` checks that they are the same.

@Table("errands")
struct Errand: Equatable {
    var title: String
    var shop: String?
    var isDone = false
    var tags: [String] = []
    @Column("due_on") var dueOn: Date?
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct AgentsDocumentTests {
    private static let tables: JSON = [
        "tables": [
            [
                "name": "errands",
                "schema": ["properties": ["title": ["type": "string", "required": true, "maxLength": 40]]],
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ],
            ["name": "visits"],
        ]
    ]

    /// Runs a body with a store of a user who is signed in and in sync.
    private func run(
        _ body: (LocalStore, LocalTable<Errand>, BkendClient, Offline) async throws -> Void
    ) async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let client = try BkendClient(url: offline.url, key: offline.key)
            try await offline.signIn(client, "ada")
            let store = try await client.openLocalStore(at: offline.folder.appending(path: "device"))
            let errands = store.table(Errand.self)
            try await store.subscribe(to: errands)
            try await store.sync.start()
            do { try await body(store, errands, client, offline) } catch {
                await store.close()
                await client.shutdown()
                throw error
            }
            await store.close()
            await client.shutdown()
        }
    }

    @Test("Rules 1 and 9: an app starts without a network, and one call follows a sign-in")
    func starting() async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let (serverURL, publishableKey) = (offline.url, offline.key)
            let folder = offline.folder.appending(path: "app")
            let (email, password) = ("eve@example.com", "correct horse 1")
            try await offline.stopServer()
            let sessions = try FileSessionStore(path: folder.path + "/session.json")
            let client = try BkendClient(url: serverURL, key: publishableKey, sessions: sessions)
            var store = try await client.openLocalStore(at: folder)
            try await store.subscribe(to: store.table(Errand.self))
            try await store.sync.start()
            try await store.table(Errand.self).create(Errand(title: "Stamps"))

            try await offline.startServer()
            try await client.accounts.signUp(email: email, password: password)
            store = try await client.openLocalStore(at: folder, replacing: store)
            await store.sync.settled()
            let (count, waiting) = (try await client.table(Errand.self).count(), try await store.outbox.counts().total)
            #expect(count == 1 && waiting == 0)
            await store.close()
            await client.shutdown()
        }
    }

    @Test("Rules 3 and 4: writes return at once, and a form overwrites nothing")
    func writing() async throws {
        try await run { store, errands, client, offline in
            try await offline.stopServer()
            let errand = try await errands.create(Errand(title: "Stamps", tags: ["post"]))
            try await errands.update(errand.id) { $0.tags.append("today") }
            try await store.write { store in
                let errands = store.table(Errand.self)
                for errand in try errands.where({ $0.isDone == true }).fetch() { try errands.delete(errand) }
            }
            try await offline.startServer()
            await store.sync.syncNow()
            let shown = try await errands.get(errand.id)?.confirmed()
            guard let shown else { throw CancellationError() }
            try await client.table(Errand.self).update(shown.id) { $0.shop = "Corner" }
            await store.sync.syncNow()
            await store.sync.settled()

            var edited = shown.model
            edited.title = "Ten stamps"
            let saved = try await errands.update(shown) { [edited] in $0 = edited }
            #expect(saved.model == Errand(title: "Ten stamps", shop: "Corner", tags: ["post", "today"]))
        }
    }

    @Test("Rules 5 and 6: the store asks and observes")
    func asking() async throws {
        try await run { store, errands, _, _ in
            var shown: [[String]] = []
            func render(_ records: [Record<Errand>], _ changes: SnapshotChanges) { shown.append(records.map(\.title)) }
            try await errands.createAll([Errand(title: "Stamps", tags: ["post"]), Errand(title: "Milk", isDone: true)])
            let open =
                try await errands
                .where { $0.isDone == false && ($0.tags.contains("post") || $0.dueOn != nil) }
                .order(by: \.createdAt, .descending)
                .limit(20)
                .fetch()
            try await errands.index(by: \.isDone, \.createdAt)
            #expect(open.map(\.title) == ["Stamps"])
            for await snapshot in errands.where({ $0.isDone == false }).order(by: \.title).live() {
                render(snapshot.records, snapshot.changes)
                if !shown.isEmpty { break }
            }
            #expect(shown == [["Stamps"]])
        }
    }

    @Test("Rule 7: what was rejected is shown, corrected and sent")
    func deadLetters() async throws {
        try await run { store, errands, _, _ in
            var problems: [String] = []
            func show(_ record: String, _ problem: String, _ advice: String?) { problems.append(problem) }
            let errand = try await errands.create(Errand(title: String(repeating: "long ", count: 20)))
            await store.sync.settled()
            for letter in try await store.outbox.deadLetters() {
                let details = letter.failure?.details.map { "\($0.field): \($0.message)" } ?? []
                show(letter.record, details.joined(separator: "; "), letter.advice)
                try await store.outbox.edit(letter.id, set: ["title": "Shorter"])
                try await store.outbox.retry(letter.id)
            }
            #expect(problems.count == 1 && problems[0].hasPrefix("title: "))
            #expect(try await errand.confirmed().title == "Shorter")
        }
    }

    @Test("Rule 8: policies, and a record for each step of a counter")
    func conflicts() async throws {
        try await run { store, errands, _, _ in
            var options = SyncOptions()
            options.conflictsByTable["errands"] = .serverWins
            try await store.sync.start(options)
            let visits = store.table("visits")
            try await visits.create(["shop": "Corner"])
            let count = try await visits.where { $0.shop == "Corner" }.count()
            #expect(count == 1)
        }
    }

    @Test("Rule 10: a test stops the server")
    func testing() async throws {
        let tables = Self.tables
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-agents-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try await TestServer.start(tables: tables)
        let client = try BkendClient(url: server.url, key: server.publishableKey)
        try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
        let store = try await client.openLocalStore(at: folder)
        try await store.sync.start()
        let errand = try await store.table(Errand.self).create(Errand(title: "Stamps"))
        #expect(try await errand.confirmed().syncState == .synced)
        try await server.stop()
        try await store.table(Errand.self).create(Errand(title: "In a tunnel"))
        await store.sync.syncNow()
        #expect(await store.sync.settled().state == .offline)
        await store.close()
        await client.shutdown()
    }
}
