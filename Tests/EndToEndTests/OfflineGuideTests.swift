import Bkend
import Foundation
import Testing

// The code of docs/guide.md, "Working offline", line by line. It needs no server: that is the point of it.

@Suite(.timeLimit(.minutes(10))) struct OfflineGuideTests {
    @Test("The guide's local store works without a server")
    func offline() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let client = try BkendClient(url: "http://127.0.0.1:9", key: "pk_" + String(repeating: "0", count: 64))
        var shown: [[String]] = []
        func render(_ records: [Record<Post>], _ changes: SnapshotChanges) { shown.append(records.map(\.title)) }

        let store = try await client.openLocalStore(at: folder)
        let articles = store.table(Post.self)
        let note = try await articles.create(Post(title: "On the train"))
        try await articles.update(note.id) { $0.tags.append("draft") }
        let drafts = try await articles.where { $0.tags.contains("draft") && !($0.views > 10) }.fetch()
        #expect(drafts.map(\.title) == ["On the train"] && drafts[0].syncState == .pending)

        try await store.write { store in
            let list = try store.table("lists").create(["name": "Groceries"])
            try store.table("items").create(["list": .string(list.id), "name": "Milk"])
        }
        #expect(try await store.table("items").count() == 1)

        let writer = Task { try await articles.create(Post(title: "At the station")) }
        for await snapshot in articles.order(by: \.title).limit(20).live() {
            render(snapshot.records, snapshot.changes)
            if snapshot.records.count == 2 { break }
        }
        _ = try await writer.value
        #expect(shown.last == ["At the station", "On the train"])

        for entry in try await store.outbox.entries() { print(entry.table, entry.kind, entry.state) }
        for letter in try await store.outbox.deadLetters() {
            print(letter.record, letter.failure?.message ?? "", letter.advice ?? "")
            try await store.outbox.edit(letter.id, set: ["title": "Mended"])
            try await store.outbox.retry(letter.id)
        }
        #expect(try await store.outbox.counts().queued > 0)

        try await store.subscribe(to: articles.where { $0.views > 10 })
        try await store.sync.start()
        await store.sync.syncNow()
        await store.sync.stop()
        #expect(await store.sync.status.state == .stopped)
        try await store.wipe(discardingOutbox: true)
        await store.close()
        await client.shutdown()
    }
}
