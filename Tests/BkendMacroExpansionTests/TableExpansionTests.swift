#if Macros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@Suite("What @Table writes")
struct TableExpansionTests {
    @Test("defaults, optionals, renamed fields and what is no field")
    func fields() {
        expectExpansion(
            of: """
                @Table("articles")
                struct Article {
                    var title: String
                    var isPublished = false
                    @Column("body") var content: String?
                    var rank: Int? = 1
                    let kind = "article"
                    static let limit = 3
                    var shout: String { title.uppercased() }
                }
                """,
            """
            struct Article {
                var title: String
                var isPublished = false
                var content: String?
                var rank: Int? = 1
                let kind = "article"
                static let limit = 3
                var shout: String { title.uppercased() }

                nonisolated static let tableName = "articles"

                nonisolated static let fieldNames: [Swift.String] = ["title", "isPublished", "body", "rank", "kind"]

                nonisolated struct Fields: Bkend.TableFields {
                    let fieldPrefix: Swift.String
                    init(fieldPrefix: Swift.String) {
                        self.fieldPrefix = fieldPrefix
                    }
                    var title: Bkend.Field<String> {
                        Bkend.Field(fieldPrefix + "title")
                    }
                    var isPublished: Bkend.Field<Bool> {
                        Bkend.Field(fieldPrefix + "isPublished")
                    }
                    var content: Bkend.Field<String?> {
                        Bkend.Field(fieldPrefix + "body")
                    }
                    var rank: Bkend.Field<Int?> {
                        Bkend.Field(fieldPrefix + "rank")
                    }
                    var kind: Bkend.Field<String> {
                        Bkend.Field(fieldPrefix + "kind")
                    }
                }

                nonisolated enum CodingKeys: Swift.String, Swift.CodingKey {
                    case title
                    case isPublished
                    case content = "body"
                    case rank
                    case kind
                }

                nonisolated init(
                    title: String,
                    isPublished: Bool = false,
                    content: String? = nil,
                    rank: Int? = 1
                ) {
                    self.title = title
                    self.isPublished = isPublished
                    self.content = content
                    self.rank = rank
                }

                nonisolated init(from decoder: any Swift.Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    self.title = try container.decode(String.self, forKey: .title)
                    if let value = try container.decodeIfPresent(Bool.self, forKey: .isPublished) {
                        self.isPublished = value
                    }
                    self.content = try container.decodeIfPresent(String.self, forKey: .content)
                    if container.contains(.rank) {
                        self.rank = try container.decodeIfPresent(Int.self, forKey: .rank)
                    }
                }

                nonisolated func encode(to encoder: any Swift.Encoder) throws {
                    var container = encoder.container(keyedBy: CodingKeys.self)
                    try container.encode(self.title, forKey: .title)
                    try container.encode(self.isPublished, forKey: .isPublished)
                    try container.encodeIfPresent(self.content, forKey: .content)
                    try container.encode(self.rank, forKey: .rank)
                    try container.encode(self.kind, forKey: .kind)
                }
            }

            extension Article: nonisolated Bkend.Table {
            }
            """)
    }

    @Test("a public struct gets a public memberwise initialiser, and its fields keep their own visibility")
    func publicStruct() {
        expectExpansion(
            of: """
                @TableObject
                public struct Author {
                    public var name: String
                    private var note: String?
                }
                """,
            """
            public struct Author {
                public var name: String
                private var note: String?

                nonisolated public struct Fields: Bkend.FieldSet {
                    public let fieldPrefix: Swift.String
                    public init(fieldPrefix: Swift.String) {
                        self.fieldPrefix = fieldPrefix
                    }
                    public var name: Bkend.Field<String> {
                        Bkend.Field(fieldPrefix + "name")
                    }
                    fileprivate var note: Bkend.Field<String?> {
                        Bkend.Field(fieldPrefix + "note")
                    }
                }

                nonisolated enum CodingKeys: Swift.String, Swift.CodingKey {
                    case name
                    case note
                }

                nonisolated public init(
                    name: String
                ) {
                    self.name = name
                }

                nonisolated public init(from decoder: any Swift.Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    self.name = try container.decode(String.self, forKey: .name)
                    self.note = try container.decodeIfPresent(String.self, forKey: .note)
                }

                nonisolated public func encode(to encoder: any Swift.Encoder) throws {
                    var container = encoder.container(keyedBy: CodingKeys.self)
                    try container.encode(self.name, forKey: .name)
                    try container.encodeIfPresent(self.note, forKey: .note)
                }
            }

            extension Author: nonisolated Bkend.TableObject {
            }
            """)
    }

    @Test("what the model declares itself is kept")
    func declared() {
        expectExpansion(
            of: """
                @TableObject
                struct Point {
                    var x: Double
                    var cache = 0
                    enum CodingKeys: String, CodingKey {
                        case x = "lon"
                    }
                    init(from decoder: any Decoder) throws { x = 0 }
                    func encode(to encoder: any Encoder) throws {}
                }
                """,
            """
            struct Point {
                var x: Double
                var cache = 0
                enum CodingKeys: String, CodingKey {
                    case x = "lon"
                }
                init(from decoder: any Decoder) throws { x = 0 }
                func encode(to encoder: any Encoder) throws {}

                nonisolated struct Fields: Bkend.FieldSet {
                    let fieldPrefix: Swift.String
                    init(fieldPrefix: Swift.String) {
                        self.fieldPrefix = fieldPrefix
                    }
                    var x: Bkend.Field<Double> {
                        Bkend.Field(fieldPrefix + "lon")
                    }
                }

                nonisolated init(
                    x: Double,
                    cache: Int = 0
                ) {
                    self.x = x
                    self.cache = cache
                }
            }

            extension Point: nonisolated Bkend.TableObject {
            }
            """)
    }
}
#endif
