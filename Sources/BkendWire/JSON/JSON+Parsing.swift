extension JSON {
    /// Reads one JSON text, strictly by RFC 8259: UTF-8 only, no duplicate keys, no trailing commas, no comments.
    ///
    /// - Throws: `JSONError` with the reason and the byte.
    public init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        try self.init(parsing: bytes, limits: JSONLimits())
    }

    /// Reads one JSON text; see `init(parsing:)` with bytes.
    public init(parsing text: String) throws(JSONError) { try self.init(parsing: text.utf8) }

    /// Reads one JSON text within these limits.
    package init(parsing bytes: some Sequence<UInt8>, limits: JSONLimits) throws(JSONError) {
        self = try withBytes(of: bytes) { buffer throws(JSONError) in
            var parser = JSONParser(buffer, limits: limits)
            return try parser.document()
        }
    }

    /// Reads one JSON text within these limits.
    package init(parsing text: String, limits: JSONLimits) throws(JSONError) {
        try self.init(parsing: text.utf8, limits: limits)
    }

    /// Checks that the bytes are one strict JSON text, without building values.
    ///
    /// - Throws: `JSONError` with the reason and the byte.
    package static func check(_ bytes: some Sequence<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try withBytes(of: bytes) { buffer throws(JSONError) in
            var checker = JSONChecker(buffer, limits: limits)
            try checker.document()
        }
    }
}

private func withBytes<Result>(
    of bytes: some Sequence<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) throws(JSONError) -> Result
) throws(JSONError) -> Result {
    var outcome: Swift.Result<Result, JSONError>?
    func run(_ buffer: UnsafeBufferPointer<UInt8>) {
        do throws(JSONError) { outcome = .success(try body(buffer)) } catch { outcome = .failure(error) }
    }
    if bytes.withContiguousStorageIfAvailable(run) == nil { Array(bytes).withUnsafeBufferPointer(run) }
    switch outcome {
    case .success(let result): return result
    case .failure(let error): throw error
    case nil: throw JSONError(.unexpectedEnd, at: 0)
    }
}

/// Builds values from bytes.
struct JSONParser {
    private var lexer: JSONLexer
    private let limits: JSONLimits
    private var count = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        lexer = JSONLexer(bytes)
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value(depth: 0)
        try lexer.end()
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        switch try lexer.peek() {
        case 0x22: return .string(lexer.text(of: try lexer.string()))
        case 0x7B: return .object(try object(depth: depth + 1))
        case 0x5B: return .array(try array(depth: depth + 1))
        case 0x2D, 0x30...0x39:
            switch try lexer.number() {
            case .int(let value): return .int(value)
            case .double(let value): return .double(value)
            }
        case 0x74:
            try lexer.word("true")
            return .bool(true)
        case 0x66:
            try lexer.word("false")
            return .bool(false)
        case 0x6E:
            try lexer.word("null")
            return .null
        default: throw lexer.unexpected()
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
        var elements: [JSON] = []
        var more = try lexer.open(closing: 0x5D, depth: depth, limit: limits.depth)
        while more {
            try lexer.count(&count, limit: limits.values)
            elements.append(try value(depth: depth))
            more = try lexer.next(closing: 0x5D)
        }
        return elements
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        var object = JSONObject()
        var more = try lexer.open(closing: 0x7D, depth: depth, limit: limits.depth)
        while more {
            try lexer.count(&count, limit: limits.values)
            let (raw, start) = try lexer.key()
            let key = lexer.text(of: raw)
            if key.utf8.count > limits.nameBytes { throw JSONError(.nameTooLong(limit: limits.nameBytes), at: start) }
            guard object.position(of: key) == nil else { throw JSONError(.duplicateKey(key), at: start) }
            object.append(key, try value(depth: depth))
            more = try lexer.next(closing: 0x7D)
        }
        return object
    }
}
