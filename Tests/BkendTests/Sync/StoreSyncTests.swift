import BkendSync
import BkendWire
import Foundation
import Synchronization
import Testing

@testable import Bkend

@Suite("The engine of a handle", .timeLimit(.minutes(10))) struct StoreSyncTests {
    @Test("A store that is closed after a sync is given back at once, and was closed cleanly")
    func closing() async throws {
        try await App.run { app in
            weak var database: StoreDatabase?
            do {
                let store = try await app.store()
                database = try store.open.core.database
                try await store.subscribe(to: store.table(Book.self))
                try await store.sync.start()
                #expect(await store.sync.settled().state == .idle)
                await store.close()
            }
            #expect(database == nil)
            let again = try await app.store()
            #expect(try again.health == .unsuspicious)
            await again.close()
        }
    }

    @Test("A start that a closing overtakes leaves nothing running")
    func overtaken() async throws {
        try await App.run { app in
            for _ in 0..<20 {
                let store = try await app.store()
                let lock = try #require(store.open.leaderLockPath)
                let start = Task(priority: .background) { try? await store.sync.start(app.options) }
                await Task(priority: .high) { await store.close() }.value
                await start.value
                // A child process that another test is just starting holds every lock of this one for a moment.
                let free = LeaderLock(path: lock)
                while try !free.take() { await Task.yield() }
            }
        }
    }

    @Test("Signed out for a moment by another process, an engine goes on when the user is signed in again")
    func otherProcessSignsInAgain() async throws {
        try await App.run { app in
            let store = try await app.store()
            try await store.sync.start(app.options)
            for gap in [nil, App.session("eve")] {
                await app.sessions.save(gap)
                let book = try await store.table(Book.self).create(Book(title: "Dune"))
                let isNobodys = gap == nil
                for await status in store.sync.statuses
                where status.state == (isNobodys ? .signedOut : .paused(.otherUser)) { break }
                await app.sessions.save(App.session("u1"))
                _ = try await book.confirmed()
            }
            await store.close()
        }
    }

    @Test("Without a network nothing is sent, also after a restart; when it is back, everything is")
    func network() async throws {
        try await App.run { app in
            let store = try await app.store()
            await store.sync.networkChanged(isReachable: false)
            let book = try await store.table(Book.self).create(Book(title: "Dune"))
            for _ in 0..<2 {
                try await store.sync.start(app.options)
                #expect(await store.sync.settled().state == .offline)
            }
            #expect(try await store.outbox.counts().total == 1)
            await store.sync.networkChanged(isReachable: true)
            _ = try await book.confirmed()
            await store.close()
        }
    }

    @Test("Settled is settled also where the next poll is under way when it is told")
    func settledBetweenPolls() async throws {
        try await App.run { app in
            let store = try await app.store()
            try await store.subscribe(to: store.table(Book.self))
            var options = app.options
            options.shortestPoll = .milliseconds(1)
            options.longestPoll = .milliseconds(1)
            try await store.sync.start(options)
            for _ in 0..<100 { #expect(await store.sync.settled().state == .idle) }
            await store.close()
        }
    }

    @Test("What was called before settled is settled: sign-in, writes, subscriptions")
    func settledKnowsOfEveryCall() async throws {
        try await App.run { app in
            let store = try await app.store()
            try await store.sync.start(app.options)
            #expect(await store.sync.settled().state == .idle)
            for number in 0..<10 {
                await app.sessions.save(nil)
                app.client.runner.sessions.changes.tell(.signedOut)
                #expect(await store.sync.settled().state == .signedOut)
                try await store.table(Book.self).create(Book(title: "\(number)"))
                try await app.client.runner.sessions.signedIn(App.session("u1"))
                let status = await store.sync.settled()
                #expect(status.state == .idle && status.pending == 0)
                let books = store.table(Book.self)
                let one = try await store.subscribe(to: books.where { $0.title == "\(number)" })
                let subscribed = await store.sync.settled()
                #expect(subscribed.subscriptions.map(\.id) == [one.id])
                #expect(subscribed.subscriptions.allSatisfy { $0.isUpToDate && $0.phase == .current })
                try await store.unsubscribe(one.id)
                #expect(await store.sync.settled().subscriptions.isEmpty)
            }
            #expect(app.server.creates == 10)
            await store.close()
        }
    }

    @Test("A session that can't be read is nobody's word: nothing is told until it can")
    func unreadableSession() async throws {
        try await App.run { app in
            let store = try await app.store()
            try await store.sync.start(app.options)
            let states = Mutex<[SyncStatus.State]>([])
            let watch = Task {
                for await status in store.sync.statuses { states.withLock { $0.append(status.state) } }
            }
            app.sessions.isBroken = true
            let failures = app.sessions.failures
            app.client.runner.sessions.changes.tell(.signedIn(userID: "u1"))
            while app.sessions.failures == failures { await Task.yield() }
            app.sessions.isBroken = false
            _ = try await store.table(Book.self).create(Book(title: "Dune")).confirmed()
            await store.close()
            await watch.value
            #expect(!states.withLock { $0.contains(.signedOut) })
        }
    }

    @Test("A dead letter that is tried again through a handle that doesn't lead is sent, without any poll")
    func retriedElsewhere() async throws {
        try await App.run { app in
            let (first, second) = (try await app.store(), try await app.store())
            try await first.sync.start(app.options)
            app.server.refuses = true
            try await first.table(Book.self).create(Book(title: "Dune"))
            for try await counts in second.outbox.changes where counts.failed == 1 { break }
            app.server.refuses = false
            let letter = try #require(try await second.outbox.deadLetters().first)
            try await second.outbox.retry(letter.id)
            for try await counts in second.outbox.changes where counts.total == 0 { break }
            #expect(app.server.creates == 2)
            await first.close()
            await second.close()
        }
    }

    @Test("What the app decides about an entry or a mass removal is news to whoever leads; what it acknowledges isn't")
    func decisions() async throws {
        let fixture = try LocalFixture()
        func news() async throws -> EngineNews { try await fixture.core.read { try $0.engineNews() } }
        let outbox = fixture.store.outbox
        let all = try await fixture.store.subscribe(to: fixture.books)
        for title in ["a", "b"] { try await fixture.books.create(Book(title: title)) }
        for entry in try await outbox.entries() { try await fixture.reject(entry.record) }
        let letters = try await outbox.deadLetters().map(\.id)
        var last = try await news()
        func isNews(_ body: () async throws -> Void) async throws -> Bool {
            try await body()
            let next = try await news()
            defer { last = next }
            return next.hasMoreToDo(than: last)
        }
        #expect(try await isNews { try await outbox.edit(letters[0], set: ["title": "c"]) })
        #expect(try await isNews { try await outbox.retry(letters[0]) })
        #expect(try await isNews { try await outbox.discard(letters[1]) })
        #expect(try await isNews { try await fixture.store.confirmMassRemoval(of: all.id) })
        #expect(try await !isNews { _ = try await outbox.consequences(ofDiscarding: letters[0]) })
        #expect(try await !isNews {})
    }

    @Test("A guest's store that another handle gives to the user who signed in is synced as theirs")
    func takenOverElsewhere() async throws {
        try await App.run(user: nil) { app in
            let (first, second) = (try await app.store(), try await app.store())
            try await first.sync.start(app.options)
            await app.sessions.save(App.session("u1"))
            let book = try await first.table(Book.self).create(Book(title: "Dune"))
            for await status in first.sync.statuses where status.state == .paused(.otherUser) { break }
            try await second.takeOver()
            _ = try await book.confirmed()
            await first.close()
            await second.close()
        }
    }
}

/// An app on a server that takes every create and shows an empty table.
private struct App: Sendable {
    let folder: String
    let client: BkendClient
    let sessions: FlakySessions
    let server: BookServer

    /// Looks at the session more often than an app would.
    var options: SyncOptions {
        var options = SyncOptions()
        options.shortestPoll = .milliseconds(20)
        options.longestPoll = .milliseconds(100)
        return options
    }

    static func session(_ user: String) -> Session {
        Session(server: "http://localhost:8420/v1", userID: user, accessToken: "a", refreshToken: "r")
    }

    static func run(user: String? = "u1", _ body: (App) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let sessions = FlakySessions()
        await sessions.save(user.map(session))
        let server = BookServer()
        let client = try BkendClient(
            url: "http://localhost:8420", key: testKey, options: quietOptions(), sessions: sessions,
            transport: ScriptedTransport { sent throws(TransportError) in server.answer(sent) })
        try await body(App(folder: folder, client: client, sessions: sessions, server: server))
    }

    func store() async throws -> LocalStore { try await client.openLocalStore(at: folder) }
}

/// The server's side.
private final class BookServer: Sendable {
    private let state = Mutex((refuses: false, creates: 0))

    var refuses: Bool {
        get { state.withLock { $0.refuses } }
        set { state.withLock { $0.refuses = newValue } }
    }
    /// How many creates it was sent.
    var creates: Int { state.withLock { $0.creates } }

    func answer(_ sent: ScriptedTransport.Sent) -> ScriptedTransport.Answer {
        if sent.path.hasSuffix("/spec") {
            return .json(#"{"tableName":"books","schema":{"bsonType":"object","properties":{}},"indexes":[]}"#)
        }
        guard sent.method == "POST" else { return .json(pageText([])) }
        let (refuses, number) = state.withLock { state in
            state.creates += 1
            return (state.refuses, state.creates)
        }
        if refuses {
            return .json(#"{"error":{"code":"data/validation-error","message":"too short"}}"#, status: 400)
        }
        guard case .object(var row)? = try? JSON(parsing: sent.body.utf8) else { return .json("{}", status: 500) }
        row["id"] = .string("677e0000000000000000000\(number)")
        row["createdBy"] = "u1"
        row["createdAt"] = "2025-01-08T00:00:00.000Z"
        row["updatedAt"] = "2025-01-08T00:00:00.000Z"
        return .json(String(decoding: JSON.object(row).serialized(), as: UTF8.self), status: 201)
    }
}

/// Sessions that can't be read for a while.
private final class FlakySessions: SessionStore {
    struct Unreadable: Error {}

    private let kept = InMemorySessionStore()
    private let state = Mutex((isBroken: false, failures: 0))

    var isBroken: Bool {
        get { state.withLock { $0.isBroken } }
        set { state.withLock { $0.isBroken = newValue } }
    }
    /// How often it was asked in vain.
    var failures: Int { state.withLock { $0.failures } }

    func load() async throws -> Session? {
        try state.withLock { state in
            guard state.isBroken else { return }
            state.failures += 1
            throw Unreadable()
        }
        return await kept.load()
    }

    func save(_ session: Session?) async { await kept.save(session) }

    func exclusively<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result { try await kept.exclusively(body) }
}
