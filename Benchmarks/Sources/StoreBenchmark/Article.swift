import Bkend
import Foundation
import GRDB

/// What both sides store and read: the fields of a record, and its system fields as columns on GRDB's side.
struct Article: Bkend.Table {
    static let tableName = "articles"
    static let fieldNames = ["title", "body", "category", "views", "price", "isPublished"]
    var title: String
    var body: String
    var category: String
    var views: Int
    var price: Double
    var isPublished: Bool

    struct Fields: TableFields {
        let fieldPrefix: String
        var title: Field<String> { field("title") }
        var category: Field<String> { field("category") }
        var views: Field<Int> { field("views") }
    }

    init(_ number: Int) {
        title = "Article number \(number)"
        body = String(repeating: "Some words about it. ", count: 10)
        category = "category-\(number % 100)"
        views = number % 1_000
        price = Double(number % 997) / 4
        isPublished = number.isMultiple(of: 2)
    }
}

/// The same with the system fields: a row of the hand-written table, read and written through GRDB's Codable support.
struct ArticleRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "articles"
    var id: String
    var title: String
    var body: String
    var category: String
    var views: Int
    var price: Double
    var isPublished: Bool
    var createdBy: String
    var createdAt: Date
    var updatedAt: Date

    init(_ number: Int) {
        let article = Article(number)
        id = Self.id(number)
        title = article.title
        body = article.body
        category = article.category
        views = article.views
        price = article.price
        isPublished = article.isPublished
        createdBy = "u1"
        createdAt = Self.moment(number)
        updatedAt = createdAt
    }

    static func id(_ number: Int) -> String { String(format: "%024x", number) }
    static func moment(_ number: Int) -> Date { Date(timeIntervalSince1970: 1_700_000_000 + Double(number)) }
}
