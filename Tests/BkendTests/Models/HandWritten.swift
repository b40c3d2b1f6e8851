import Bkend
import Foundation

/// A model without the macro: what the documentation of `Table` shows must compile.
struct Book: Table, Equatable {
    static let tableName = "books"
    static let fieldNames = [
        "title", "pages", "price", "isbn", "tags", "author", "editors", "publishedOn", "status", "extra", "sizes",
    ]

    var title: String
    var pages: Int?
    var price: Double?
    var isbn: String?
    var tags: [String] = []
    var author: Person?
    var editors: [Person] = []
    var publishedOn: Date?
    var status = Status.draft
    var extra: JSON?
    var sizes: [String: Int] = [:]

    enum Status: String, Codable, RangeValue, TextValue {
        case draft, published
    }

    struct Fields: TableFields {
        let fieldPrefix: String
        var title: Field<String> { field("title") }
        var pages: Field<Int?> { field("pages") }
        var price: Field<Double?> { field("price") }
        var isbn: Field<String?> { field("isbn") }
        var tags: Field<[String]> { field("tags") }
        var author: Field<Person?> { field("author") }
        var editors: Field<[Person]> { field("editors") }
        var publishedOn: Field<Date?> { field("publishedOn") }
        var status: Field<Status> { field("status") }
        var extra: Field<JSON?> { field("extra") }
        var sizes: Field<[String: Int]> { field("sizes") }
    }
}

/// Swift's own `Codable` would refuse a record that lacks a field with a default.
extension Book {
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = try container.decode(String.self, forKey: .title)
        pages = try container.decodeIfPresent(Int.self, forKey: .pages)
        price = try container.decodeIfPresent(Double.self, forKey: .price)
        isbn = try container.decodeIfPresent(String.self, forKey: .isbn)
        tags = try container.decodeIfPresent([String].self, forKey: .tags) ?? []
        author = try container.decodeIfPresent(Person.self, forKey: .author)
        editors = try container.decodeIfPresent([Person].self, forKey: .editors) ?? []
        publishedOn = try container.decodeIfPresent(Date.self, forKey: .publishedOn)
        status = try container.decodeIfPresent(Status.self, forKey: .status) ?? .draft
        extra = try container.decodeIfPresent(JSON.self, forKey: .extra)
        sizes = try container.decodeIfPresent([String: Int].self, forKey: .sizes) ?? [:]
    }
}

struct Person: TableObject, Equatable {
    var name: String
    var email: String?
    var address: Address?

    struct Fields: FieldSet {
        let fieldPrefix: String
        var name: Field<String> { field("name") }
        var email: Field<String?> { field("email") }
        var address: Field<Address?> { field("address") }
    }
}

struct Address: TableObject, Equatable {
    var city: String

    struct Fields: FieldSet {
        let fieldPrefix: String
        var city: Field<String> { field("city") }
    }
}
