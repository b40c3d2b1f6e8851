import Bkend
import BkendTesting
import Foundation
import Observation
import Testing

// The code of docs/offline.md and of README.md's "Use it", line by line; `make lint` checks that they are the same.

@Table("notes")
struct Note: Equatable {
    var text: String
    var isDone = false
}

func badge(_ state: SyncState) -> String {
    switch state {
    case .synced: ""
    case .pending: "↑"
    case .failed(let failure): "! \(failure.message)"
    case .unresolved: "?"
    }
}

func banner(_ status: SyncStatus) -> String? {
    switch status.state {
    case .offline: "No connection. \(status.pending) changes wait on this device"
    case .signedOut: "Sign in again to go on synchronising"
    case .paused(.refused): "The server no longer takes this app's key: update the app"
    default: status.failed > 0 ? "\(status.failed) changes were rejected" : nil
    }
}

@MainActor final class NotesModel {
    let list: LiveValue<Snapshot<Note>>
    let open: LiveValue<Int>

    init(_ notes: LocalTable<Note>) {
        list = LiveValue(notes.order(by: \.createdAt).live())
        open = LiveValue(notes.where { $0.isDone == false }.liveCount())
    }

    var lines: [String] { (list.value?.records ?? []).map(\.text) }
    var title: String { "\(open.value ?? 0) to do" }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct OfflineDocumentTests {
    private static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "schema": [
                    "properties": [
                        "text": ["type": "string", "required": true, "minLength": 1, "maxLength": 40],
                        "isDone": ["type": "boolean", "default": false],
                    ],
                    "additionalProperties": true,
                ],
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    /// Runs a body against a server, with a device that keeps the notes and is in sync.
    private func run(
        _ name: String = "device", _ body: (LocalStore, LocalTable<Note>, BkendClient, Offline) async throws -> Void
    ) async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let (serverURL, publishableKey, folder) = (offline.url, offline.key, offline.folder.appending(path: name))
            let sessions = try FileSessionStore(path: folder.path + "/session.json")
            let client = try BkendClient(url: serverURL, key: publishableKey, sessions: sessions)
            try await offline.signIn(client, "ada")
            let store = try await client.openLocalStore(at: folder)
            let notes = store.table(Note.self)
            try await store.subscribe(to: notes)
            try await store.sync.start()
            do { try await body(store, notes, client, offline) } catch {
                await store.close()
                await client.shutdown()
                throw error
            }
            await store.close()
            await client.shutdown()
        }
    }

    @Test("README: an app that works offline")
    func readme() async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let (serverURL, key, folder) = (offline.url, offline.key, offline.folder.appending(path: "readme"))
            let sessions = try FileSessionStore(path: folder.path + "/session.json")
            var shown: [Bool] = []
            func render(_ notes: [Record<Note>]) { shown = notes.map { $0.syncState == .synced } }
            let client = try BkendClient(url: serverURL, key: key, sessions: sessions)
            try await offline.signIn(client, "ada")
            try await offline.stopServer()

            let store = try await client.openLocalStore(at: folder)
            let notes = store.table(Note.self)
            try await store.subscribe(to: notes)
            try await store.sync.start()

            let note = try await notes.create(Note(text: "Written in a tunnel"))
            try await notes.update(note.id) { $0.isDone = true }
            let done = try await notes.where { $0.isDone == true }.order(by: \.createdAt).fetch()
            #expect(done.map(\.syncState) == [.pending])
            try await offline.startServer()
            await store.sync.syncNow()
            for await snapshot in notes.order(by: \.createdAt).live() {
                render(snapshot.records)
                if snapshot.pending == 0 { break }
            }
            let confirmed = try await note.confirmed()
            #expect(shown == [true] && confirmed.isDone && confirmed.id != note.id)
            await store.close()
            await client.shutdown()
        }
    }

    @Test("What a guest wrote becomes the user's who signs in")
    func firstLaunch() async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let client = try BkendClient(url: offline.url, key: offline.key)
            let (folder, email, password) = (offline.folder.appending(path: "new"), "eve@example.com", "long enough 1")
            let guest = try await client.openLocalStore(at: folder)
            try await guest.table(Note.self).create(Note(text: "Before there was an account"))
            try await guest.sync.start()
            var hints: [String] = []
            func hint(_ text: String) { hints.append(text) }
            let status = await guest.sync.settled()
            if status.pausedTables.contains(where: { if case .guestRefused = $0.reason { true } else { false } }) {
                hint("Sign up to keep your notes on the server")
            }
            #expect(hints.count == 1)
            try await client.accounts.signUp(email: email, password: password)
            try await guest.takeOver()
            #expect(await guest.sync.settled().pending == 0)
            #expect(try await client.table(Note.self).count() == 1)
            await guest.close()
            await client.shutdown()
        }
    }

    @Test("A guest's records go into the user's store, and what a guest left waits for the app's word")
    func guests() async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let client = try BkendClient(url: offline.url, key: offline.key, options: .silent)
            let folder = offline.folder.appending(path: "new")
            try await offline.signIn(client, "eve")
            let own = try await client.openLocalStore(at: folder)
            await own.close()
            try await client.accounts.signOut()
            let guest = try await client.openLocalStore(at: folder)
            try await guest.table(Note.self).create(Note(text: "Before signing in"))
            try await offline.signIn(client, "eve")
            let store = try await client.openLocalStore(at: folder)
            try await guest.takeOver(into: store)
            await guest.close()
            #expect(try await store.outbox.counts().total == 1)

            try await client.accounts.signOut()
            let next = try await client.openLocalStore(at: folder)
            try await next.table(Note.self).create(Note(text: "Left behind"))
            await next.close()
            try await offline.signIn(client, "eve")
            let again = try await client.openLocalStore(at: folder)
            await again.close()
            func isYours(_ writes: Int, _ lastWrite: Date?) -> Bool { writes == 1 && lastWrite != nil }
            for left in try await client.leftGuestStores(at: folder) {
                if isYours(left.writes, left.lastWrite) { try await store.takeOver(left) }
            }
            #expect(try await store.outbox.counts().total == 2)
            #expect(try await client.leftGuestStores(at: folder).isEmpty)
            await store.close()
            await client.shutdown()
        }
    }

    @Test("Completeness, badges and banners")
    func states() async throws {
        try await run { store, notes, _, offline in
            var hints: [String] = []
            func hint(_ text: String) { hints.append(text) }
            var rendered: [String] = []
            func render(_ lines: [String], _ changes: SnapshotChanges) { rendered = lines }
            await store.sync.settled()
            let result = try await notes.where { $0.isDone == false }.fetch()
            if result.completeness == .partial { hint("More notes may come with the next sync") }
            #expect(hints.isEmpty && result.completeness == .complete)
            let confirmed = try await notes.create(Note(text: "Ordered")).confirmed()
            #expect(confirmed.syncState == .synced)

            try await offline.stopServer()
            try await notes.create(Note(text: "Waiting"))
            await store.sync.syncNow()
            let banners = AsyncStream<String?>.makeStream()
            let watcher = Task {
                var shown: String? { didSet { banners.continuation.yield(shown) } }
                for await status in store.sync.statuses { shown = banner(status) }
            }
            for await text in banners.stream where text?.hasPrefix("No connection. 1 ") == true { break }
            watcher.cancel()
            for await snapshot in notes.order(by: \.createdAt).live() {
                render(snapshot.records.map { "\($0.text) \(badge($0.syncState))" }, snapshot.changes)
                break
            }
            #expect(rendered == ["Ordered ", "Waiting ↑"])
        }
    }

    @Test("One record, the first one and a count are observed")
    func observing() async throws {
        try await run { _, notes, _, _ in
            let note = try await notes.create(Note(text: "Plan"))
            let (texts, told) = AsyncStream<String>.makeStream()
            // Three screens, until each has shown what is there.
            let screens = [
                Task {
                    var title = "" { didSet { told.yield("record \(title)") } }
                    for try await shown in notes.live(note.id) { title = shown?.text ?? "deleted" }
                },
                Task {
                    var title = "" { didSet { told.yield("first \(title)") } }
                    let newestFirst = notes.order(by: \.createdAt, .descending)
                    for try await newest in newestFirst.liveFirst() { title = newest?.text ?? "" }
                },
                Task {
                    var badge = 0 { didSet { told.yield("count \(badge)") } }
                    for try await count in notes.where({ $0.isDone == false }).liveCount() { badge = count }
                },
            ]
            var missing: Set = ["record Plan", "first Plan", "count 1", "record deleted", "first ", "count 0"]
            for await text in texts {
                missing.remove(text)
                if missing.isDisjoint(with: ["record Plan", "first Plan", "count 1"]), try await notes.count() == 1 {
                    try await notes.delete(note.id)
                }
                if missing.isEmpty { break }
            }
            for screen in screens { screen.cancel() }
        }
    }

    @Test("Views are told of what changes")
    func views() async throws {
        try await run { _, notes, _, _ in
            try await notes.create(Note(text: "Plan"))
            try await Self.follow(NotesModel(notes)) { $0 == ["1 to do", "Plan"] }
        }
    }

    /// Draws a screen whenever what it shows has changed, until it is as said.
    @MainActor private static func follow(_ screen: NotesModel, until isSo: ([String]) -> Bool) async throws {
        var drawn: [String] = []
        func draw(_ title: String, _ lines: [String]) { drawn = [title] + lines }
        while !isSo(drawn) {
            let (changes, change) = AsyncStream<Void>.makeStream()
            let redraw = { @Sendable in change.finish() }
            withObservationTracking {
                draw(screen.title, screen.lines)
            } onChange: {
                redraw()
            }
            if isSo(drawn) { return }
            for await _ in changes {}
        }
    }

    @Test("Many records are changed at once, and one is found by its value")
    func manyRecords() async throws {
        try await run { _, notes, _, _ in
            var hints: [String] = []
            func hint(_ text: String) { hints.append(text) }
            try await notes.createAll([Note(text: "Buy milk"), Note(text: "Oat milk"), Note(text: "Call")])
            let ticked = try await notes.where { $0.text.contains("milk") }.updateAll { $0.isDone = true }
            let swept = try await notes.where { $0.isDone == true }.order(by: \.updatedAt).deleteAll(limit: 100)
            if swept.hasMore { hint("More to sweep") }
            #expect(ticked.done.count == 2 && swept.done.count == 2 && hints.isEmpty)
            try await notes.create(Note(text: "Water the plants", isDone: true))
            let daily = try await notes.upsert(Note(text: "Water the plants", isDone: false), by: \.text)
            #expect(try await daily.confirmed().isDone == false)
            #expect(try await notes.count() == 2)
        }
    }

    @Test("A record that nobody subscribes to is read into the store, and stays")
    func oneRecord() async throws {
        try await run { store, notes, client, _ in
            for subscription in try await store.subscriptions() { try await store.unsubscribe(subscription.id) }
            try await store.subscribe(to: notes.where { $0.isDone == true })
            await store.sync.settled()
            let id = try await client.table(Note.self).create(Note(text: "Linked")).id
            #expect(try await notes.get(id) == nil)
            let linked = try await notes.download(id)
            #expect(linked.text == "Linked" && linked.syncState == .synced)
            await store.sync.syncNow()
            await store.sync.settled()
            #expect(try await notes.get(id)?.text == "Linked")

            // What waits here stays, and the newest of the rest comes.
            await store.sync.pause()
            try await notes.update(id) { $0.isDone = true }
            try await client.table(Note.self).update(id) { $0.text = "Elsewhere" }
            #expect(try await notes.download(id).model == Note(text: "Elsewhere", isDone: true))
            // Nothing is asked about a note that the server can't have.
            let new = try await notes.create(Note(text: "New", isDone: true))
            #expect(try await notes.download(new.id).syncState == .pending)
            await store.sync.resume()
            #expect(try await new.confirmed().text == "New")
            #expect(try await notes.download(new.id).text == "New")

            let nowhere = "0123456789abcdef01234567"
            let missing = await #expect(throws: BkendError.self) { try await notes.download(nowhere) }
            #expect(missing?.code == .notFound)
            try await client.accounts.signOut()
            let nobody = await #expect(throws: StoreError.self) { try await notes.download(id) }
            #expect(nobody?.reason == .otherOwner)
        }
    }

    @Test("Dead letters are explained, mended and sent again")
    func deadLetters() async throws {
        try await run { store, notes, _, _ in
            var explained: [String] = []
            func explain(_ record: String, _ why: String, _ advice: String) { explained.append(advice) }
            let note = try await notes.create(Note(text: String(repeating: "long ", count: 20)))
            await #expect(throws: StoreError.self) { try await note.confirmed() }
            for letter in try await store.outbox.deadLetters() {
                explain(letter.record, letter.failure?.message ?? "", letter.advice ?? "")
                try await store.outbox.edit(letter.id, set: ["text": "Shorter"])
                try await store.outbox.retry(letter.id)
            }
            #expect(try await note.confirmed().text == "Shorter" && explained.count == 1)
        }
    }

    @Test("Policies decide conflicts, and reports tell")
    func conflicts() async throws {
        try await run { store, notes, client, _ in
            var told: [JSON?] = []
            var winner: StoreReport.Kept?
            func tell(_ record: String, _ field: String, _ mine: JSON, _ theirs: JSON?, _ kept: StoreReport.Kept) {
                told += [.string(field), mine, theirs]
                winner = kept
            }
            var options = SyncOptions()
            options.conflictsByTable["counters"] = .merge { conflict in
                let (mine, theirs) = (conflict.mine.intValue ?? 0, conflict.theirs?.intValue ?? 0)
                if conflict.maybeApplied { return .int(theirs) }
                return .int(theirs + mine - (conflict.before?.intValue ?? 0))
            }
            options.conflictsByTable["orders"] = .mergeRecord { before, mine, theirs in
                theirs["state"] == "closed" ? theirs : mine
            }
            try await store.subscribe(to: notes, conflicts: .serverWins)
            try await store.sync.start(options)
            let note = try await notes.create(Note(text: "Plan")).confirmed()
            await store.sync.settled()
            await store.sync.pause()
            try await notes.update(note.id) { $0.text = "mine" }
            try await client.table(Note.self).update(note.id) { $0.text = "theirs" }
            await store.sync.resume()
            #expect(try await notes.get(note.id)?.confirmed().text == "theirs")
            for report in try await store.outbox.reports() {
                if case .conflict(let field, _, let mine, let theirs, let kept) = report.content {
                    tell(report.record, field, mine, theirs, kept)
                }
                try await store.outbox.acknowledge(report.id)
            }
            #expect(told == ["text", "mine", "theirs"] && winner == .theirs)
            #expect(try await store.outbox.reports().isEmpty)
        }
    }

    @Test("After signing in one call leads to the right store")
    func switching() async throws {
        try await Offline.run(tables: Self.tables) { offline in
            let folder = offline.folder.appending(path: "switching")
            let client = try BkendClient(url: offline.url, key: offline.key, options: .silent)
            var store = try await client.openLocalStore(at: folder)
            let note = try await store.table(Note.self).create(Note(text: "A guest's"))
            try await store.sync.start()
            try await offline.signIn(client, "ada")
            store = try await client.openLocalStore(at: folder, replacing: store)
            let mine = try #require(try await store.table(Note.self).get(note.id))
            #expect(try await mine.confirmed().createdBy == store.userID && !store.userID.isEmpty)
            await store.close()
            await client.shutdown()
        }
    }

    @Test("A form is saved with the record that it was opened with")
    func form() async throws {
        try await run { store, notes, client, _ in
            try await store.subscribe(to: notes)
            let note = try await notes.create(Note(text: "Plan")).confirmed()
            try await client.table(Note.self).update(note.id) { $0.isDone = true }
            await store.sync.syncNow()
            await store.sync.settled()
            var edited = note.model
            edited.text = "New plan"
            let shown = try await notes.update(note) { $0 = edited }
            #expect(shown.model == Note(text: "New plan", isDone: true))
        }
    }

    @Test("Signing out asks while the outbox is full, and sends it first where it can")
    func signingOut() async throws {
        try await run { store, notes, client, offline in
            var questions: [String] = []
            func hint(_ text: String) { questions.append(text) }
            func isSure(_ question: String) -> Bool {
                questions.append(question)
                return false
            }
            func signOut() async throws {
                await store.sync.syncNow()
                await store.sync.settled(within: .seconds(10))
                let left = try await store.outbox.counts().total
                if left > 0, !isSure("\(left) changes are not on the server yet. Sign out all the same?") { return }
                let outcome = try await client.accounts.signOut()
                if !outcome.isServerTold { hint("Signed out on this device only: the server could not be told") }
            }
            try await offline.stopServer()
            try await notes.create(Note(text: "Kept"))
            try await signOut()
            #expect(questions.count == 1)
            #expect(try await client.accounts.currentUserID() == store.userID)
            try await offline.startServer()
            try await signOut()
            #expect(questions.count == 1)
            #expect(try await client.accounts.currentUserID() == nil)
            #expect(try await notes.count() == 1)
        }
    }

    @Test("A job in the background sends, reads and ends; a store lets go of what is not needed")
    func background() async throws {
        try await run { first, notes, client, offline in
            try await notes.create(Note(text: "From the first"))
            await first.sync.settled()
            let folder = offline.folder.appending(path: "job")
            let store = try await client.openLocalStore(at: folder)
            try await store.subscribe(to: store.table(Note.self))
            try await store.sync.start()
            let status = await store.sync.settled(within: .seconds(25))
            #expect(status.state == .idle && status.subscriptions.map(\.phase) == [.current])
            #expect(try await store.table(Note.self).count() == 1)
            await store.close()
        }
        try await run("small") { store, notes, _, _ in
            let open = try await store.subscribe(to: notes.where { $0.isDone == false })
            try await store.unsubscribe(open.id, keepingRecords: true)
            if try await store.usedBytes() > 200 << 20 { try await store.evict(toFit: 150 << 20) }
            #expect(try await store.subscriptions().count == 1)
            try await notes.index(by: \.isDone, \.createdAt)
            #expect(try await notes.indexes().map(\.fields) == [["isDone", "createdAt"]])
        }
    }

    @Test("An app's own test goes offline and comes back")
    func testing() async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "bkend-app-\(UUID())")
        defer { try? FileManager.default.removeItem(at: place) }
        let (serverFolder, folder, tables) = (place.path + "/server", place.appending(path: "device"), Self.tables)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let server = try await TestServer.start(folder: serverFolder, tables: tables)
        let client = try BkendClient(url: server.url, key: server.publishableKey)
        try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
        let store = try await client.openLocalStore(at: folder)
        try await store.sync.start()
        try await server.stop()
        let reserved = try ReservedPort(URL(string: server.url)?.port ?? 0)
        let note = try await store.table(Note.self).create(Note(text: "In a tunnel"))
        #expect(await store.sync.settled().state == .offline)
        let port = URL(string: server.url)?.port ?? 0
        let again = try await TestServer.start(folder: serverFolder, port: port)
        await store.sync.syncNow()
        #expect(try await note.confirmed().syncState == .synced)
        await store.close()
        await client.shutdown()
        try await again.stop()
        withExtendedLifetime(reserved) {}
    }
}
