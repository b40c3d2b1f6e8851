import BkendDocuments
import CLoad
import Foundation
import GRDB
import Servers

/// The least that a first pull can cost: a libcurl loop in C gets the pages, six at a time, and SQL written by hand
/// puts each one in a table with the same indexes and the same durability, in one transaction each.
final class BarePull {
    private let pool: DatabasePool
    private var failure: (any Error)?

    init(path: String) throws {
        pool = try DocumentStorage.open(path: path)
        try pool.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE articles (
                        id TEXT NOT NULL PRIMARY KEY, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL,
                        createdBy TEXT NOT NULL, document TEXT NOT NULL);
                    CREATE INDEX articles_createdAt ON articles (createdAt);
                    CREATE INDEX articles_updatedAt ON articles (updatedAt);
                    CREATE INDEX articles_createdBy ON articles (createdBy);
                    """)
        }
    }

    /// Gets every page and stores it; how many rows there are then.
    func pull(_ urls: [String]) throws -> Int {
        let texts = urls.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer($0) }
        let done = bench_fetch_pages(
            pointers, Int32(pointers.count), 6, "Accept: application/json",
            { context, bytes, length in
                guard let context, let bytes else { return }
                let own = Unmanaged<BarePull>.fromOpaque(context).takeUnretainedValue()
                own.store(Data(bytes: bytes, count: length))
            }, Unmanaged.passUnretained(self).toOpaque())
        if let failure { throw failure }
        guard done == urls.count else { throw BenchmarkFailure("a page could not be fetched") }
        return try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM articles") ?? 0 }
    }

    private func store(_ page: Data) {
        do {
            try pool.write { db in
                let insert = try db.cachedStatement(
                    sql: """
                        INSERT INTO articles
                        SELECT value ->> '$.id', value ->> '$.createdAt', value ->> '$.updatedAt',
                            value ->> '$.createdBy', value
                        FROM json_each(?, '$.items')
                        """)
                try insert.execute(arguments: [String(decoding: page, as: UTF8.self)])
            }
        } catch { failure = error }
    }
}
