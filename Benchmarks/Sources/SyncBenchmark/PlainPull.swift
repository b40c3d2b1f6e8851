import Foundation
import GRDB
import Servers

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What one writes without a second thought: URLSession gets page after page, JSONDecoder makes records of it, and GRDB
/// saves them, with the settings that GRDB has by itself.
struct PlainPull {
    private let pool: DatabasePool
    private let url: String

    init(path: String, url: String) throws {
        pool = try DatabasePool(path: path)
        self.url = url
        try pool.write { db in
            try db.create(table: "article") { table in
                table.primaryKey("id", .text)
                table.column("title", .text).notNull()
                table.column("body", .text).notNull()
                table.column("category", .text).notNull()
                table.column("views", .integer).notNull()
                table.column("price", .double).notNull()
                table.column("isPublished", .boolean).notNull()
                table.column("tags", .jsonText).notNull()
                table.column("author", .jsonText).notNull()
                table.column("createdBy", .text).notNull().indexed()
                table.column("createdAt", .text).notNull().indexed()
                table.column("updatedAt", .text).notNull().indexed()
            }
        }
    }

    private struct Article: Codable, FetchableRecord, PersistableRecord {
        struct Author: Codable {
            var name: String
            var city: String
        }
        var id: String
        var title: String
        var body: String
        var category: String
        var views: Int
        var price: Double
        var isPublished: Bool
        var tags: [String]
        var author: Author
        var createdBy: String
        var createdAt: String
        var updatedAt: String
    }

    private struct Page: Decodable {
        struct Pagination: Decodable { var hasNext: Bool }
        var items: [Article]
        var pagination: Pagination
    }

    /// Gets everything and stores it; how many rows there are then.
    func pull() async throws -> Int {
        let session = URLSession(configuration: .ephemeral)
        defer { session.invalidateAndCancel() }
        var number = 1
        while true {
            let place = "\(url)/v1/data/articles?limit=100&sortBy=id&sortDirection=asc&page=\(number)"
            guard let place = URL(string: place) else { throw BenchmarkFailure("no URL: \(place)") }
            let page = try JSONDecoder().decode(Page.self, from: try await session.data(from: place).0)
            try await pool.write { db in for article in page.items { try article.save(db) } }
            if !page.pagination.hasNext { break }
            number += 1
        }
        return try await pool.read { try Article.fetchCount($0) }
    }
}
