import BkendWire

/// Reads the words of a filter's text, one at a time.
struct FilterLexer {
    /// What the text consists of.
    enum Token: Hashable {
        /// A field's name, or a keyword.
        case word(String)
        /// A name in backquotes, which is never a keyword.
        case name(String)
        /// A text, a number or an object.
        case value(JSON)
        /// `(`, `>=` and the like.
        case symbol(String)
        /// The text has ended.
        case end
    }

    let text: String
    private(set) var place: String.Index

    init(_ text: String) {
        self.text = text
        place = text.startIndex
        skipSpace()
    }

    /// The longer ones first, so that `>=` isn't read as `>`.
    private static let symbols = ["==", "!=", ">=", "<=", "=", ">", "<", "~", "(", ")", "[", "]", ","]

    /// The token that begins at the present place, and what comes after it.
    func peek() throws(FilterSyntaxError) -> (token: Token, rest: FilterLexer) {
        var rest = self
        return (try rest.next(), rest)
    }

    /// Reads the next token.
    mutating func next() throws(FilterSyntaxError) -> Token {
        defer { skipSpace() }
        guard place < text.endIndex else { return .end }
        let character = text[place]
        switch character {
        case "\"", "'": return .value(.string(try quoted(by: character)))
        case "`": return .name(try backquoted())
        case "{": return .value(try object())
        case "-", "0"..."9": return .value(try number())
        default: break
        }
        if character.isLetter || character == "_" {
            return .word(taken { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        }
        for symbol in Self.symbols where text[place...].hasPrefix(symbol) {
            place = text.index(place, offsetBy: symbol.count)
            return .symbol(symbol)
        }
        throw FilterSyntaxError("'\(character)' can't stand here", in: text, at: place)
    }

    /// Reads a pattern between slashes and the options behind it: `/^a/i`. In it, `\/` is a slash.
    mutating func pattern() throws(FilterSyntaxError) -> FilterOperator {
        let start = place
        place = text.index(after: place)
        var pattern = ""
        while true {
            guard place < text.endIndex else {
                throw FilterSyntaxError("the pattern has no second /", in: text, at: start)
            }
            let character = text[place]
            place = text.index(after: place)
            if character == "/" { break }
            pattern.append(character)
            guard character == "\\", place < text.endIndex else { continue }
            if text[place] == "/" { pattern.removeLast() }
            pattern.append(text[place])
            place = text.index(after: place)
        }
        let behind = place
        let options = taken { $0.isLetter }
        if let unknown = options.firstIndex(where: { !"imsx".contains($0) }) {
            let offset = options.distance(from: options.startIndex, to: unknown)
            throw FilterSyntaxError(
                "a pattern's options are i, m, s and x", in: text, at: text.index(behind, offsetBy: offset))
        }
        if Set(options).count < options.count {
            throw FilterSyntaxError("an option of the pattern stands there twice", in: text, at: behind)
        }
        skipSpace()
        return .regex(pattern: pattern, options: options)
    }

    private mutating func skipSpace() { _ = taken { $0.isWhitespace } }

    private mutating func taken(while isIncluded: (Character) -> Bool) -> String {
        let start = place
        while place < text.endIndex, isIncluded(text[place]) { place = text.index(after: place) }
        return String(text[start..<place])
    }

    /// A text in quotes, with JSON's escapes. Single quotes save escaping in a shell.
    private mutating func quoted(by quote: Character) throws(FilterSyntaxError) -> String {
        let start = place
        place = text.index(after: place)
        var json = "\""
        while place < text.endIndex, text[place] != quote {
            let character = text[place]
            place = text.index(after: place)
            switch character {
            case "\\" where place < text.endIndex:
                // JSON knows no escape for a single quote.
                json += text[place] == "'" ? "'" : "\\\(text[place])"
                place = text.index(after: place)
            default:
                // A quote may carry a combining mark.
                for scalar in character.unicodeScalars {
                    if scalar == "\"" { json += "\\" }
                    json.unicodeScalars.append(scalar)
                }
            }
        }
        guard place < text.endIndex else {
            throw FilterSyntaxError("the text has no closing \(quote)", in: text, at: start)
        }
        place = text.index(after: place)
        guard let value = try? JSON(parsing: json + "\"").stringValue else {
            throw FilterSyntaxError(
                "the text holds a control character, or an escape that JSON doesn't have", in: text, at: start)
        }
        return value
    }

    /// A name in backquotes; two backquotes in it are one.
    private mutating func backquoted() throws(FilterSyntaxError) -> String {
        let start = place
        var name = ""
        repeat {
            place = text.index(after: place)
            name += taken { $0 != "`" }
            guard place < text.endIndex else {
                throw FilterSyntaxError("the name has no closing `", in: text, at: start)
            }
            place = text.index(after: place)
            if place < text.endIndex, text[place] == "`" { name += "`" } else { break }
        } while true
        return name
    }

    private mutating func number() throws(FilterSyntaxError) -> JSON {
        let start = place
        let digits = taken { $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }
        if place < text.endIndex, text[place].isLetter || text[place] == "_" {
            throw FilterSyntaxError("a number ends before a letter; put a space there", in: text, at: place)
        }
        do { return try JSON(parsing: digits) } catch {
            throw FilterSyntaxError("\(digits) isn't a number that JSON can hold", in: text, at: start)
        }
    }

    /// A JSON object, up to its closing brace.
    private mutating func object() throws(FilterSyntaxError) -> JSON {
        let start = place
        var (depth, isText) = (0, false)
        repeat {
            guard place < text.endIndex else {
                throw FilterSyntaxError("the object has no closing }", in: text, at: start)
            }
            switch text[place] {
            case "\\" where isText && text.index(after: place) < text.endIndex: place = text.index(after: place)
            case "\"": isText.toggle()
            case "{" where !isText: depth += 1
            case "}" where !isText: depth -= 1
            default: break
            }
            place = text.index(after: place)
        } while depth > 0
        do { return try JSON(parsing: String(text[start..<place])) } catch {
            throw FilterSyntaxError("the object isn't JSON: \(error)", in: text, at: start)
        }
    }
}
