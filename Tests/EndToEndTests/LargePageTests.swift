import Bkend
import BkendServer
import BkendTesting
import BkendWire
import Testing

/// A server whose pages have fewer bytes than a hundred records: whoever reads them gets every one, or fails.
@Suite(.timeLimit(.minutes(10))) struct LargePageTests {
    /// Pages of 60 KB, with light and heavy records in turns, so that what fits is another number everywhere.
    private static func configure(_ configuration: inout ServerConfiguration) {
        configuration.limits.bodyBytes = 2_000
        configuration.limits.pageBytes = 0
    }

    private static let texts = (0..<140).map { number in
        String(repeating: "x", count: number % 5 == 0 ? 1_900 : number % 3 == 0 ? 700 : 10)
    }

    @Test("all(), pages by number and an export that follows them")
    func pages() async throws {
        let server = try await TestServer.start(tables: Offline.tables, configure: Self.configure)
        let client = try BkendClient(url: server.url, key: server.secretKey, options: .silent)
        let notes = client.table(OfflineNote.self)
        var expected: [String] = []
        for text in Self.texts { expected.append(try await notes.create(OfflineNote(title: "t", text: text)).id) }

        var ids: [String] = []
        for try await record in notes.all() { ids.append(record.id) }
        #expect(ids == expected)

        let refused = await #expect(throws: BkendError.self) { try await notes.page(limit: 100) }
        #expect(refused?.code == .pageTooLarge)
        let fits = try #require(refused?.largestLimit)
        #expect(try await notes.page(limit: fits).records.count == fits)

        // By numbers: a page that is too large ends the loop, and a smaller limit begins it again.
        var limit = 100
        var exported: [String]?
        while exported == nil {
            do throws(BkendError) {
                exported = try await Self.export(notes, limit: limit)
            } catch {
                try #require(error.code == .pageTooLarge)
                let smaller = try #require(error.largestLimit)
                try #require(smaller < limit)
                limit = smaller
            }
        }
        #expect(exported == expected)
        await client.shutdown()
        try await server.stop()
    }

    /// Every id, page by page.
    private static func export(_ notes: RemoteTable<OfflineNote>, limit: Int) async throws(BkendError) -> [String] {
        var ids: [String] = []
        var number = 1
        while true {
            let page = try await notes.order(byPath: "id").page(number, limit: limit)
            ids += page.records.map(\.id)
            guard page.pagination.hasNext else { return ids }
            number += 1
        }
    }

    @Test("A subscription is filled, and many changes at once arrive")
    func sync() async throws {
        try await Offline.run(configure: Self.configure) { offline in
            let device = try await offline.device("ada")
            let remote = device.client.table(OfflineNote.self)
            for (number, text) in Self.texts.enumerated() {
                try await remote.create(OfflineNote(title: "\(1_000 + number)", text: text))
            }
            try await device.store.subscribe(to: device.notes)
            try await device.start()
            try await device.shows { $0.map(\.text) == Self.texts }
            let ids = try await device.notes.order(by: \.title).fetch().records.map(\.id)
            try await device.store.write { transaction in
                for id in ids { try transaction.table(OfflineNote.self).update(id) { $0.title += "!" } }
            }
            for id in ids { try await device.confirmed(id) }
            #expect(try await device.store.outbox.counts().total == 0)
            var titles: [String] = []
            for try await note in remote.all() { titles.append(note.title) }
            #expect(titles.sorted() == Self.texts.indices.map { "\(1_000 + $0)!" })
        }
    }
}
