/// The strict check of a text that nobody needs as values: a page on its way from the socket into SQLite.
struct JSONChecker {
    private var lexer: JSONLexer
    private let limits: JSONLimits
    private var count = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        lexer = JSONLexer(bytes)
        self.limits = limits
    }

    mutating func document() throws(JSONError) {
        try value(depth: 0)
        try lexer.end()
    }

    private mutating func value(depth: Int) throws(JSONError) {
        switch try lexer.peek() {
        case 0x22: _ = try lexer.string()
        case 0x7B: try object(depth: depth + 1)
        case 0x5B:
            var more = try lexer.open(closing: 0x5D, depth: depth + 1, limit: limits.depth)
            while more {
                try lexer.count(&count, limit: limits.values)
                try value(depth: depth + 1)
                more = try lexer.next(closing: 0x5D)
            }
        case 0x2D, 0x30...0x39: _ = try lexer.number()
        case 0x74: try lexer.word("true")
        case 0x66: try lexer.word("false")
        case 0x6E: try lexer.word("null")
        default: throw lexer.unexpected()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) {
        var seen = JSONKeySet()
        var more = try lexer.open(closing: 0x7D, depth: depth, limit: limits.depth)
        while more {
            try lexer.count(&count, limit: limits.values)
            let (raw, start) = try lexer.key()
            let key = lexer.text(of: raw)
            guard seen.insert(key) else { throw JSONError(.duplicateKey(key), at: start) }
            try value(depth: depth)
            more = try lexer.next(closing: 0x7D)
        }
    }
}

/// The names met in one object: a scan while they are few, a hash set when many.
struct JSONKeySet {
    private var few: [String] = []
    private var many: Set<ExactString> = []

    /// Adds a name; false when it was there already.
    mutating func insert(_ key: String) -> Bool {
        if many.isEmpty {
            if few.contains(where: { $0.hasSameBytes(as: key) }) { return false }
            few.append(key)
            if few.count > 16 { many = Set(few.map(ExactString.init)) }
            return true
        }
        return many.insert(ExactString(key)).inserted
    }
}

extension JSONLexer {
    /// Enters an array or object; false when it is empty (and then it is left already).
    package mutating func open(closing: UInt8, depth: Int, limit: Int) throws(JSONError) -> Bool {
        if depth > limit { throw JSONError(.tooDeep(limit: limit), at: offset) }
        offset += 1
        guard try peek() == closing else { return true }
        offset += 1
        return false
    }

    /// Goes to the next element or member; false when the array or object is closed.
    package mutating func next(closing: UInt8) throws(JSONError) -> Bool {
        let byte = try peek()
        guard byte == 0x2C || byte == closing else { throw unexpected() }
        offset += 1
        if byte == closing { return false }
        if try peek() == closing { throw JSONError(.trailingComma, at: offset - 1) }
        return true
    }

    /// Consumes a member's name and its colon; also gives the name's offset.
    package mutating func key() throws(JSONError) -> (RawString, Int) {
        guard try peek() == 0x22 else { throw unexpected() }
        let start = offset
        let raw = try string()
        guard try peek() == 0x3A else { throw unexpected() }
        offset += 1
        return (raw, start)
    }

    package func count(_ count: inout Int, limit: Int) throws(JSONError) {
        count += 1
        if count > limit { throw JSONError(.tooManyValues(limit: limit), at: offset) }
    }
}
