import BkendDocuments
import BkendWire
import GRDB

/// The reference: a table as one would write it by hand for these records, with a column for each field and the same
/// indexes, in a database with the same settings. Rows are read into `Article`.
struct TypedTable {
    let pool: DatabasePool
    private var isSearchable = false

    init(path: String) throws {
        pool = try DocumentStorage.open(path: path)
        try pool.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE articles (
                        row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT, body TEXT, category TEXT,
                        views INTEGER, price REAL, isPublished INTEGER, tags TEXT, author TEXT,
                        createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL, createdBy TEXT NOT NULL);
                    CREATE INDEX articles_createdAt ON articles (createdAt);
                    CREATE INDEX articles_updatedAt ON articles (updatedAt);
                    CREATE INDEX articles_createdBy ON articles (createdBy);
                    """)
        }
    }

    func insert(_ records: [SampleRecord]) throws {
        try pool.write { db in
            let insert = try db.cachedStatement(
                sql: "INSERT INTO articles VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for record in records {
                try insert.execute(arguments: [
                    record.id, record.title, record.body, record.category, record.views, record.price,
                    record.isPublished, record.tagsText, record.authorText, record.createdAt, record.createdAt,
                    record.createdBy,
                ])
                if isSearchable { try index(record, row: db.lastInsertedRowID, in: db) }
            }
        }
    }

    private func index(_ record: SampleRecord, row: Int64, in db: Database) throws {
        let insert = try db.cachedStatement(sql: "INSERT INTO articles_text (rowid, title, body) VALUES (?, ?, ?)")
        try insert.execute(arguments: [row, record.title, record.body])
    }

    /// The indexes for the queries.
    func addIndexes() throws {
        try pool.write { db in
            try db.execute(
                sql: """
                    CREATE INDEX articles_category ON articles (category, createdAt DESC, id DESC);
                    CREATE INDEX articles_views ON articles (views);
                    """)
        }
    }

    /// A full-text index of trigrams over the two fields of text.
    mutating func enableSearch() throws {
        isSearchable = true
        try pool.write { db in
            try db.execute(
                sql: """
                    CREATE VIRTUAL TABLE articles_text USING fts5 (
                        title, body, content = 'articles', content_rowid = 'row', tokenize = 'trigram');
                    INSERT INTO articles_text (articles_text) VALUES ('rebuild');
                    """)
        }
    }

    func get(_ ids: [String]) throws -> [Article] {
        try pool.read { db in
            try ids.compactMap { id in
                let select = try db.cachedStatement(sql: "SELECT \(Article.columns) FROM articles WHERE id = ?")
                return try Article.fetchOne(select, arguments: [id])
            }
        }
    }

    func newest(of categories: [String]) throws -> [[Article]] {
        try pool.read { db in
            try categories.map { category in
                let select = try db.cachedStatement(
                    sql: """
                        SELECT \(Article.columns) FROM articles WHERE category = ?
                        ORDER BY createdAt DESC, id DESC LIMIT 20
                        """)
                return try Article.fetchAll(select, arguments: [category])
            }
        }
    }

    func count(views: Range<Int64>, times: Int) throws -> Int {
        try pool.read { db in
            try (0..<times).reduce(0) { sum, _ in
                let select = try db.cachedStatement(sql: "SELECT count(*) FROM articles WHERE views >= ? AND views < ?")
                return try sum
                    + (Int.fetchOne(select, arguments: [views.lowerBound, views.upperBound]) ?? 0)
            }
        }
    }

    func search(_ term: String, times: Int) throws -> [Article] {
        try pool.read { db in
            try (0..<times).reduce([]) { _, _ in
                let select = try db.cachedStatement(
                    sql: """
                        SELECT \(Article.columns) FROM articles WHERE row IN (
                            SELECT rowid FROM articles_text WHERE articles_text MATCH ?)
                        ORDER BY id DESC LIMIT 20
                        """)
                return try Article.fetchAll(select, arguments: ["\"\(term)\""])
            }
        }
    }

    func searchCount(_ term: String, times: Int) throws -> Int {
        try pool.read { db in
            try (0..<times).reduce(0) { sum, _ in
                let select = try db.cachedStatement(
                    sql: "SELECT count(*) FROM articles_text WHERE articles_text MATCH ?")
                return try sum + (Int.fetchOne(select, arguments: ["\"\(term)\""]) ?? 0)
            }
        }
    }
}

/// A row with its types, as an app would have it.
struct Article: FetchableRecord {
    let id: String
    let title: String
    let body: String
    let category: String
    let views: Int64
    let price: Double
    let isPublished: Bool
    let tags: String
    let author: String
    let createdAt: String
    let updatedAt: String
    let createdBy: String

    static let columns = """
        id, title, body, category, views, price, isPublished, tags, author, createdAt, updatedAt, createdBy
        """

    init(row: Row) {
        id = row[0]
        title = row[1]
        body = row[2]
        category = row[3]
        views = row[4]
        price = row[5]
        isPublished = row[6]
        tags = row[7]
        author = row[8]
        createdAt = row[9]
        updatedAt = row[10]
        createdBy = row[11]
    }
}
