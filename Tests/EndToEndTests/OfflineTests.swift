import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// Local stores and a server that comes and goes, over real sockets.
@Suite(.serialized, .timeLimit(.minutes(10))) struct OfflineTests {
    @Test("A write made while the server is down waits, and is one record once the server is back")
    func serverDown() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            try await offline.stopServer()
            let notes = device.store.table(OfflineNote.self)
            let note = try await notes.create(OfflineNote(title: "On the train"))
            try await notes.update(note.id) { $0.text = "No network here" }
            try await device.start()
            for await status in device.store.sync.statuses where status.lastError != nil {
                #expect(status.pending > 0)
                break
            }
            #expect(try await notes.get(note.id)?.syncState == .pending)

            try await offline.startServer()
            await device.store.sync.syncNow()
            let confirmed = try await note.confirmed()
            #expect(confirmed.syncState == .synced && confirmed.text == "No network here")
            #expect(confirmed.id != note.id && confirmed.createdBy == device.store.userID)
            #expect(try await notes.get(note.id)?.id == confirmed.id)
            let remote = try await device.client.table(OfflineNote.self).page()
            #expect(remote.records.map(\.id) == [confirmed.id])
            #expect(try await device.store.outbox.counts().total == 0)
        }
    }

    @Test("Two devices converge: creates, changes, deletes")
    func convergence() async throws {
        try await Offline.run { offline in
            let one = try await offline.device("ada")
            let two = try await offline.device("ada", "second")
            for device in [one, two] {
                try await device.store.subscribe(to: device.notes)
                try await device.start()
            }
            let first = try await one.notes.create(OfflineNote(title: "From one"))
            let second = try await two.notes.create(OfflineNote(title: "From two"))
            try await one.shows(["From one", "From two"])
            try await two.shows(["From one", "From two"])
            let (firstID, secondID) = (try await first.confirmed().id, try await second.confirmed().id)

            try await two.notes.update(firstID) { $0.text = "changed on two" }
            try await one.notes.delete(secondID)
            try await one.shows(["From one"])
            try await two.shows(["From one"])
            try await one.shows(where: { $0.map(\.text) == ["changed on two"] })
            let (left, right) = (try await one.notes.fetch(), try await two.notes.fetch())
            #expect(left.records.map(\.json) == right.records.map(\.json))
            #expect(left.completeness == .complete && right.completeness == .complete)
        }
    }

    @Test("A write that the server rejects is a dead letter: edited and tried again, it arrives")
    func deadLetter() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            try await device.start()
            let note = try await device.notes.create(OfflineNote(title: ""))
            let other = try await device.notes.create(OfflineNote(title: "Good"))
            let error = await #expect(throws: StoreError.self) { try await note.confirmed() }
            guard case .rejected(let failure) = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(failure.status == 400 && failure.errorCode == .validationError)
            #expect(failure.details.map(\.field) == ["title"] && failure.details.map(\.rule) == ["minLength"])
            _ = try await other.confirmed()
            let letter = try #require(try await device.store.outbox.deadLetters().first)
            #expect(letter.advice != nil)
            #expect(await device.store.sync.status.failed == 1)
            try await device.store.outbox.edit(letter.id, set: ["title": "Mended"])
            try await device.store.outbox.retry(letter.id)
            #expect(try await note.confirmed().title == "Mended")
            #expect(try await device.client.table(OfflineNote.self).count() == 2)
        }
    }

    @Test("A form that is saved over another device's change undoes nothing; the field that both changed is reported")
    func form() async throws {
        try await Offline.run { offline in
            let one = try await offline.device("ada")
            let two = try await offline.device("ada", "second")
            for device in [one, two] {
                try await device.store.subscribe(to: device.notes)
                try await device.start()
            }
            let id = try await one.notes.create(OfflineNote(title: "Plan", text: "before")).confirmed().id
            try await two.shows(["Plan"])
            let shown = try #require(try await two.notes.get(id))
            try await one.notes.update(id) { $0.text = "one's" }
            try await two.shows(where: { $0.map(\.text) == ["one's"] })
            var edited = shown.model
            edited.title = "New plan"
            let saved = try await two.notes.update(shown) { [edited] in $0 = edited }.confirmed()
            #expect(saved.title == "New plan" && saved.text == "one's")
            #expect(try await two.store.outbox.reports().isEmpty)

            edited.text = "two's"
            _ = try await two.notes.update(shown) { [edited] in $0 = edited }.confirmed()
            let report = try #require(try await two.store.outbox.reports().first)
            #expect(report.kind == "conflict" && report.detail["field"] == "text")
            #expect(report.detail["before"] == "before" && report.detail["theirs"] == "one's")
            #expect(try await two.client.table(OfflineNote.self).get(id).text == "two's")
            #expect(try await two.store.outbox.reports().count == 1)
        }
    }

    @Test(
        "A field changed on both devices is a conflict: the policy decides, and it is reported", arguments: Winner.all)
    func conflict(_ winner: Winner) async throws {
        try await Offline.run { offline in
            let one = try await offline.device("ada")
            let two = try await offline.device("ada", "second")
            try await one.store.subscribe(to: one.notes)
            try await two.store.subscribe(to: two.notes, conflicts: winner.policy)
            try await one.start()
            try await two.start()
            let id = try await one.notes.create(OfflineNote(title: "Plan", text: "before")).confirmed().id
            try await two.shows(["Plan"])
            await two.store.sync.pause()
            try await two.notes.update(id) { $0.text = "two's" }
            try await one.notes.update(id) { $0.text = "one's" }
            try await one.confirmed(id)
            await two.store.sync.resume()
            try await two.confirmed(id)

            let report = try #require(try await two.store.outbox.reports().first)
            #expect(report.kind == "conflict" && report.table == "notes" && report.record == id)
            #expect(report.detail["field"] == "text")
            #expect(report.detail["mine"] == "two's" && report.detail["theirs"] == "one's")
            #expect(try await two.client.table(OfflineNote.self).get(id).text == winner.text)
            try await one.shows(where: { $0.map(\.text) == [winner.text] })
            try await two.shows(where: { $0.map(\.text) == [winner.text] })
            try await two.store.outbox.acknowledge(report.id)
            #expect(try await two.store.outbox.reports().isEmpty)
        }
    }

    @Test("Settled: all is sent and read; dead letters aren't waited for, nor a server that is gone")
    func settled() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            let remote = device.client.table(OfflineNote.self)
            try await device.store.subscribe(to: device.notes)
            #expect(await device.store.sync.settled().state == .stopped)
            try await device.start()
            try await device.notes.createAll((0..<50).map { OfflineNote(title: "\($0)") })
            try await device.notes.create(OfflineNote(title: ""))
            let status = await device.store.sync.settled()
            #expect(status.state == .idle && status.pending == 0 && status.failed == 1)
            #expect(status.subscriptions.map(\.isUpToDate) == [true])
            #expect(try await remote.count() == 50)

            try await remote.create(OfflineNote(title: "From elsewhere"))
            await device.store.sync.syncNow()
            await device.store.sync.settled()
            #expect(try await device.notes.where { $0.title == "From elsewhere" }.count() == 1)

            try await offline.stopServer()
            try await device.notes.create(OfflineNote(title: "Waits"))
            await device.store.sync.syncNow()
            let left = await device.store.sync.settled(within: .seconds(100))
            #expect(left.state == .offline)
            // Waiting, or being tried again at this moment.
            let counts = try await device.store.outbox.counts()
            #expect(counts.queued + counts.sending == 1)
        }
    }

    @Test("Signed out, nothing is sent; signed in again, it is")
    func signedOut() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            try await device.start()
            try await device.client.accounts.signOut()
            for await status in device.store.sync.statuses where status.state == .signedOut { break }
            let note = try await device.notes.create(OfflineNote(title: "Kept"))
            #expect(try await device.notes.get(note.id)?.syncState == .pending)
            try await offline.signIn(device.client, "eve")
            for await status in device.store.sync.statuses where status.state == .paused(.otherUser) { break }
            #expect(try await device.client.table(OfflineNote.self).count() == 0)
            try await offline.signIn(device.client, "ada")
            _ = try await note.confirmed()
            let rows = try await device.client.table(OfflineNote.self).page().records
            #expect(rows.map(\.createdBy) == [device.store.userID])
        }
    }

    @Test("A server that moved to another address: the store opens, the user signs in again, and what waited is sent")
    func movedServer() async throws {
        try await Offline.run { offline in
            let sessions = try FileSessionStore(path: offline.folder.path + "/session.json")
            let old = try BkendClient(url: offline.url, key: offline.key, options: .silent, sessions: sessions)
            try await offline.signIn(old, "ada")
            let folder = offline.folder.appending(path: "moved")
            let store = try await old.openLocalStore(at: folder)
            let note = try await store.table(OfflineNote.self).create(OfflineNote(title: "Waits"))
            await store.close()
            await old.shutdown()

            let address = offline.url.replacing("127.0.0.1", with: "localhost")
            #expect(address != offline.url)
            let new = try BkendClient(url: address, key: offline.key, options: .silent, sessions: sessions)
            let moved = try await new.openLocalStore(at: folder)
            #expect(moved.userID == store.userID)
            #expect(try await moved.table(OfflineNote.self).get(note.id)?.syncState == .pending)
            try await moved.sync.start()
            #expect(await moved.sync.settled().state == .signedOut)
            try await offline.signIn(new, "ada")
            let there = try await #require(try await moved.table(OfflineNote.self).get(note.id)).confirmed()
            #expect(there.createdBy == moved.userID)
            await moved.close()
            await new.shutdown()
        }
    }

    @Test("Signing out without a network says that the server wasn't told")
    func signingOutOffline() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            try await offline.stopServer()
            let outcome = try await device.client.accounts.signOut(options: CallOptions(retry: .never))
            guard case .onlyHere(let error) = outcome, case .transport = error.reason else {
                Issue.record("\(outcome)")
                return
            }
            #expect(try await device.client.accounts.currentUserID() == nil)
            try await offline.startServer()
            try await offline.signIn(device.client, "ada")
            #expect(try await device.client.accounts.signOut().isServerTold)
        }
    }

    @Test("Of two handles on a store one syncs; when it stops the other goes on")
    func leaders() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            let second = try await device.client.openLocalStore(at: device.folder)
            try await device.start()
            try await second.sync.start()
            #expect(await second.sync.status.state == .stopped)
            // The one that leads sends what the other handle writes.
            _ = try await second.table(OfflineNote.self).create(OfflineNote(title: "One")).confirmed()
            await device.store.sync.stop()
            #expect(await device.store.sync.status.state == .stopped)
            _ = try await device.notes.create(OfflineNote(title: "Two")).confirmed()
            #expect(await second.sync.status.state != .stopped)
            await second.close()
        }
    }
}

/// Who wins a conflict.
enum Winner: String, CaseIterable {
    case client, server, merge

    static var all: [Winner] { allCases }

    var policy: ConflictPolicy {
        switch self {
        case .client: .clientWins
        case .server: .serverWins
        case .merge:
            .merge { conflict in
                .string([conflict.mine, conflict.theirs ?? .null].compactMap(\.stringValue).joined(separator: " and "))
            }
        }
    }

    var text: String {
        switch self {
        case .client: "two's"
        case .server: "one's"
        case .merge: "two's and one's"
        }
    }
}
