import Bkend
import BkendSync
import Foundation

/// What is measured: a local store, opened as an app opens it.
struct StoreArticles {
    let client: BkendClient
    let store: LocalStore
    let folder: String
    var table: LocalTable<Article> { store.table(Article.self) }

    init(folder: String) async throws {
        self.folder = folder
        client = try BkendClient(url: "http://127.0.0.1:9", key: "pk_" + String(repeating: "0", count: 64))
        store = try await client.openLocalStore(at: folder)
    }

    /// Fills the store with records as pages of the server bring them.
    func fill(_ numbers: Range<Int>) throws {
        let database = try StoreDatabase.open(path: folder + "/main/1/store.sqlite", owner: "")
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 1_000) {
            let rows = try (start..<min(start + 1_000, numbers.upperBound)).map { number in
                var row: JSONObject = ["id": .string(ArticleRow.id(number))]
                for (key, value) in try JSONObject(encoding: Article(number)) { row[key] = value }
                let moment = try JSON(encoding: ArticleRow.moment(number))
                row["createdBy"] = "u1"
                row["createdAt"] = moment
                row["updatedAt"] = moment
                return row.serialized()
            }
            try database.write { _ = try $0.receiving.receive(rows, table: Article.tableName) }
        }
    }

    /// Twenty records of a category, those with the fewest views first.
    func least(of category: String) async throws -> LocalResult<Article> {
        try await table.where { $0.category == category }.order(by: \.views).limit(20).fetch()
    }

    /// Twenty records after a moment, least first.
    func after(_ moment: Date) async throws -> LocalResult<Article> {
        try await table.where { $0.createdAt >= moment }.order(by: \.createdAt).limit(20).fetch()
    }

    func close() async {
        await store.close()
        await client.shutdown()
    }
}
