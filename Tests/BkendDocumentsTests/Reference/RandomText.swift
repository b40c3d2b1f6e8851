import BkendWire

@testable import BkendDocuments

/// Random texts, searches and visibilities in which many parts are alike: letters of several cases and lengths, signs
/// that mean something to FTS5 or to JSON, combining marks in either order, U+0000, code points above U+FFFF.
enum RandomText {
    static let pieces = [
        "a", "b", "A", "ab", "aba", "ß", "ss", "SS", "é", "e\u{301}", "E\u{301}", "o\u{323}\u{302}", "o\u{302}\u{323}",
        "\u{301}", "\"", "'", "*", "^", "(", ")", ":", "-", "+", "{", "}", " ", " AND ", " OR ", " NOT ", "NEAR", "\\",
        "\u{0}", "\u{1}", "\u{FFFD}", "\u{FFFF}", "\u{1F600}", "\u{10FFFF}", "\u{10400}", "İ", "ı", "Σ", "ς", "σ",
        "ﬁ", "\u{FEFF}", "\u{AC00}", "\u{1100}\u{1161}", "%", "_", "\n",
    ]

    static func text(upTo count: Int, using random: inout SeededGenerator) -> String {
        // Joined by code points: a String would be no other, but characters would.
        var scalars = String.UnicodeScalarView()
        // Few pieces a text make parts that come again.
        let domain = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            pieces.randomElement(using: &random) ?? "a"
        }
        for _ in 0..<Int.random(in: 0...count, using: &random) {
            scalars.append(contentsOf: (domain.randomElement(using: &random) ?? "a").unicodeScalars)
        }
        return String(scalars)
    }

    static func name(width: Int, using random: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<width, using: &random)
        return ["t", "é", "e\u{301}", "a.b"].indices.contains(number)
            ? ["t", "é", "e\u{301}", "a.b"][number] : "f\(number)"
    }

    static func document(_ id: String, width: Int, using random: inout SeededGenerator) -> JSONObject {
        var document: JSONObject = ["id": .string(id), "n": .int(Int64.random(in: 0..<3, using: &random))]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let value: JSON =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: .array([.string(text(upTo: 6, using: &random))])
                case 1: .object(["b": .string(text(upTo: 6, using: &random))])
                case 2: nil
                default: .string(text(upTo: 12, using: &random))
                }
            document[name(width: width, using: &random)] = value
        }
        return document
    }

    static func query(_ documents: [JSONObject], width: Int, using random: inout SeededGenerator) -> Query {
        var wanted = text(upTo: 5, using: &random)
        // Mostly a part of what is there.
        let texts = (documents.randomElement(using: &random) ?? [:]).compactMap(\.value.stringValue)
        if Int.random(in: 0..<4, using: &random) > 0, let whole = texts.randomElement(using: &random) {
            let scalars = Array(whole.unicodeScalars)
            let start = Int.random(in: 0...scalars.count, using: &random)
            var part = String.UnicodeScalarView()
            part.append(contentsOf: scalars[start...].prefix(Int.random(in: 2...40, using: &random)))
            wanted = Bool.random(using: &random) ? String(part) : String(part).uppercased()
        }
        let field = Int.random(in: 0..<3, using: &random) == 0 ? name(width: width, using: &random) : nil
        var filter = Filter.all
        if Int.random(in: 0..<3, using: &random) == 0 {
            filter = .condition(Condition("n", [.equals(.int(Int64.random(in: 0..<3, using: &random)))]))
        }
        let sort: [Query.Sort] = Bool.random(using: &random) ? [] : [.init("t"), .init("n", .descending)]
        return Query(
            filter: filter, search: .init(wanted, in: field), sort: sort,
            page: .init(offset: Int.random(in: 0...1, using: &random), limit: Int.random(in: 1...50, using: &random)))
    }

    static func visibility(width: Int, using random: inout SeededGenerator) -> FieldVisibility {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return .all }
        let shown = Filter.condition(Condition("n", [.equals(1)]))
        return FieldVisibility(
            hidden: [name(width: width, using: &random)],
            conditional: Bool.random(using: &random)
                ? [.init(name(width: width, using: &random), shownWhere: shown)] : [])
    }
}
