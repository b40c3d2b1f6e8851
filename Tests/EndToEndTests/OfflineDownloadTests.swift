import Bkend
import BkendTesting
import Foundation
import Testing

/// Files that a subscription keeps on a device, and files that are fetched when they are asked for, against the real
/// server.
@Suite(.timeLimit(.minutes(10))) struct OfflineDownloadTests {
    private static func bytes(_ count: Int, _ salt: Int = 0) -> Data {
        Data((0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ salt) &* 7 &+ $0 >> 9) })
    }

    @Table("notes")
    struct Note: Equatable {
        var title: String
        var cover = ""
        var pictures: [String] = []
    }

    /// Waits until everything that a device keeps is here.
    private static func downloads(_ device: Device, _ named: Int, _ subscription: LocalSubscription) async throws {
        await device.store.sync.syncNow()
        for await status in device.store.sync.statuses where status.downloads.waiting == 0 {
            let (all, here) = try await device.store.files.progress(of: subscription.id)
            if all == named, here == named { return }
        }
    }

    @Test("A picture that another device has attached is here without a network")
    func kept() async throws {
        try await Offline.run { offline in
            let phone = try await offline.device("ada", "phone")
            let tablet = try await offline.device("ada", "tablet")
            try await phone.start()
            let cover = try await phone.store.files.attach(Self.bytes(5_000), name: "c.png")
            let one = try await phone.store.files.attach(Self.bytes(6_000, 1), name: "p.png", visibility: .public)
            let two = try await phone.store.files.attach(Self.bytes(7_000, 2), name: "p.png", visibility: .public)
            let other = try await phone.store.files.attach(Self.bytes(8_000, 3), name: "o.png", visibility: .public)
            let note = try await phone.store.table(Note.self).create(
                Note(title: "![](\(other.url))", cover: cover.id, pictures: [one.key, two.url]))
            let confirmed = try await note.confirmed()

            let notes = tablet.store.table(Note.self)
            let subscription = try await tablet.store.subscribe(
                to: notes, keepingFiles: \.cover, \.pictures, \.title)
            try await tablet.start()
            try await Self.downloads(tablet, 4, subscription)
            try await offline.stopServer()

            let here = try #require(try await notes.get(confirmed.id))
            #expect(try await tablet.store.files.data(here.cover) == Self.bytes(5_000))
            #expect(try await tablet.store.files.open(here.pictures[0]).data() == Self.bytes(6_000, 1))
            #expect(try await tablet.store.files.data(here.pictures[1]) == Self.bytes(7_000, 2))
            let address = here.title.dropFirst(4).dropLast()
            #expect(try await tablet.store.files.data(String(address)) == Self.bytes(8_000, 3))
            #expect(try await tablet.store.files.get(here.cover)?.name == "c.png")
            // Nothing of it makes room, however little there is.
            var limits = tablet.store.files.limits
            limits.cached = 0
            tablet.store.files.limits = limits
            _ = try await tablet.store.files.attach(Self.bytes(10), name: "new.png")
            #expect(try await tablet.store.files.list().count == 5)
        }
    }

    @Test("A film comes in pieces through a connection that breaks, and is whole")
    func pieces() async throws {
        let size = 20 << 20
        let plan = FaultPlan()
        for bytes in [1_000, 3 << 20, 7 << 20, 100, 5 << 20] {
            plan.on(.get, "/storage/*/*/*", .cutBody(after: bytes))
        }
        plan.on(.get, "/storage/*/*/*", .answer(.status(503)))
        try await FaultyWorld.run(.transport, plan: { _ in plan }) { world in
            let file = try await world.admin.files.upload(
                Self.bytes(size), name: "a.mov", UploadOptions(visibility: .public)
            ).value
            _ = try await world.clock.running {
                try await world.client.table("notes").create(["title": "film", "cover": .string(file.id)])
            }
            let subscription = try await world.store.subscribe(
                to: world.store.table("notes"), keepingFilesAt: ["cover"])
            await world.store.sync.syncNow()
            try await world.clock.running {
                for await status in world.store.sync.statuses where status.downloads.waiting == 0 {
                    if try await world.store.files.progress(of: subscription.id).here == 1 { return }
                }
            }
            #expect(try await world.store.files.data(file.id) == Self.bytes(size), "\(world.plan)")
            #expect(world.plan.log.count >= 6, "\(world.plan)")
        }
    }

    @Test("Past the limit no more come; with more room they do")
    func room() async throws {
        try await Offline.run { offline in
            let phone = try await offline.device("ada", "phone")
            let tablet = try await offline.device("ada", "tablet")
            let (one, two) = try await (
                phone.client.files.upload(Self.bytes(5_000), name: "a.png").value,
                phone.client.files.upload(Self.bytes(6_000), name: "b.png").value
            )
            _ = try await phone.client.table(Note.self).create(Note(title: "a", pictures: [one.id, two.id]))
            let store = tablet.store
            var limits = store.files.limits
            limits.kept = 8_000
            store.files.limits = limits
            let subscription = try await store.subscribe(to: store.table(Note.self), keepingFiles: \.pictures)
            try await tablet.start()
            for await status in store.sync.statuses where status.downloads.lacksRoom && status.downloads.waiting == 1 {
                break
            }
            #expect(try await store.files.progress(of: subscription.id) == (2, 1))
            // Looked at again in vain.
            for _ in 1...2 {
                await store.sync.syncNow()
                await store.sync.settled()
            }
            limits.kept = 12_000
            store.files.limits = limits
            try await Self.downloads(tablet, 2, subscription)
            #expect(await store.sync.status.downloads.lacksRoom == false)
        }
    }

    @Table("recipes")
    struct Recipe: Equatable {
        var name: String
        var cover = ""
        var pictures: [String] = []
    }

    private static let recipeTables: JSON = [
        "tables": [
            [
                "name": "recipes",
                "schema": ["properties": ["name": ["type": "string"]], "additionalProperties": true],
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    private func show(_ url: URL) { #expect(FileManager.default.fileExists(atPath: url.path)) }

    private func hint(_ text: String) { #expect(!text.isEmpty) }

    @Test("The examples about files that are kept compile and run")
    func comments() async throws {
        try await Offline.run(tables: Self.recipeTables) { offline in
            let device = try await offline.device("ada")
            let (client, store) = (device.client, device.store)
            let recipes = store.table(Recipe.self)
            let file = try await client.files.upload(Self.bytes(5_000), name: "a.png").value
            let there = try await client.table(Recipe.self).create(Recipe(name: "Bread", cover: file.id))
            try await store.subscribe(to: recipes, keepingFiles: \.cover, \.pictures)
            let subscription = try #require(try await store.subscriptions().first)
            try await device.start()
            let status = await store.sync.settled()
            #expect(status.downloads.waiting == 0 && status.downloads.refused == 0)
            if status.downloads.waiting > 0 { hint("\(status.downloads.waiting) pictures are on their way") }
            let recipe = try #require(try await recipes.get(there.id))
            do {
                let picture = try await store.files.open(recipe.cover)
                show(picture.url)
            }
            do {
                let picture = try await store.files.download(recipe.cover)
                show(picture.url)
            }
            let (named, here) = try await store.files.progress(of: subscription.id)
            #expect(named == 1 && here == 1)
        }
    }

    @Test("A file that isn't here is fetched when it is asked for, by id, key and address, and stays")
    func asked() async throws {
        try await Offline.run { offline in
            let phone = try await offline.device("ada", "phone")
            let files = try await [
                phone.client.files.upload(Self.bytes(5_000), name: "a.png", UploadOptions(visibility: .private)).value,
                phone.client.files.upload(Self.bytes(6_000), name: "b.png", UploadOptions(visibility: .public)).value,
                phone.client.files.upload(Self.bytes(9 << 20), name: "c.bin", UploadOptions(visibility: .public)).value,
            ]
            let tablet = try await offline.device("ada", "tablet")
            let store = tablet.store
            await #expect(throws: StoreError.self) { try await store.files.open(files[0].id) }
            for (file, name) in zip(files, [files[0].url ?? "", files[1].key, files[2].url ?? ""]) {
                let expected = try await phone.client.files.data(file.id)
                #expect(try await store.files.download(name).data() == expected, "\(name)")
            }
            #expect(try await store.files.list().count == 3)
            // Another user's private file.
            let stranger = try await offline.device("bob", "other")
            let refusal = await #expect(throws: BkendError.self) {
                try await stranger.store.files.download(files[0].id)
            }
            #expect(refusal?.code == "file/not-found" || refusal?.code == "file/access-denied", "\(refusal as Any)")
            await #expect(throws: BkendError.self) { try await store.files.download("https://evil.example/x.png") }
            await #expect(throws: BkendError.self) { try await store.files.download("no such file") }
            try await offline.stopServer()
            #expect(try await store.files.download(files[0].id).data() == Self.bytes(5_000))
            await #expect(throws: BkendError.self) { try await store.files.download("0123456789") }
        }
    }
}
