import BkendWire
import Foundation
import Testing

@testable import BkendModelWriter

@Suite("Models from schemas")
struct ModelWriterTests {
    private func text(_ json: String, _ access: ModelWriter.Access = .internal, names: [String: String] = [:]) throws
        -> String
    {
        ModelWriter.text(try TableDefinition.tables(JSON(parsing: json)), access: access, names: names)
    }

    @Test("Optionality, defaults and rules come from the schema")
    func article() throws {
        let written = try text(
            #"""
            {"tables": [{"name": "articles", "schema": {"properties": {
                "title": {"type": "string", "required": true, "minLength": 1, "maxLength": 200},
                "content": {"type": "string"},
                "views": {"type": "int", "default": 0, "minimum": 0},
                "price": {"type": "number", "default": 2},
                "published_on": {"type": "date"},
                "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b c"]}},
                "status": {"type": "string", "enum": ["open", "closed"], "default": "open"},
                "author": {"type": "object", "required": true, "properties": {"name": {"type": "string", "required": true}}},
                "meta": {"type": "object"}, "rest": {}, "slug": {"type": "string", "unique": true, "pattern": "^a\"$"},
                "parent": {"type": "reference", "table": "articles"}}}}]}
            """#)
        #expect(
            written == #"""
                // Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.

                import Bkend
                import Foundation

                /// A record of the table `articles`.
                @Table("articles")
                struct Article: Table, Hashable {
                    /// From 1 to 200 characters.
                    var title: String
                    var content: String?
                    /// At least 0.
                    var views = 0
                    var price = 2.0
                    @Column("published_on") var publishedOn: Date?
                    var tags: [Tag]?
                    var status: Status = .open
                    var author: Author
                    var meta: [String: JSON]?
                    var rest: JSON?
                    /// Matches the pattern "^a\"$". Unique.
                    var slug: String?
                    var parent: Reference<Article>?

                    /// What `tags` may be. Another value, of a later version of the schema, is kept as it is.
                    struct Tag: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
                        var rawValue: String

                        init(rawValue: String) { self.rawValue = rawValue }

                        static let a = Tag(rawValue: "a")
                        static let bC = Tag(rawValue: "b c")
                    }

                    /// What `status` may be. Another value, of a later version of the schema, is kept as it is.
                    struct Status: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
                        var rawValue: String

                        init(rawValue: String) { self.rawValue = rawValue }

                        static let open = Status(rawValue: "open")
                        static let closed = Status(rawValue: "closed")
                    }

                    /// An object in `author`.
                    @TableObject
                    struct Author: Hashable {
                        var name: String
                    }
                }

                """#)
    }

    @Test(
        "Names: the singular, words, abbreviations, keywords, digits",
        arguments: [
            ("articles", "Article"), ("meal_plans", "MealPlan"), ("categories", "Category"), ("addresses", "Address"),
            ("news", "News"), ("status", "Status"), ("boxes", "Box"), ("a-b", "AB"), ("apiKeys", "ApiKey"),
            ("bus", "Bus"),
            ("URLs", "URL"), ("x2", "X2"),
        ])
    func types(table: String, type: String) {
        #expect(SwiftName.singular(SwiftName.type(table)) == type)
    }

    @Test("Two tables of one name get two types, and a name that is given is kept")
    func clashes() throws {
        let tables =
            #"{"tables": [{"name": "note", "schema": {"properties": {"a": {}}}}, {"name": "notes", "schema": {"properties": {"a": {}}}}, {"name": "dates", "schema": {"properties": {"a": {}}}}]}"#
        let written = try text(tables)
        #expect(["struct Note:", "struct Note2:", "struct DateModel:"].allSatisfy(written.contains))
        let named = try text(tables, .public, names: ["notes": "Memo", "note": "Note2"])
        #expect(["public struct Memo:", "public struct Note2:"].allSatisfy(named.contains))
    }

    @Test("A reference is typed by the model of its table where that is written too, and no type inside hides it")
    func references() throws {
        let written = try text(
            #"""
            {"tables": [{"name": "tags", "schema": {"properties": {"name": {"type": "string"}}}},
                {"name": "articles", "schema": {"properties": {
                    "tags": {"type": "array", "items": {"type": "reference", "table": "tags"}, "default": []},
                    "tag": {"type": "object", "properties": {"of": {"type": "reference", "table": "tags"}}},
                    "image": {"type": "reference", "table": "images"}}}}]}
            """#)
        for line in [
            "    var tags: [Reference<Tag>] = []", "    var tag: Tag2?", "    struct Tag2: Hashable {",
            "        var of: Reference<Tag>?", "    /// The id of a record of `images`.", "    var image: String?",
        ] { #expect(written.contains(line + "\n"), "\(line) in \(written)") }
    }

    @Test("Tables come in the order of their names, whatever their order in the file")
    func stable() throws {
        let a = #"{"name": "a", "schema": {"properties": {"x": {"type": "int"}}}}"#
        let b = #"{"name": "b", "schema": {"properties": {"x": {"type": "int"}}}}"#
        #expect(try text("{\"tables\": [\(a), \(b)]}") == text("{\"tables\": [\(b), \(a)]}"))
    }

    @Test("A field that not everybody may read, or that may be null, is optional; a text can't end a comment")
    func optional() throws {
        let written = try text(
            #"""
            {"tables": [{"name": "records", "schema": {"properties": {
                "secret": {"type": "string", "required": true},
                "state": {"type": "string", "required": true, "enum": ["some", null]},
                "code": {"type": "string", "pattern": "a\u2028b"}}},
                "columnPermissions": {"secret": {"read": "admin"}}}]}
            """#)
        #expect(written.contains("var secret: String?\n") && written.contains("var state: State?\n"))
        #expect(written.contains("static let someValue") && !written.contains("\u{2028}"))
        #expect(written.contains("struct RecordModel2:"), "RecordModel is a protocol of Bkend")
        #expect(throws: TableDefinitionError.self) {
            try self.text(
                #"{"tables": [{"name": "a", "schema": {"properties": {"c": {"type": "reference", "table": "t\nlet x"}}}}]}"#
            )
        }
    }
}
