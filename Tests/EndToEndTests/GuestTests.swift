import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// Apps that are used before anybody signs up, against a real server.
@Suite(.serialized, .timeLimit(.minutes(10))) struct GuestTests {
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

    @Test("A guest's records go into the store that the user has on this device already, and are sent as the user")
    func signingIn() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            var store = device.store
            try await store.subscribe(to: device.notes)
            try await device.start()
            _ = try await device.notes.create(OfflineNote(title: "Ada's")).confirmed()
            try await device.client.accounts.signOut()
            store = try await device.client.openLocalStore(at: device.folder, replacing: store)
            let notes = store.table(OfflineNote.self)
            let first = try await notes.create(OfflineNote(title: "Guest's first"))
            try await notes.create(OfflineNote(title: "Guest's second", text: first.id))
            try await notes.update(first.id) { $0.text = "changed" }
            let status = await store.sync.settled(within: .seconds(60))
            #expect(status.failed == 0 && !status.pausedTables.isEmpty)

            try await offline.signIn(device.client, "ada")
            store = try await device.client.openLocalStore(at: device.folder, replacing: store)
            let after = await store.sync.settled(within: .seconds(60))
            #expect(after.pending == 0 && after.failed == 0)
            let records = try await device.client.table(OfflineNote.self).page().records
            #expect(Set(records.map(\.title)) == ["Ada's", "Guest's first", "Guest's second"])
            #expect(records.allSatisfy { $0.createdBy == store.userID })
            // The id that the guest was given leads to the record, and what named it names it still.
            let moved = try #require(try await store.table(OfflineNote.self).get(first.id))
            #expect(moved.text == "changed")
            #expect(records.first { $0.title == "Guest's second" }?.text == moved.id)
            await store.close()

            try await device.client.accounts.signOut()
            let next = try await device.client.openLocalStore(at: device.folder)
            #expect(try await next.table(OfflineNote.self).count() == 0)
            await next.close()
        }
    }
}
