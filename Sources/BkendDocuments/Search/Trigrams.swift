/// Runs of three code points: what a search index holds of a text, and what it is asked for.
enum Trigrams {
    static let size = 3
    /// Stands for U+0000, at which the tokenizer would stop.
    static let substitute: UInt8 = 0x01
    /// Up to how many are all asked for; of more, which would hardly narrow any further, every other one.
    private static let few = 4
    /// How many are asked for at most.
    private static let limit = 24

    /// Folded text as it goes into the index.
    static func indexable(_ folded: [UInt8]) -> [UInt8] {
        folded.contains(0) ? folded.map { $0 == 0 ? substitute : $0 } : folded
    }

    /// The FTS5 expression met by every text that holds the folded one, and of how many trigrams it is; nil when that
    /// has fewer than three code points, since no index can tell of it.
    static func expression(for folded: [UInt8]) -> (text: String, count: Int)? {
        let scalars = Array(String(decoding: indexable(folded), as: UTF8.self).unicodeScalars)
        guard scalars.count >= size else { return nil }
        let starts = scalars.count - size + 1
        let step = starts <= few ? 1 : max(2, (starts + limit - 1) / limit)
        var seen: Set<[Unicode.Scalar]> = []
        var phrases: [String] = []
        for start in Array(stride(from: 0, to: starts - 1, by: step)) + [starts - 1] {
            let trigram = Array(scalars[start..<start + size])
            guard seen.insert(trigram).inserted else { continue }
            phrases.append(quoted(trigram))
        }
        return (phrases.joined(separator: " AND "), phrases.count)
    }

    /// An FTS5 string: in quotes nothing has a meaning but the quote, which is written twice.
    private static func quoted(_ scalars: [Unicode.Scalar]) -> String {
        var text = "\""
        for scalar in scalars {
            if scalar == "\"" { text.unicodeScalars.append(scalar) }
            text.unicodeScalars.append(scalar)
        }
        text.unicodeScalars.append("\"")
        return text
    }
}
