import BkendDocuments
import Foundation
import GRDB

/// The reference: a table as one would write it by hand, in a database with the same durability.
struct GRDBArticles {
    let pool: DatabasePool

    init(path: String) throws {
        pool = try DocumentStorage.open(path: path)
        try pool.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE articles (
                        id TEXT NOT NULL PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, category TEXT NOT NULL,
                        views INTEGER NOT NULL, price REAL NOT NULL, isPublished BOOLEAN NOT NULL,
                        createdBy TEXT NOT NULL, createdAt DATETIME NOT NULL, updatedAt DATETIME NOT NULL);
                    CREATE INDEX articles_createdAt ON articles (createdAt);
                    CREATE INDEX articles_updatedAt ON articles (updatedAt);
                    CREATE INDEX articles_createdBy ON articles (createdBy);
                    CREATE INDEX articles_category ON articles (category, views, id);
                    """)
        }
    }

    func fill(_ numbers: Range<Int>) throws {
        try pool.write { db in for number in numbers { try ArticleRow(number).insert(db) } }
    }

    /// One record, durable when it returns.
    func insert(_ number: Int) async throws {
        try await pool.write { try ArticleRow(number).insert($0) }
    }

    /// Twenty records of a category, those with the fewest views first.
    func least(of category: String) async throws -> [ArticleRow] {
        try await pool.read { db in
            try ArticleRow.filter(Column("category") == category).order(Column("views"), Column("id")).limit(20)
                .fetchAll(db)
        }
    }

    /// Twenty records after a moment, least first.
    func after(_ moment: Date) async throws -> [ArticleRow] {
        try await pool.read { db in
            try ArticleRow.filter(Column("createdAt") >= moment).order(Column("createdAt"), Column("id")).limit(20)
                .fetchAll(db)
        }
    }
}
