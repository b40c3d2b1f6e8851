import BkendSync
import Foundation
import Testing

@testable import Bkend

@Suite(.timeLimit(.minutes(10))) struct OpenLocalStoreTests {
    /// A folder of its own, removed afterwards.
    private func run(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    /// A client of a server that can't be reached, in whose session store someone is signed in.
    private func client(user: String?, _ status: Session.Status = .active) async throws -> BkendClient {
        let sessions = InMemorySessionStore()
        if let user {
            await sessions.save(
                Session(
                    server: "http://localhost:8420/v1", userID: user, accessToken: "expired", refreshToken: "r",
                    status: status, obtainedAt: Date(timeIntervalSince1970: 0), expiresIn: 1))
        }
        let transport = ScriptedTransport { sent throws(TransportError) in
            Issue.record("sent \(sent.line)")
            throw TransportError(kind: .shutDown, delivery: .notSent, reason: "no network here")
        }
        return try BkendClient(
            url: "http://localhost:8420", key: testKey, options: quietOptions(), sessions: sessions,
            transport: transport)
    }

    @Test("A user's store opens without a network, with an expired session, with one that has ended too")
    func offline() async throws {
        try await run { folder in
            for status in [Session.Status.active, .ended, .refreshing] {
                let store = try await client(user: "u1", status).openLocalStore(at: folder)
                #expect(store.userID == "u1")
                try await store.table(Book.self).create(Book(title: "\(status)"))
                await store.close()
            }
            let store = try await client(user: "u1").openLocalStore(at: URL(filePath: folder))
            #expect(try await store.table(Book.self).count() == 3)
            #expect(try await store.outbox.entries().map(\.user) == ["u1", "u1", "u1"])
            #expect(try store.health == .unsuspicious && store.damage == nil)
            await store.close()
        }
    }

    @Test("Each user, and a guest, has a store of their own; so has each name")
    func separation() async throws {
        try await run { folder in
            let guest = try await client(user: nil).openLocalStore(at: folder)
            let ada = try await client(user: "ada").openLocalStore(at: folder)
            let odd = try await client(user: "../ada").openLocalStore(at: folder)
            let other = try await client(user: "ada").openLocalStore(at: folder, name: "other")
            try await guest.table(Book.self).create(Book(title: "Guest's"))
            try await ada.table(Book.self).create(Book(title: "Ada's"))
            #expect(try await ada.table(Book.self).fetch().map(\.title) == ["Ada's"])
            #expect(try await guest.table(Book.self).first()?.createdBy == "" && guest.userID == "")
            #expect(try await odd.table(Book.self).count() == 0)
            #expect(try await other.table(Book.self).count() == 0)
            for store in [guest, ada, odd, other] { await store.close() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/main").count { $0 != "latest" } == 4)
            let mode = try FileManager.default.attributesOfItem(atPath: folder + "/main/2")[.posixPermissions]
            #expect(mode as? Int == 0o700)
            let names = ["", "a/b", "..", String(repeating: "x", count: 65)]
            for name in names {
                #expect(await refusal { _ = try await client(user: nil).openLocalStore(at: folder, name: name) } != nil)
            }
        }
    }

    @Test("A folder whose path is longer than SQLite takes is refused with the limit; the longest one works")
    func longPath() async throws {
        try await run { folder in
            func longFolder(_ bytes: Int) -> String {
                var path = folder
                while path.utf8.count + 101 < bytes { path += "/" + String(repeating: "x", count: 99) }
                return path + "/" + String(repeating: "y", count: bytes - path.utf8.count - 1)
            }
            let words = await refusal { _ = try await client(user: nil).openLocalStore(at: longFolder(490)) }
            guard case .unusable(let words)? = words else {
                Issue.record("\(String(describing: words))")
                return
            }
            let most = try #require(words.split(separator: " ").compactMap { Int($0) }.last)
            #expect(words.contains("490 bytes") && !FileManager.default.fileExists(atPath: longFolder(490)))
            let store = try await client(user: nil).openLocalStore(at: longFolder(most))
            try await store.table(Book.self).create(Book(title: "Far away"))
            await store.close()
        }
    }

    @Test("Removing a user's folder leaves the others' stores theirs; the next new user takes the free number")
    func removedFolder() async throws {
        try await run { folder in
            for user in ["ada", "bob"] {
                let store = try await client(user: user).openLocalStore(at: folder)
                try await store.table(Book.self).create(Book(title: user))
                await store.close()
            }
            try FileManager.default.removeItem(atPath: folder + "/main/1")
            let bob = try await client(user: "bob").openLocalStore(at: folder)
            #expect(try await bob.table(Book.self).fetch().map(\.title) == ["bob"])
            #expect(!FileManager.default.fileExists(atPath: folder + "/main/1"))
            let carl = try await client(user: "carl").openLocalStore(at: folder)
            #expect(try await carl.table(Book.self).count() == 0)
            #expect(try String(contentsOfFile: folder + "/main/1/owner", encoding: .utf8) == "carl")
            await bob.close()
            await carl.close()
        }
    }

    @Test(
        "A folder whose label is damaged or gone is its database's owner's; one that nobody can place stays untouched")
    func damagedLabel() async throws {
        try await run { folder in
            let ada = try await client(user: "ada").openLocalStore(at: folder)
            try await ada.table(Book.self).create(Book(title: "Ada's"))
            await ada.close()
            let label = folder + "/main/1/owner"
            for damage in [Data([0xFF, 0xFE]), nil] {
                try FileManager.default.removeItem(atPath: label)
                if let damage { try damage.write(to: URL(filePath: label)) }
                let bob = try await client(user: "bob").openLocalStore(at: folder)
                #expect(try await bob.table(Book.self).count() == 0)
                await bob.close()
                let again = try await client(user: "ada").openLocalStore(at: folder)
                #expect(try await again.table(Book.self).fetch().map(\.title) == ["Ada's"])
                await again.close()
            }
            let path = folder + "/main/1/store.sqlite"
            let other = try FileHandle(forUpdating: URL(filePath: path + ".open"))
            // Another process has the damaged store open, so it can't be salvaged now.
            #expect(flock(other.fileDescriptor, LOCK_SH) == 0)
            try FileManager.default.removeItem(atPath: path + "-wal")
            try Data(repeating: 0x78, count: 8_192).write(to: URL(filePath: path))
            try Data([0xFF]).write(to: URL(filePath: label))
            let words = await refusal { _ = try await client(user: "carl").openLocalStore(at: folder) }
            guard case .unusable(let words)? = words else {
                Issue.record("\(String(describing: words))")
                return
            }
            #expect(words.contains(folder.split(separator: "/").last ?? "?") && words.contains("owner"))
            #expect(try Data(contentsOf: URL(filePath: label)) == Data([0xFF]))
            let bob = try await client(user: "bob").openLocalStore(at: folder)
            await bob.close()
            try other.close()
        }
    }

    @Test("Handles on one path share the store; it stays open until the last is closed")
    func sharing() async throws {
        try await run { folder in
            let first = try await client(user: "u1").openLocalStore(at: folder)
            let second = try await client(user: "u1").openLocalStore(
                at: folder + "/../" + (folder as NSString).lastPathComponent)
            #expect(try first.open.core === second.open.core)
            var live = second.table(Book.self).live().makeAsyncIterator()
            #expect(await live.next()?.records.isEmpty == true)
            try await first.table(Book.self).create(Book(title: "Dune"))
            #expect(await live.next()?.records.count == 1)
            await first.close()
            await first.close()
            #expect(await refusal { _ = try await first.table(Book.self).count() } == .closed)
            try await second.table(Book.self).create(Book(title: "Emma"))
            #expect(await live.next()?.records.count == 2)
            await second.close()
            #expect(await live.next() == nil)
            let third = try await client(user: "u1").openLocalStore(at: folder)
            #expect(try await third.table(Book.self).count() == 2)
            await third.close()
        }
    }

    @Test("A handle that nobody holds any more gives the store back")
    func forgotten() async throws {
        try await run { folder in
            weak var core: StoreCore?
            do {
                let store = try await client(user: "u1").openLocalStore(at: folder)
                core = try store.open.core
                try await store.table(Book.self).create(Book(title: "Dune"))
            }
            while core != nil { await Task.yield() }
            let store = try await client(user: "u1").openLocalStore(at: folder)
            #expect(try await store.table(Book.self).count() == 1)
            await store.close()
        }
    }

    @Test("A store that was not closed is looked through, and works meanwhile")
    func checking() async throws {
        try await run { folder in
            let store = try await client(user: "u1").openLocalStore(at: folder)
            try await store.open.write { tx in
                for number in 0..<100 { _ = try tx.writes.create("books", ["title": .string("\(number)")]) }
            }
            // What a crash leaves: the files as they are while the store is open.
            let crashed = folder + "/crashed"
            try FileManager.default.copyItem(atPath: folder + "/main", toPath: crashed)
            await store.close()
            let again = try await client(user: "u1").openLocalStore(at: folder, name: "crashed")
            #expect(try again.health != .unsuspicious)
            #expect(try await again.table(Book.self).count() == 100)
            while try again.health == .checking { await Task.yield() }
            #expect(try again.health == .sound)
            #expect(try await again.diagnostics()["health"] == "sound")
            await again.close()
        }
    }

    @Test("A damaged store is set aside, and what was lost is told")
    func damage() async throws {
        try await run { folder in
            let store = try await client(user: nil).openLocalStore(at: folder)
            try await store.table(Book.self).create(Book(title: "Lost"))
            await store.close()
            let path = folder + "/main/1/store.sqlite"
            try FileManager.default.removeItem(atPath: path + "-wal")
            try Data(repeating: 0x78, count: 8_192).write(to: URL(filePath: path))
            let again = try await client(user: nil).openLocalStore(at: folder)
            let damage = try #require(try again.damage)
            #expect(damage.savedEntries == 0 && damage.isOutboxUnreadable)
            #expect(FileManager.default.fileExists(atPath: damage.setAside))
            try await again.table(Book.self).create(Book(title: "New"))
            #expect(try await again.table(Book.self).count() == 1)
            try await again.wipe(discardingOutbox: true)
            #expect(!FileManager.default.fileExists(atPath: damage.setAside))
            await again.close()
        }
    }

    @Test("A guest's store becomes the user's who signs in, with its entries, and is found as theirs")
    func takingOver() async throws {
        try await run { folder in
            let sessions = InMemorySessionStore()
            let app = try BkendClient(
                url: "http://localhost:8420", key: testKey, options: quietOptions(), sessions: sessions,
                transport: ScriptedTransport())
            let store = try await app.openLocalStore(at: folder)
            let draft = try await store.table(Book.self).create(Book(title: "Guest's"))
            #expect(await refusal { try await store.takeOver() } == .otherOwner)
            await sessions.save(
                Session(server: "http://localhost:8420/v1", userID: "u1", accessToken: "a", refreshToken: "r"))
            try await store.takeOver()
            #expect(store.userID == "u1")
            #expect(try await store.table(Book.self).get(draft.id)?.createdBy == "u1")
            #expect(try await store.outbox.entries().map(\.user) == ["u1"])
            await store.close()
            let own = try await app.openLocalStore(at: folder)
            #expect(try await own.table(Book.self).count() == 1)
            await sessions.save(nil)
            let guest = try await app.openLocalStore(at: folder)
            #expect(try await guest.table(Book.self).count() == 0)
            await sessions.save(
                Session(server: "http://localhost:8420/v1", userID: "u1", accessToken: "a", refreshToken: "r"))
            #expect(await refusal { try await guest.takeOver() } == .otherOwner)
            await own.close()
            await guest.close()
        }
    }

    @Test("One call after a sign-in takes a guest's store over, or switches to the store of whoever is signed in now")
    func replacing() async throws {
        try await run { folder in
            let sessions = InMemorySessionStore()
            let app = try BkendClient(
                url: "http://localhost:8420", key: testKey, options: quietOptions(), sessions: sessions,
                transport: ScriptedTransport(.json("{}", status: 503)))
            let root = URL(filePath: folder)
            func signIn(_ user: String) async {
                await sessions.save(
                    Session(server: "http://localhost:8420/v1", userID: user, accessToken: "a", refreshToken: "r"))
            }
            var store = try await app.openLocalStore(at: root)
            let guest = store
            try await store.table(Book.self).create(Book(title: "Guest's"))
            store = try await app.openLocalStore(at: root, replacing: store)
            #expect(store === guest && store.userID == "")
            await signIn("ada")
            store = try await app.openLocalStore(at: root, replacing: store)
            #expect(store === guest && store.userID == "ada")
            #expect(try await store.outbox.entries().map(\.user) == ["ada"])
            try await store.sync.start()
            await signIn("eve")
            store = try await app.openLocalStore(at: root, replacing: store)
            #expect(store.userID == "eve" && store !== guest)
            #expect(try await store.table(Book.self).count() == 0)
            #expect(await refusal { _ = try await guest.table(Book.self).count() } == .closed)
            // Synchronisation goes on in the other store.
            #expect(await store.synchroniser?.runningOptions() != nil)
            await sessions.save(nil)
            store = try await app.openLocalStore(at: root, replacing: store)
            #expect(store.userID == "")
            try await store.table(Book.self).create(Book(title: "The next guest's"))
            await signIn("ada")
            store = try await app.openLocalStore(at: root, replacing: store)
            #expect(store.userID == "ada")
            // Ada has a store on this device: the guest's writes go into that.
            let titles = try await store.table(Book.self).order(by: \.title).fetch().map(\.title)
            #expect(titles == ["Guest's", "The next guest's"])
            await store.close()
        }
    }

    @Test("Wiping is refused while the outbox holds writes, unless they may be lost; the store stays the user's")
    func wiping() async throws {
        try await run { folder in
            let store = try await client(user: "u1").openLocalStore(at: folder)
            var live = store.table(Book.self).live().makeAsyncIterator()
            try await store.table(Book.self).create(Book(title: "Dune"))
            while await live.next()?.records.isEmpty == true {}
            #expect(await refusal { try await store.wipe() } == .outboxNotEmpty(1))
            try await store.wipe(discardingOutbox: true)
            #expect(await live.next()?.changes.deleted.count == 1)
            #expect(try await store.outbox.counts().total == 0)
            let book = try await store.table(Book.self).create(Book(title: "Emma"))
            #expect(book.createdBy == "u1")
            await store.close()
        }
    }

    @Test("A store is brought to a size by records that nothing holds")
    func evicting() async throws {
        try await run { folder in
            let store = try await client(user: "u1").openLocalStore(at: folder)
            let text = String(repeating: "x", count: 2_000)
            try await store.open.write { tx in
                let rows = (0..<200).map { Array(recordText("s\($0)", #""title":"\#(text)""#).utf8) }
                _ = try tx.receiving.receive(rows, table: "books")
            }
            try await store.table(Book.self).create(Book(title: "Mine"))
            let size = try await store.usedBytes()
            #expect(size > 400_000)
            #expect(try await store.evict(toFit: size / 2) > 0)
            #expect(try await store.usedBytes() <= size / 2)
            #expect(try await store.table(Book.self).where { $0.title == "Mine" }.count() == 1)
            await store.close()
        }
    }
}
