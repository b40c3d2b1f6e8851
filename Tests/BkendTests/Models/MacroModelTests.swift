#if Macros
import Bkend
import Foundation
import Testing

@Table("articles")
struct Article: Equatable {
    var title: String
    var isPublished = false
    var tags: [String] = []
    @Column("body") var content: String?
    var rating: Double? = 3
    var writer: Writer?
    var state = State.draft
    var `default` = 1
    let kind = "article"
    var shout: String { title.uppercased() }
    static let limit = 3

    enum State: String, Codable, TextValue {
        case draft, live
    }
}

@TableObject
struct Writer: Equatable {
    var name: String
    var age: Int?
}

/// A public struct's memberwise initialiser is public as well; see `PublicModel` in the test.
@Table("notes")
public struct PublicNote: Equatable, Sendable {
    /// The text.
    public var text: String
    /// Whether it stands at the top.
    public var isPinned = false
    private var secret: String?
}

/// The model decides names and defaults by its own coding keys.
@Table("places")
struct Place: Equatable {
    var longitude = 0.0
    var cache = 7

    enum CodingKeys: String, CodingKey {
        case longitude = "lon"
    }
}

/// A model inside another type, with members whose names the expansion uses itself.
enum Shop {
    @Table("orders")
    struct Order: Equatable {
        var container = 0
        var value = ""
        var decoder: [Line] = []
        var field = Date(timeIntervalSince1970: 0)
        let made: Int?
    }

    @TableObject
    struct Line: Equatable {
        var amount: Int
        var note: Optional<String> = nil
    }
}

@Suite("Models by @Table")
struct MacroModelTests {
    private func article(_ fields: String) throws -> Article {
        try Record<Article>(json: #require(JSON(parsing: recordText("a", fields)).objectValue)).model
    }

    @Test("absent and null fields take their declared defaults")
    func defaults() throws {
        let bare = try article(#""title":"A""#)
        #expect(bare == Article(title: "A"))
        #expect(bare.rating == 3 && bare.default == 1 && bare.kind == "article")
        let nulls = try article(#""title":"A","isPublished":null,"tags":null,"body":null,"rating":null"#)
        #expect(nulls.isPublished == false && nulls.tags.isEmpty && nulls.content == nil && nulls.rating == nil)
        #expect(throws: JSONCodingError(path: "title", message: "the field is missing")) { try article("") }
        #expect(throws: JSONCodingError(path: "isPublished", message: "expected a boolean, found number")) {
            try article(#""title":"","isPublished":1"#)
        }
    }

    @Test("all fields are written, nil is left out unless the default would take its place")
    func encoding() throws {
        let text = try JSONObject(encoding: Article(title: "A", rating: nil)).description
        #expect(
            text
                == #"{"title":"A","isPublished":false,"tags":[],"rating":null,"state":"draft","default":1,"kind":"article"}"#
        )
    }

    @Test("names follow @Column and backticks")
    func names() throws {
        #expect(Article.tableName == "articles")
        #expect(
            Article.fieldNames == [
                "title", "isPublished", "tags", "body", "rating", "writer", "state", "default", "kind",
            ])
        #expect(Article.fields.content.fieldPath == "body")
        #expect(Article.fields.default.fieldPath == "default")
        #expect(Article.fields.writer.age.fieldPath == "writer.age")
        #expect(Place.fieldNames == ["lon"])
        #expect(try JSONObject(encoding: Place(longitude: 2)).description == #"{"lon":2}"#)
        #expect(PublicNote.fields.isPinned.fieldPath == "isPinned")
        #expect(PublicNote(text: "a") == PublicNote(text: "a", isPinned: false))
    }

    @Test("names that the expansion uses itself are names like others")
    func ownNames() throws {
        let order = Shop.Order(container: 1, value: "v", decoder: [Shop.Line(amount: 2)], made: nil)
        let json = try JSON(encoding: order)
        let field = #""field":"1970-01-01T00:00:00.000Z""#
        #expect(json.description == #"{"container":1,"value":"v","decoder":[{"amount":2}],\#(field)}"#)
        #expect(try json.decode(Shop.Order.self) == order)
        #expect(Shop.Order.fields.decoder.note.fieldPath == "decoder.note")
    }

    @Test("queries over macro models compile to the same conditions")
    func queries() throws {
        let query = Article.where { $0.isPublished == true && $0.tags.contains("swift") && $0.writer.name == "Ada" }
            .order(by: \.createdAt, .descending)
        #expect(
            try query.parts.queryItems().map { "\($0.name)=\($0.value)" } == [
                "sortBy=createdAt", "sortDirection=desc",
                #"andFilters={"isPublished":true,"tags":"swift","writer.name":"Ada"}"#,
            ])
    }

    @Test("what is written reads back", arguments: 0..<50)
    func roundTrip(seed: Int) throws {
        let model = Article(
            title: String(repeating: "é", count: seed % 5), isPublished: seed % 2 == 0,
            tags: Array(["a", "b"].dropLast(seed % 3)),
            content: seed % 4 == 0 ? nil : "c", rating: seed % 3 == 0 ? nil : Double(seed) / 7,
            writer: seed % 2 == 0 ? nil : Writer(name: "n", age: seed), state: .live, default: seed)
        let json = try JSON(parsing: JSONObject(encoding: model).serialized())
        #expect(try json.decode(Article.self) == model)
    }
}
#endif
