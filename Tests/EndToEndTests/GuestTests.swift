import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// Apps that are used before anybody signs up, against a real server.
@Suite(.serialized, .timeLimit(.minutes(2))) struct GuestTests {
    @Test("What a guest may not send yet waits, and is sent as the user who signs up")
    func signingUp() async throws {
        try await Offline.run { offline in
            let client = try BkendClient(url: offline.url, key: offline.key, options: .silent)
            let folder = offline.folder.appending(path: "new")
            var store = try await client.openLocalStore(at: folder)
            let notes = store.table(OfflineNote.self)
            try await store.subscribe(to: notes)
            try await store.sync.start()
            let note = try await notes.create(OfflineNote(title: "First"))
            try await notes.update(note.id) { $0.text = "before there was an account" }
            for title in ["Second", "Third", "Fourth", "Fifth"] { try await notes.create(OfflineNote(title: title)) }
            // It returns as soon as all that is left waits for the guest to sign up.
            let status = await store.sync.settled(within: .seconds(60))
            #expect(status.state == .idle && status.failed == 0 && status.pending >= 5)
            #expect(status.pausedTables.map(\.reason) == [.guestRefused(.permissionDenied)])
            #expect(status.pausedTables.map(\.kind) == [.create])
            #expect(try await store.outbox.deadLetters().isEmpty)
            #expect(try await notes.get(note.id)?.syncState == .pending)

            try await client.accounts.signUp(email: "new@example.com", password: "correct horse 1")
            store = try await client.openLocalStore(at: folder, replacing: store)
            let after = await store.sync.settled(within: .seconds(60))
            #expect(after.pending == 0 && after.failed == 0 && after.pausedTables.isEmpty)
            let records = try await client.table(OfflineNote.self).page().records
            #expect(Set(records.map(\.title)) == ["First", "Second", "Third", "Fourth", "Fifth"])
            #expect(records.allSatisfy { $0.createdBy == store.userID })
            #expect(records.first { $0.title == "First" }?.text == "before there was an account")
            await store.close()
            await client.shutdown()
        }
    }
}
