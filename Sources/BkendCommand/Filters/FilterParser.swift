import BkendWire

/// Reads a filter's text: `views >= 10 and (tags has "swift" or title ~ /^A/i)`.
///
/// Each comparison is one operator of a filter (rest-api.md §5):
///
/// | Text | Operator |
/// |---|---|
/// | `f = v`, `f != v` | `$eq`, `$ne` |
/// | `f > v`, `f >= v`, `f < v`, `f <= v` | `$gt`, `$gte`, `$lt`, `$lte` |
/// | `f in [v, w]`, `f not in [v, w]` | `$in`, `$nin` |
/// | `f ~ /pattern/i`, `f ~ "pattern"` | `$regex` |
/// | `f has v` | `$contains` |
/// | `f exists`, `f missing` | `$exists` |
///
/// `and` binds more tightly than `or`; `not` stands before a comparison or a parenthesis.
struct FilterParser {
    private var lexer: FilterLexer
    private var depth = 0

    /// How deeply parentheses, lists and `not` may nest.
    static let deepest = 64

    private init(_ text: String) { lexer = FilterLexer(text) }

    /// The filter that a text describes.
    ///
    /// - Throws: `FilterSyntaxError`, with the place and what could stand there.
    static func filter(_ text: String) throws(FilterSyntaxError) -> Filter {
        var parser = FilterParser(text)
        let filter = try parser.choice()
        guard case .end = try parser.lexer.peek().token else {
            throw parser.expected("'and', 'or' or the end of the filter")
        }
        return filter
    }

    private func expected(_ what: String, at place: String.Index? = nil) -> FilterSyntaxError {
        FilterSyntaxError("expected \(what)", in: lexer.text, at: place ?? lexer.place)
    }

    /// Reads a keyword or a symbol if it comes next.
    private mutating func takes(_ word: String) throws(FilterSyntaxError) -> Bool {
        let (token, rest) = try lexer.peek()
        switch token {
        case .word(let found) where found.lowercased() == word: break
        case .symbol(word): break
        default: return false
        }
        lexer = rest
        return true
    }

    private mutating func choice() throws(FilterSyntaxError) -> Filter {
        var branches = [try combination()]
        while try takes("or") { branches.append(try combination()) }
        return branches.count == 1 ? branches[0] : .anyOf(branches)
    }

    private mutating func combination() throws(FilterSyntaxError) -> Filter {
        var parts = [try part()]
        while try takes("and") { parts.append(try part()) }
        return parts.count == 1 ? parts[0] : .allOf(parts)
    }

    private mutating func part() throws(FilterSyntaxError) -> Filter {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw FilterSyntaxError("nested more than \(Self.deepest) deep", in: lexer.text, at: lexer.place)
        }
        if try takes("not") { return .not(try part()) }
        if try takes("(") {
            let filter = try choice()
            guard try takes(")") else { throw expected("'and', 'or' or ')'") }
            return filter
        }
        return .condition(try comparison())
    }

    private mutating func comparison() throws(FilterSyntaxError) -> Condition {
        let start = lexer.place
        let field: String
        let (token, rest) = try lexer.peek()
        switch token {
        case .word(let word) where !["and", "or", "in"].contains(word.lowercased()): field = word
        case .name(let name): field = name
        default: throw expected("a field's name, 'not' or '('")
        }
        if let flaw = FieldPath.flaw(in: field) { throw FilterSyntaxError(flaw, in: lexer.text, at: start) }
        lexer = rest
        return Condition(field, try operation())
    }

    private static let operators = "an operator: =, !=, <, <=, >, >=, ~, in, not in, has, exists or missing"

    private mutating func operation() throws(FilterSyntaxError) -> FilterOperator {
        let before = lexer
        let token = try lexer.next()
        switch token {
        case .symbol("="), .symbol("=="): return .equals(try value())
        case .symbol("!="): return .notEquals(try value())
        case .symbol(">"): return .greater(try value())
        case .symbol(">="): return .greaterOrEqual(try value())
        case .symbol("<"): return .less(try value())
        case .symbol("<="): return .lessOrEqual(try value())
        case .symbol("~"): return try pattern()
        case .word(let word):
            switch word.lowercased() {
            case "has": return .contains(try value())
            case "in": return .isIn(try list())
            case "exists": return .exists(true)
            case "missing": return .exists(false)
            case "not":
                guard try takes("in") else { throw expected("'in' after 'not'") }
                return .isNotIn(try list())
            default: break
            }
        default: break
        }
        lexer = before
        throw expected(Self.operators)
    }

    private mutating func pattern() throws(FilterSyntaxError) -> FilterOperator {
        if lexer.text[lexer.place...].first == "/" { return try lexer.pattern() }
        let before = lexer
        guard case .value(.string(let pattern)) = try lexer.next() else {
            lexer = before
            throw expected("a pattern: /…/ with the options i, m, s and x, or a text in quotes")
        }
        return .regex(pattern: pattern, options: "")
    }

    private mutating func list() throws(FilterSyntaxError) -> [JSON] {
        guard try takes("[") else { throw expected("a list: [1, 2]") }
        return try restOfList()
    }

    /// The values up to the closing bracket.
    private mutating func restOfList() throws(FilterSyntaxError) -> [JSON] {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw FilterSyntaxError("nested more than \(Self.deepest) deep", in: lexer.text, at: lexer.place)
        }
        if try takes("]") { return [] }
        var values = [try value()]
        while try takes(",") { values.append(try value()) }
        guard try takes("]") else { throw expected("',' or ']'") }
        return values
    }

    private mutating func value() throws(FilterSyntaxError) -> JSON {
        let before = lexer
        let token = try lexer.next()
        switch token {
        case .value(let value): return value
        case .symbol("["): return .array(try restOfList())
        case .word("true"): return .bool(true)
        case .word("false"): return .bool(false)
        case .word("null"): return .null
        case .word(let word):
            lexer = before
            throw expected("a value; write text in quotes: \(JSON.string(word))")
        default:
            lexer = before
            throw expected("a value: a number, text in quotes, true, false, null, a list or an object")
        }
    }
}
