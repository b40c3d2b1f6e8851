import Bkend
import BkendTesting
import Foundation
import Testing

/// Files that are attached without a network, against the real server: what docs/files.md and docs/offline.md say, what
/// is lost on the way, and what a crash leaves.
@Suite(.timeLimit(.minutes(10))) struct OfflineFileTests {
    private static let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })

    private func show(_ url: URL) { #expect((try? Data(contentsOf: url)) == Self.bytes) }

    @Table("notes")
    struct Note: Equatable {
        var text: String
        var title = "a"
    }

    @Test("A photo taken in a tunnel is shown at once, and is on the server once, before the record that names it")
    func tunnel() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            let (client, store) = (device.client, device.store)
            let url = offline.folder.appending(path: "p.jpg")
            try Self.bytes.write(to: url)
            try await offline.stopServer()
            try await device.start()
            let notes = store.table(Note.self)

            let photo = try await store.files.attach(url, name: "harbour.jpg", visibility: .public)
            let note = try await notes.create(Note(text: "Lisbon \(photo.url)"))
            let local = try await store.files.open(photo.url)
            show(local.url)

            try FileManager.default.removeItem(at: url)
            #expect(photo.contentType == "image/jpeg" && photo.size == Self.bytes.count && photo.state == .pending)
            let other = try await store.table("notes").create([
                "title": "b", "cover": .string(photo.id), "image": .object(["key": .string(photo.key)]),
            ])
            #expect(await store.sync.status.files.waiting == 1)

            try await offline.startServer()
            await store.sync.syncNow()
            let confirmed = try await note.confirmed()
            let file = try #require(try await client.files.list().files.first)
            #expect(try await client.files.list().files.count == 1)
            #expect(try await client.files.data(file.id) == Self.bytes)
            let address = try #require(file.url)
            #expect(confirmed.text == "Lisbon \(address)" && file.name == "harbour.jpg" && file.visibility == .public)
            let there = try await client.table("notes").get(
                try await store.table("notes").get(other.id)?.confirmed().id ?? "")
            #expect(there["cover"] == .string(file.id) && there["image"] == ["key": .string(file.key)])
            // Here nothing has changed for whoever holds an id of before.
            for id in [photo.id, photo.key, photo.url, file.id, file.key, address] {
                #expect(try await store.files.data(id) == Self.bytes)
            }
            #expect(try await store.files.get(photo.id)?.state == .synced)
            #expect(try await store.files.list().map(\.id) == [file.id])
            await store.sync.settled()
            let status = await store.sync.status
            #expect(status.files.waiting == 0 && status.files.bytes == 0 && status.pending == 0)
            // Deleted, it is gone here at once.
            try await offline.stopServer()
            try await store.files.delete(photo.key)
            #expect(try await store.files.list() == [])
            #expect(try await store.files.get(file.id) == nil)
        }
    }

    private final class Bar {
        var fraction = 0.0
    }

    @Test("The examples in the comments of local files compile and run")
    func comments() async throws {
        try await Offline.run { offline in
            let store = try await offline.device("ada").store
            let posts = store.table(Post.self)
            let url = offline.folder.appending(path: "p.jpg")
            try Self.bytes.write(to: url)
            let photo = try await store.files.attach(url, name: "p.jpg", visibility: .public)
            try await posts.create(Post(title: "Lisbon", content: "![](\(photo.url))"))
            let local = try await store.files.open(photo.id)
            show(local.url)
            #expect(try local.data() == Self.bytes && local.file == photo)
            var limits = store.files.limits
            limits.cached = 1 << 30
            store.files.limits = limits
            #expect(store.files.limits.cached == 1 << 30)
            let status = await store.sync.status
            let bar = Bar()
            let files = status.files
            bar.fraction = files.bytes > 0 ? Double(files.sent) / Double(files.bytes) : 1
            #expect(bar.fraction == 1)
        }
    }

    @Test("A file that is deleted is gone on the server, and one that was never sent takes its records' writes along")
    func deleted() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            let (client, store) = (device.client, device.store)
            try await device.start()
            let photo = try await store.files.attach(Self.bytes, name: "a.png")
            await store.sync.settled()
            #expect(try await client.files.list().files.count == 1)
            try await store.files.delete(photo.id)
            await store.sync.settled()
            #expect(try await client.files.list().files.isEmpty)
            #expect(try await store.files.list().isEmpty)
            try await offline.stopServer()
            let second = try await store.files.attach(Self.bytes, name: "b.png")
            try await store.table("notes").create(["title": "t", "cover": .string(second.key)])
            try await store.files.delete(second.url)
            let letter = try #require(try await store.outbox.deadLetters().first)
            #expect(letter.failure?.code == "dependencyDiscarded" && letter.table == "notes")
            try await store.outbox.discard(letter.id)
            #expect(try await store.outbox.counts().total == 0)
        }
    }

    @Test("What the server refuses is a dead letter that keeps its bytes; made smaller, it goes with its record")
    func refused() async throws {
        try await Offline.run(configure: { $0.limits.fileBytes = 1_000 }) { offline in
            let device = try await offline.device("ada")
            let (client, store) = (device.client, device.store)
            try await device.start()
            let photo = try await store.files.attach(Self.bytes, name: "a.png")
            let note = try await store.table("notes").create(["title": "t", "cover": .string(photo.id)])
            await store.sync.settled()
            let letter = try #require(try await store.outbox.deadLetters().first)
            #expect(letter.failure?.code == "file/file-too-large" && letter.record == photo.id)
            #expect(try await store.outbox.counts().blocked == 1)
            #expect(try await store.files.data(photo.id) == Self.bytes)
            try await store.files.replaceBytes(of: photo.id, with: Self.bytes.prefix(1_000))
            try await store.outbox.retry(letter.id)
            let confirmed = try await note.confirmed()
            let file = try #require(try await client.files.list().files.first)
            #expect(confirmed["cover"] == .string(file.id) && file.size == 1_000)
        }
    }

    @Test("A guest's photo goes when the guest has signed up")
    func guest() async throws {
        try await Offline.run { offline in
            let client = try BkendClient(url: offline.url, key: offline.key, options: .silent)
            let guest = try await client.openLocalStore(at: offline.folder.appending(path: "guest"))
            try await guest.sync.start()
            let photo = try await guest.files.attach(Self.bytes, name: "a.png")
            await guest.sync.settled()
            #expect(await guest.sync.status.files.held == 1)
            try await client.accounts.signUp(email: "new@example.com", password: "correct horse 1")
            try await guest.takeOver()
            await guest.sync.settled()
            let file = try #require(try await client.files.list().files.first)
            #expect(try await guest.files.get(photo.id)?.id == file.id)
            await guest.close()
            await client.shutdown()
        }
    }

    @Test("A guest's photo moves into the store of a user who has one")
    func moved() async throws {
        try await Offline.run { offline in
            let device = try await offline.device("ada")
            await device.store.close()
            try await device.client.accounts.signOut()
            let guest = try await device.client.openLocalStore(at: device.folder)
            let photo = try await guest.files.attach(Self.bytes, name: "a.png")
            try await guest.table("notes").create(["title": "t", "cover": .string(photo.url)])
            try await offline.signIn(device.client, "ada")
            let store = try await device.client.openLocalStore(at: device.folder)
            #expect(try await guest.takeOver(into: store) == 2)
            #expect(try await store.files.data(photo.key) == Self.bytes)
            try await store.sync.start()
            await store.sync.settled()
            let file = try #require(try await device.client.files.list().files.first)
            let notes = try await device.client.table("notes").page().records
            #expect(notes.map { $0["cover"] } == [file.url.map { .string($0) }])
            await guest.close()
            await store.close()
        }
    }
}

/// Faults of each request of an upload, on a clock of the test's.
@Suite(.timeLimit(.minutes(10))) struct OfflineFileFaultTests {
    private static let bytes = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ $0 >> 7) })

    @Test(
        "Each fault of each step heals, and makes one file",
        arguments: ["/v1/files/presigned-url", "/storage/*/*/*", "/v1/files"],
        Fault.network + [.commitLate(.seconds(3))])
    func heals(_ path: String, _ fault: Fault) async throws {
        for side in FaultyWorld.Side.allCases {
            try await FaultyWorld.run(side) { world in
                try await world.settle()
                world.plan.on(path.hasPrefix("/storage") ? .put : .post, path, fault, times: 2)
                let photo = try await world.store.files.attach(Self.bytes, name: "a.png", visibility: .public)
                try await world.notes.create(FaultyNote(title: "![](\(photo.url))"))
                try await world.settle()
                #expect(!world.plan.log.isEmpty)
                try await Self.judge(world)
            }
        }
    }

    @Test("A film that was attached without a network goes in parts through a connection that breaks, and is whole")
    func film() async throws {
        let plan = FaultPlan()
        plan.on(.put, "/storage/*/*/*", .dropBeforeCommit, after: 1)
        plan.on(.put, "/storage/*/*/*", .dropAfterCommit)
        for step in ["init", "presigned-url", "complete"] {
            plan.on(.post, "/v1/files/multipart/\(step)", .dropAfterCommit)
            plan.on(.post, "/v1/files/multipart/\(step)", .answer(.status(503)))
        }
        try await FaultyWorld.run(.transport, plan: { _ in plan }) { world in
            let bytes = Data((0..<20 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) })
            let film = try await world.store.files.attach(bytes, name: "a.mov", visibility: .public)
            try await world.notes.create(FaultyNote(title: "![](\(film.url))"))
            try await world.settle()
            #expect(world.plan.log.count >= 8, "\(world.plan)")
            world.plan.heal()
            try await world.settle()
            let files = try await world.admin.files.list(limit: 100).files
            #expect(files.count == 1, "\(world.plan)")
            let file = try #require(files.first)
            #expect(file.size == bytes.count && file.name == "a.mov")
            #expect(try await world.client.files.data(file.id, limit: 32 << 20) == bytes)
            let counts = try await world.store.outbox.counts()
            #expect(counts.total == 0, "\(world.plan)")
        }
    }

    @Test("Drawn faults of all requests heal, and make one file for each photo", arguments: 1...4)
    func drawn(_ seed: Int) async throws {
        try await FaultyWorld.run(
            .transport,
            plan: { clock in
                FaultPlan.random(seed: UInt64(seed), rate: 0.25, clock: clock)
                    .on(nil, "/v1/auth/*", .delay(.zero), times: 50)
            }
        ) { world in
            for number in 0..<4 {
                let photo = try await world.store.files.attach(
                    Self.bytes + Data("\(number)".utf8), name: "\(number).png", visibility: .public)
                try await world.notes.create(FaultyNote(title: photo.url))
                if number % 2 == 0 { try await world.settle() }
            }
            try await Self.judge(world, photos: 4)
        }
    }

    /// The guarantee: each photo is one file, each note has its address, and nothing waits.
    private static func judge(_ world: FaultyWorld, photos: Int = 1) async throws {
        world.plan.heal()
        try await world.settle()
        await world.server.lateRequests()
        try await world.settle()
        let files = try await world.admin.files.list(limit: 100).files
        #expect(files.count == photos, "\(world.plan)")
        let notes = try await world.admin.table("notes").page(1, limit: 100).records
        let titles = Set(notes.compactMap { $0["title"]?.stringValue })
        #expect(notes.count == photos && titles == Set(files.compactMap(\.url).map { photos == 1 ? "![](\($0))" : $0 }))
        for file in files {
            let there = try await world.client.files.data(file.id)
            #expect(there.prefix(Self.bytes.count) == Self.bytes, "\(world.plan)")
        }
        let counts = try await world.store.outbox.counts()
        #expect(counts.total == 0, "\(world.plan)")
    }
}
