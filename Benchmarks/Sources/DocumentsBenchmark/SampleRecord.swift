import BkendWire
import Foundation

/// A record of about half a kilobyte, the same for a number in every run: strings, integers, a double, a boolean, an
/// array, a nested object.
struct SampleRecord {
    let id: String
    let title: String
    let body: String
    let category: String
    let views: Int64
    let price: Double
    let isPublished: Bool
    let tags: JSON
    let author: JSON
    /// The array and the object as a column of text holds them.
    let tagsText: String
    let authorText: String
    let createdAt: String
    let createdBy: String

    /// What one record of a thousand holds.
    static let rareTerm = "quasar"
    /// How many values `category` has, and `views`.
    static let categories = 100
    static let viewLimit: Int64 = 100_000

    private static let words = [
        "swift", "database", "article", "linux", "server", "client", "offline", "sync", "query", "index", "document",
        "record", "table", "project",
    ]

    init(_ number: Int) {
        var random = SplitMix(seed: UInt64(number))
        func word() -> String { Self.words[Int(random.next() % UInt64(Self.words.count))] }
        func draw(below limit: UInt64) -> Int64 { Int64(random.next() % limit) }
        id = Self.id(number)
        title = "Title \(number) \(word())"
        var text = number % 1_000 == 499 ? "\(Self.rareTerm) " : ""
        while text.utf8.count < 220 { text += word() + " " }
        body = text
        category = Self.category(Int(draw(below: UInt64(Self.categories))))
        views = draw(below: UInt64(Self.viewLimit))
        price = Double(draw(below: 1 << 53)) / Double(1 << 46)
        isPublished = draw(below: 2) == 1
        tags = [.string(word()), .string(word())]
        author = ["name": .string(word()), "age": .int(18 + draw(below: 62))]
        tagsText = tags.description
        authorText = author.description
        createdAt = Timestamp(clamping: 1_700_000_000_000 + Int64(number) * 1_000).description
        createdBy = "user\(draw(below: 1_000))"
    }

    /// The id of a record by its number.
    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 24 - digits.count) + digits
    }

    /// The name of a category by its number.
    static func category(_ number: Int) -> String { "category\(number)" }

    /// The record as a document.
    var document: JSONObject {
        [
            "id": .string(id), "title": .string(title), "body": .string(body), "category": .string(category),
            "views": .int(views), "price": .double(price), "isPublished": .bool(isPublished), "tags": tags,
            "author": author, "createdAt": .string(createdAt), "updatedAt": .string(createdAt),
            "createdBy": .string(createdBy),
        ]
    }
}

/// A small random number generator whose numbers are the same everywhere (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
