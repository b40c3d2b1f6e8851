import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// The five record operations, typed and untyped, through real sockets.
@Suite struct RecordTests {
    @Test("A model comes back as it was sent, with system fields")
    func roundTrip() async throws {
        try await Fixture.run { fixture in
            let date = try #require(Timestamp("2025-01-08T09:30:00.125Z")).date
            let article = Article(
                title: "é \u{1F600} \u{0} \"quoted\" \\", content: "e\u{301}", author: Author(name: "Ada"), views: .max,
                rating: 0.1, tags: ["a", ""], publishedOn: date)
            let record = try await fixture.articles.create(article)
            #expect(record.model == article)
            #expect(record.title.unicodeScalars.elementsEqual(article.title.unicodeScalars))
            #expect(record.id.count == 24 && record.createdBy == "" && record.updatedAt == record.createdAt)
            #expect(try await fixture.articles.get(record.id) == record)
        }
    }

    @Test("An update sends only what changed, and keeps what the model doesn't know")
    func update() async throws {
        try await Fixture.run { fixture in
            let untyped = fixture.client.table("articles")
            let id = try await untyped.create(["title": "One", "mood": "calm", "tags": ["x"]]).id
            let before = try await fixture.articles.get(id)
            // Somebody else writes another field between our read and our change.
            try await untyped.update(id, fields: ["views": 7])
            let after = try await fixture.articles.update(before) { $0.title = "Two" }
            #expect(after.title == "Two" && after.views == 7 && after.tags == ["x"])
            #expect(after.json["mood"] == "calm")
            #expect(after.updatedAt >= before.updatedAt)
        }
    }

    @Test("Setting nil stores null; changing nothing changes nothing")
    func unset() async throws {
        try await Fixture.run { fixture in
            let record = try await fixture.articles.create(Article(title: "One", rating: 4.5))
            let cleared = try await fixture.articles.update(record) { $0.rating = nil }
            #expect(cleared.rating == nil && cleared.json["rating"] == .null)
            let same = try await fixture.articles.update(cleared) { $0.title = "One" }
            #expect(same == cleared)
            #expect(try await fixture.articles.get(record.id).updatedAt == cleared.updatedAt)
        }
    }

    @Test("Many are created all or none")
    func createAll() async throws {
        try await Fixture.run { fixture in
            let records = try await fixture.articles.createAll((1...50).map { Article(title: "\($0)", views: $0) })
            #expect(records.map(\.views) == Array(1...50))
            let error = await #expect(throws: BkendError.self) {
                try await fixture.articles.createAll([Article(title: "fine"), Article(title: "")])
            }
            #expect(error?.code == .validationError)
            #expect(try await fixture.articles.count() == 50)
        }
    }

    @Test("A record that is not there is not found, and so is one deleted")
    func notFound() async throws {
        try await Fixture.run { fixture in
            let record = try await fixture.articles.create(Article(title: "One"))
            try await fixture.articles.delete(record)
            for id in [record.id, "000000000000000000000000", "no-such-id", "../articles", "%00", "😀"] {
                let error = await #expect(throws: BkendError.self) { _ = try await fixture.articles.get(id) }
                #expect(error?.code == .notFound, "\(id): \(String(describing: error))")
            }
        }
    }

    @Test("A second record with a unique value is refused, and the error names the field")
    func unique() async throws {
        try await Fixture.run { fixture in
            try await fixture.articles.create(Article(title: "One", slug: "one"))
            let error = await #expect(throws: BkendError.self) {
                try await fixture.articles.create(Article(title: "Two", slug: "one"))
            }
            #expect(error?.code == .duplicateValue)
            #expect("\(String(describing: error))".contains("slug"))
        }
    }

    @Test("An error carries the request's id, by which the server knows it")
    func requestID() async throws {
        try await Fixture.run { fixture in
            let error = await #expect(throws: BkendError.self) {
                try await fixture.articles.create(
                    Article(title: ""), options: CallOptions(headers: ["X-Request-Id": "my-request-1"]))
            }
            #expect(error?.requestID == "my-request-1")
        }
    }
}
