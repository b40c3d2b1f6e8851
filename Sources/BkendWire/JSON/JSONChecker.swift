/// The strict check of a text that nobody needs as values: a page on its way from the socket into SQLite.
struct JSONChecker {
    private var lexer: JSONLexer
    private let limits: JSONLimits
    private var count = 0
    /// The names met so far in every object that is still open; one store for the whole text.
    private var keys: [JSONLexer.RawString] = []

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
        let first = keys.count
        var many: Set<ExactString> = []
        var more = try lexer.open(closing: 0x7D, depth: depth, limit: limits.depth)
        while more {
            try lexer.count(&count, limit: limits.values)
            let (raw, start) = try lexer.key()
            // Escapes only shorten a text: what fits with them fits without.
            if raw.range.count > limits.nameBytes, lexer.text(of: raw).utf8.count > limits.nameBytes {
                throw JSONError(.nameTooLong(limit: limits.nameBytes), at: start)
            }
            guard isNew(raw, since: first, among: &many) else {
                throw JSONError(.duplicateKey(lexer.text(of: raw)), at: start)
            }
            keys.append(raw)
            try value(depth: depth)
            more = try lexer.next(closing: 0x7D)
        }
        keys.removeSubrange(first...)
    }

    /// Whether an object hasn't had that name yet: a scan of the bytes while names are few, a hash set when many.
    private func isNew(_ key: JSONLexer.RawString, since first: Int, among many: inout Set<ExactString>) -> Bool {
        if keys.count - first <= JSONObject.scanLimit {
            return !keys[first...].contains { lexer.isSame($0, key) }
        }
        if many.isEmpty { many = Set(keys[first...].map { ExactString(lexer.text(of: $0)) }) }
        return many.insert(ExactString(lexer.text(of: key))).inserted
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
        let place = offset
        offset += 1
        if byte == closing { return false }
        if try peek() == closing { throw JSONError(.trailingComma, at: place) }
        return true
    }

    /// Whether two names are one, escapes resolved.
    func isSame(_ a: RawString, _ b: RawString) -> Bool {
        if a.isEscaped || b.isEscaped { return text(of: a).hasSameBytes(as: text(of: b)) }
        return a.range.count == b.range.count && bytes[a.range].elementsEqual(bytes[b.range])
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
