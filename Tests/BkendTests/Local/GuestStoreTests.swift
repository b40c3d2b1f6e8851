import BkendSync
import Foundation
import Testing

@testable import Bkend

/// What becomes of what a guest wrote, by the app's word and without it.
@Suite(.timeLimit(.minutes(10))) struct GuestStoreTests {
    /// An app on a device: a folder, and who is signed in.
    private struct App {
        let client: BkendClient
        let sessions: InMemorySessionStore
        let root: URL

        func signIn(_ user: String?) async {
            await sessions.save(
                user.map {
                    Session(server: "http://localhost:8420/v1", userID: $0, accessToken: "a", refreshToken: "r")
                })
        }

        func opened() async throws -> LocalStore { try await client.openLocalStore(at: root) }

        /// As a launch that only writes.
        func write(_ titles: String...) async throws {
            let store = try await opened()
            for title in titles { try await store.table(Book.self).create(Book(title: title)) }
            await store.close()
        }

        func titles() async throws -> [String] {
            let store = try await opened()
            let titles = try await store.table(Book.self).order(by: \.title).fetch().map(\.title)
            await store.close()
            return titles
        }
    }

    private func run(_ body: (App) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let sessions = InMemorySessionStore()
        let client = try BkendClient(
            url: "http://localhost:8420", key: testKey, options: quietOptions(), sessions: sessions,
            transport: ScriptedTransport(.json("{}", status: 503)))
        try await body(App(client: client, sessions: sessions, root: folder))
    }

    @Test("A guest's writes go into the store that the user has already, with ids; a second call does nothing")
    func takingOver() async throws {
        try await run { app in
            await app.signIn("ada")
            try await app.write("Ada's")
            await app.signIn(nil)
            let guest = try await app.opened()
            let first = try await guest.table(Book.self).create(Book(title: "Guest's"))
            #expect(await refusal { _ = try await guest.takeOver(into: guest) } == .otherOwner)
            await app.signIn("ada")
            let store = try await app.opened()
            #expect(await refusal { try await guest.takeOver() } == .otherOwner)
            #expect(try await guest.takeOver(into: store) == 1)
            #expect(try await guest.takeOver(into: store) == 0)
            #expect(try await store.table(Book.self).get(first.id)?.title == "Guest's")
            #expect(try await store.outbox.entries().map(\.user) == ["ada", "ada"])
            #expect(try await guest.table(Book.self).count() == 0)
            #expect(guest.userID == "")
            #expect(await refusal { _ = try await store.takeOver(into: guest) } == .otherOwner)
            await guest.close()
            await store.close()
            await app.signIn(nil)
            #expect(try await app.titles() == [])
            #expect(try await app.client.leftGuestStores(at: app.root).isEmpty)
        }
    }

    @Test("One call after the sign-in moves them too, and a live list of the user's store shows them")
    func replacing() async throws {
        try await run { app in
            await app.signIn("ada")
            try await app.write("Ada's")
            await app.signIn(nil)
            var store = try await app.client.openLocalStore(at: app.root)
            let guest = store
            try await store.sync.start()
            try await store.table(Book.self).create(Book(title: "Guest's"))
            await app.signIn("ada")
            store = try await app.client.openLocalStore(at: app.root, replacing: store)
            #expect(store !== guest && store.userID == "ada")
            #expect(try await store.table(Book.self).order(by: \.title).fetch().map(\.title) == ["Ada's", "Guest's"])
            #expect(await store.synchroniser?.runningOptions() != nil)
            #expect(await refusal { _ = try await guest.table(Book.self).count() } == .closed)
            await store.close()
        }
    }

    @Test("What a guest left is shown to nobody: not to the next guest, nor to who signs up next; the app decides")
    func left() async throws {
        try await run { app in
            try await app.write("First guest's", "And another")
            // Somebody signs in, and the app doesn't take over.
            await app.signIn("ada")
            #expect(try await app.titles() == [])
            await app.signIn(nil)
            #expect(try await app.titles() == [])
            try await app.write("Second guest's")
            #expect(try await app.titles() == ["Second guest's"])
            let guest = try await app.opened()
            await app.signIn("eve")
            try await guest.takeOver()
            await guest.close()
            #expect(try await app.titles() == ["Second guest's"])

            let left = try await app.client.leftGuestStores(at: app.root)
            #expect(left.map(\.writes) == [2])
            #expect(left.first?.lastWrite != nil)
            let store = try #require(left.first)
            await app.signIn("ada")
            let adas = try await app.opened()
            #expect(try await adas.takeOver(store) == 2)
            #expect(try await adas.takeOver(store) == 0)
            await adas.close()
            #expect(try await app.titles() == ["And another", "First guest's"])
            #expect(try await app.client.leftGuestStores(at: app.root).isEmpty)
        }
    }

    @Test("What a guest left goes on as the guest's, or is given up, by the app's word")
    func resumedOrDiscarded() async throws {
        try await run { app in
            try await app.write("First guest's")
            await app.signIn("ada")
            _ = try await app.titles()
            await app.signIn(nil)
            try await app.write("Second guest's")
            let first = try #require(try await app.client.leftGuestStores(at: app.root).first)
            try await app.client.resume(first)
            #expect(try await app.titles() == ["First guest's"])
            let second = try #require(try await app.client.leftGuestStores(at: app.root).first)
            #expect(second.id != first.id)
            try await app.client.discard(second)
            #expect(try await app.client.leftGuestStores(at: app.root).isEmpty)
            // The first isn't left any more: nothing happens to it.
            try await app.client.discard(first)
            #expect(try await app.titles() == ["First guest's"])
        }
    }
}
