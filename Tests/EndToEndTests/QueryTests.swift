import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// Queries through the typed builder and back.
@Suite struct QueryTests {
    private func fill(_ fixture: Fixture) async throws {
        try await fixture.articles.createAll(
            (0..<25).map { index in
                Article(
                    title: "Article \(index)", content: index % 5 == 0 ? "Straße und Äpfel" : "plain",
                    author: index % 2 == 0 ? Author(name: "Ada", city: "Oslo") : Author(name: "Bo"),
                    isPublished: index % 3 == 0, views: index, tags: index % 4 == 0 ? ["swift", "linux"] : ["swift"])
            })
    }

    @Test("Typed filters mean what they say")
    func filters() async throws {
        try await Fixture.run { fixture in
            try await fill(fixture)
            try await check(fixture.articles)
        }
    }

    private func check(_ articles: RemoteTable<Article>) async throws {
        #expect(try await articles.where { $0.isPublished == true }.count() == 9)
        let between = try await articles.where { $0.views >= 10 && $0.views < 20 }.count()
        #expect(between == 10)
        let both = try await articles.where { $0.author.name == "Ada" && $0.tags.contains("linux") }.count()
        #expect(both == 7)
        let either = try await articles.where { $0.views == 1 || $0.views == 2 || $0.title == "Article 3" }.count()
        #expect(either == 3)
        #expect(try await articles.where { $0.views.isIn([3, 4, 99]) }.count() == 2)
        #expect(try await articles.where { $0.rating == nil }.count() == 25)
        #expect(try await articles.where { $0.author.city == nil }.count() == 12)
        #expect(try await articles.where { $0.title.matches("^article 1", .caseInsensitive) }.count() == 11)
        #expect(try await articles.search("STRASSE").count() == 5)
        #expect(try await articles.search("äpfel", in: \.content).count() == 5)
    }

    @Test("Pages follow each other without gap or overlap, and tell where they are")
    func pages() async throws {
        try await Fixture.run { fixture in
            try await fill(fixture)
            var views: [Int] = []
            for number in 1...3 {
                let page = try await fixture.articles.order(by: \.views).page(number, limit: 10)
                #expect(page.pagination.total == 25 && page.pagination.totalPages == 3)
                #expect(page.pagination.hasNext == (number < 3) && page.pagination.hasPrev == (number > 1))
                views += page.records.map(\.views)
            }
            #expect(views == Array(0..<25))
            #expect(
                try await fixture.articles.order(by: \.views).page(offset: 24, limit: 10).records.map(\.views) == [24])
            #expect(try await fixture.articles.page(1_000_000_000, limit: 100).records.isEmpty)
            #expect(try await fixture.articles.order(by: \.views, .descending).first()?.views == 24)
        }
    }

    @Test("A smaller model gets its fields and the system fields, nothing else")
    func select() async throws {
        try await Fixture.run { fixture in
            try await fill(fixture)
            let page = try await fixture.articles.select(Title.self).page(1, limit: 5)
            #expect(page.records.count == 5)
            for record in page.records {
                #expect(Set(record.json.keys) == ["id", "title", "createdBy", "createdAt", "updatedAt"])
            }
        }
    }

    @Test("A search finds the same with a trigram index, made on data that is there")
    func searchIndex() async throws {
        try await Fixture.run { fixture in
            try await fill(fixture)
            let before = try await fixture.articles.search("strasse").order(by: \.views).page().records.map(\.views)
            var table = TableDefinition(name: "articles")
            table.searchIndex = true
            try fixture.server.apply(["tables": [.object(table.json)]])
            let after = try await fixture.articles.search("strasse").order(by: \.views).page().records.map(\.views)
            #expect(before == [0, 5, 10, 15, 20] && after == before)
            try await fixture.articles.create(Article(title: "Straßenbahn", views: 99))
            #expect(try await fixture.articles.search("STRASSE").count() == 6)
        }
    }

    @Test("Walking over all records meets each once, while others come and go")
    func all() async throws {
        try await Fixture.run { fixture in
            try await fill(fixture)
            var met: [String] = []
            for try await record in fixture.articles.where({ $0.views < 20 }).all(batch: 3) {
                met.append(record.id)
                if met.count == 5 {
                    try await fixture.articles.delete(met[0])
                    try await fixture.articles.create(Article(title: "late", views: 100))
                }
            }
            #expect(met.count == 20 && Set(met).count == 20)
        }
    }

    @Test("What REST can't say is refused before anything is sent")
    func notExpressible() async throws {
        // Nobody listens here: a request would fail otherwise.
        let client = try BkendClient(url: "http://127.0.0.1:9", key: "pk_" + String(repeating: "0", count: 64))
        let query = Article.where { !($0.title == "One") }
        let error = await #expect(throws: BkendError.self) {
            _ = try await client.table(Article.self).matching(query).page()
        }
        guard case .notExpressible = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        await client.shutdown()
    }
}
