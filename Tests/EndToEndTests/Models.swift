import Bkend
import BkendTesting
import BkendWire
import Foundation

@Table("articles")
struct Article: Equatable {
    var title: String
    var content = ""
    var author: Author?
    var isPublished = false
    var views = 0
    var rating: Double?
    var tags: [String] = []
    var publishedOn: Date?
    var slug: String?
}

@TableObject
struct Author: Equatable {
    var name: String
    var city: String?
}

/// A part of an article.
@Table("articles")
struct Title {
    var title: String
}

/// A server with the table of articles, and a client that may do everything.
struct Fixture {
    let server: TestServer
    let client: BkendClient

    static let tables: JSON = [
        "tables": [
            [
                "name": "articles",
                "schema": [
                    "properties": [
                        "title": ["type": "string", "required": true, "minLength": 1],
                        "views": ["type": "int", "minimum": 0, "default": 0],
                        "rating": ["type": "number"],
                        "isPublished": ["type": "boolean", "default": false],
                        "tags": ["type": "array", "items": ["type": "string"]],
                        "publishedOn": ["type": "date"],
                        "slug": ["type": "string", "unique": true],
                    ]
                ],
                "indexes": [["name": "by_views", "fields": ["views": -1]]],
            ],
            ["name": "comments"],
        ]
    ]

    /// Runs a body against a fresh server and stops it.
    static func run(_ body: (Fixture) async throws -> Void) async throws {
        let server = try await TestServer.start(tables: tables)
        let client = try BkendClient(url: server.url, key: server.secretKey, options: .silent)
        do {
            try await body(Fixture(server: server, client: client))
        } catch {
            await client.shutdown()
            try? await server.stop()
            throw error
        }
        await client.shutdown()
        try await server.stop()
    }

    var articles: RemoteTable<Article> { client.table(Article.self) }
}
