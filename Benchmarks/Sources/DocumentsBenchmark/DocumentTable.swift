import BkendDocuments
import BkendWire
import GRDB

/// What is measured: a collection of documents with the built-in indexes. Reads give a document's text, which is what
/// the server sends on.
struct DocumentTable {
    let pool: DatabasePool
    private var collection: BkendDocuments.Collection

    init(path: String) throws {
        pool = try DocumentStorage.open(path: path)
        collection = try pool.write { db in
            var collection = try BkendDocuments.Collection.create("articles", in: db)
            // The index of `id` is the table's own.
            for index in IndexDefinition.builtIn where !index.unique { try collection.createIndex(index, in: db) }
            return collection
        }
    }

    func insert(_ documents: [JSONObject]) throws {
        try pool.write { db in
            for document in documents { try collection.insert(document, in: db) }
        }
    }

    /// The indexes for the queries.
    mutating func addIndexes() throws {
        collection = try pool.write { [collection] db in
            var collection = collection
            try collection.createIndex(
                IndexDefinition(
                    name: "category", fields: [.init("category"), .init("createdAt", descending: true)]), in: db)
            try collection.createIndex(IndexDefinition(name: "views", fields: [.init("views")]), in: db)
            return collection
        }
    }

    /// The search index, over every string on the top level.
    mutating func enableSearch() throws {
        collection = try pool.write { [collection] db in
            var collection = collection
            try collection.enableSearch(in: db)
            return collection
        }
    }

    func get(_ ids: [String]) throws -> [DocumentText] {
        try pool.read { db in try collection.documents(ids: ids, in: db) }
    }

    func newest(of categories: [String]) throws -> [[DocumentText]] {
        try pool.read { db in
            try categories.map { category in
                try collection.find(
                    Query(
                        filter: Condition("category", .equals(.string(category))).filter,
                        sort: [.init("createdAt", .descending)], page: .init(1, limit: 20)),
                    in: db)
            }
        }
    }

    func count(views: Range<Int64>, times: Int) throws -> Int {
        let filter = Condition("views", .greaterOrEqual(.int(views.lowerBound)), .less(.int(views.upperBound))).filter
        return try pool.read { db in
            try (0..<times).reduce(0) { sum, _ in try sum + collection.count(filter, in: db) }
        }
    }

    func search(_ term: String, times: Int) throws -> [DocumentText] {
        try pool.read { db in
            try (0..<times).reduce([]) { _, _ in
                try collection.find(Query(search: .init(term), page: .init(1, limit: 20)), in: db)
            }
        }
    }

    func searchCount(_ term: String, times: Int) throws -> Int {
        try pool.read { db in
            try (0..<times).reduce(0) { sum, _ in try sum + collection.count(search: .init(term), in: db) }
        }
    }
}
