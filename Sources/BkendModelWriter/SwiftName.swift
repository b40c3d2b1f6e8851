/// Swift names for names of tables, fields and values.
enum SwiftName {
    /// The words of a name, split at what is neither an ASCII letter nor a digit, and where a capital begins a word.
    private static func words(_ name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var last: Character?
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            guard character.isASCII, character.isLetter || character.isNumber else {
                if !word.isEmpty { words.append(word) }
                (word, last) = ("", nil)
                continue
            }
            // A capital after a small letter or digit, or the last of several capitals before a small letter.
            let next = characters.indices.contains(index + 1) ? characters[index + 1] : nil
            let begins =
                character.isUppercase
                && (last.map { !$0.isUppercase } ?? false
                    || (last?.isUppercase ?? false) && (next.map { $0.isLowercase && $0.isASCII } ?? false))
            if begins, !word.isEmpty {
                words.append(word)
                word = ""
            }
            word.append(character)
            last = character
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func capitalized(_ word: String) -> String {
        // An abbreviation stays as it is.
        word.allSatisfy { $0.isUppercase || $0.isNumber } ? word : word.prefix(1).uppercased() + word.dropFirst()
    }

    /// The name of a type: `meal_plans` gives `MealPlans`.
    static func type(_ name: String) -> String {
        let joined = words(name).map(capitalized).joined()
        return joined.first?.isLetter ?? false ? joined : "Value\(joined)"
    }

    /// The name of a property or a constant: `cooking_time` gives `cookingTime`, `URL` gives `url`. Nil where nothing of
    /// the name is left.
    static func member(_ name: String) -> String? {
        let words = words(name)
        guard let first = words.first else { return nil }
        let isAbbreviation = first.allSatisfy { $0.isUppercase || $0.isNumber }
        let head = isAbbreviation ? first.lowercased() : first.prefix(1).lowercased() + first.dropFirst()
        let joined = ([head] + words.dropFirst().map(capitalized)).joined()
        return joined.first?.isLetter ?? false ? joined : "value\(joined.prefix(1).uppercased())\(joined.dropFirst())"
    }

    /// The type's name for one of several: `MealPlans` gives `MealPlan`, `Categories` gives `Category`.
    static func singular(_ name: String) -> String {
        let lower = name.lowercased()
        if lower.count < 4 || ["ss", "us", "is", "news", "series", "species"].contains(where: lower.hasSuffix) {
            return name
        }
        if lower.hasSuffix("ies") { return name.dropLast(3) + "y" }
        if ["sses", "xes", "ches", "shes", "zes"].contains(where: lower.hasSuffix) { return String(name.dropLast(2)) }
        return lower.hasSuffix("s") ? String(name.dropLast()) : name
    }

    /// Whether a word is one of Swift's grammar.
    static func isKeyword(_ word: String) -> Bool { keywords.contains(word) }

    /// A member as it is declared and used: a keyword in backquotes.
    static func escaped(_ member: String) -> String { keywords.contains(member) ? "`\(member)`" : member }

    /// The reserved words of Swift's grammar that can be members in backquotes ("Lexical Structure", "Keywords and
    /// Punctuation").
    private static let keywords: Set<String> = [
        "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "inout", "internal",
        "let", "operator", "private", "precedencegroup", "protocol", "public", "rethrows", "static", "struct",
        "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do", "else",
        "fallthrough", "for", "guard", "if", "in", "repeat", "return", "throw", "switch", "where", "while", "as",
        "false",
        "is", "nil", "super", "throws", "true", "try", "await",
    ]

    /// Names that a property can't have, or that hide what a model needs: they get a suffix.
    static let members: Set<String> = ["init", "self", "fieldPrefix", "hashValue"]

    /// The same for a constant of a type of texts. Beside a constant `rawValue` the compiler makes the type an object when it
    /// is encoded.
    static let constants: Set<String> = ["init", "self", "none", "some", "rawValue"]

    /// Types that a model uses by their names.
    static let types: Set<String> = [
        "AllCases", "Any", "AnyObject", "Array", "ArrayValue", "Bkend", "Bound", "Bool", "Codable", "CodingKey",
        "CodingKeys", "Column",
        "Condition", "Date", "Decodable", "Decoder", "Dictionary", "Double", "Encodable", "Encoder", "Equatable",
        "Error",
        "Field", "FieldSet", "Fields", "Filter", "Foundation", "Hashable", "Hasher", "Int", "JSON", "JSONObject",
        "Never",
        "Optional", "Protocol", "RangeValue", "RawRepresentable", "RawValue", "Record", "RecordModel", "Reference",
        "Result", "Self",
        "Sendable",
        "Set", "String", "Swift", "Table", "TableFields", "TableObject", "TableQuery", "Task", "TextValue", "Type",
        "Void",
    ]
}

/// Names that are in use in one scope; a name that is taken gets a number.
struct SwiftScope {
    private var taken: Set<String>

    init(_ taken: Set<String> = []) { self.taken = taken }

    /// The name itself, or the first free one behind it.
    ///
    /// - Parameter suffix: what a reserved name gets.
    mutating func name(_ wanted: String, reserved: Set<String>, suffix: String) -> String {
        let base = reserved.contains(wanted) ? wanted + suffix : wanted
        var name = base
        var number = 2
        while reserved.contains(name) || !taken.insert(name).inserted {
            name = base + "\(number)"
            number += 1
        }
        return name
    }
}
