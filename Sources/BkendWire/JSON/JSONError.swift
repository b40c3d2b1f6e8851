/// Why a text is not JSON that this project takes, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the text.
    package enum Reason: Hashable, Sendable {
        /// The text ended in the middle of a value.
        case unexpectedEnd
        /// A byte stands where the grammar doesn't allow it.
        case unexpectedByte(UInt8)
        /// More text follows the value.
        case trailingContent
        /// A comma before a closing bracket or brace.
        case trailingComma
        /// The bytes are not UTF-8 (a byte order mark counts as that, and UTF-16 is met as that).
        case invalidUTF8
        /// A control character stands unescaped in a string.
        case unescapedControl(UInt8)
        /// An unknown escape, or `\u` without four hex digits.
        case invalidEscape
        /// A `\u` escape of half a surrogate pair: no Unicode scalar value.
        case loneSurrogate
        /// A number with a leading zero, a bare sign or point, or an empty exponent.
        case invalidNumber
        /// A number past the range of a double (`1e309`).
        case numberTooLarge
        /// An integer past 64 bits whose digits a double can't keep.
        case integerLosesDigits
        /// Two members of one object have the same name.
        case duplicateKey(String)
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep(limit: Int)
        /// There are more members and elements than the limit.
        case tooManyValues(limit: Int)
        /// A member's name has more bytes than the limit.
        case nameTooLong(limit: Int)
    }

    /// What is wrong.
    package var reason: Reason
    /// The offset of the offending byte from the start, in bytes.
    public var offset: Int

    /// An error at that byte.
    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// One sentence with the place.
    public var description: String { "\(explanation) at byte \(offset)" }

    private var explanation: String {
        switch reason {
        case .unexpectedEnd: "the JSON text ends too early"
        case .unexpectedByte(let byte): "unexpected \(Self.name(of: byte)) in JSON"
        case .trailingContent: "text after the end of the JSON value"
        case .trailingComma: "trailing comma in JSON"
        case .invalidUTF8: "invalid UTF-8 in JSON (send UTF-8 without a byte order mark)"
        case .unescapedControl(let byte): "unescaped control character \(Self.name(of: byte)) in a JSON string"
        case .invalidEscape: "invalid escape in a JSON string"
        case .loneSurrogate: "half a surrogate pair in a JSON string"
        case .invalidNumber: "malformed number in JSON"
        case .numberTooLarge: "number beyond the range of a double"
        case .integerLosesDigits: "integer beyond 64 bits would lose digits (send it as a string)"
        case .duplicateKey(let key): "duplicate key \(JSON.string(key.shortened(to: 128)))"
        case .tooDeep(let limit): "JSON nested deeper than \(limit) levels"
        case .tooManyValues(let limit): "more than \(limit) values in one JSON text"
        case .nameTooLong(let limit): "a name of more than \(limit) bytes in a JSON object"
        }
    }

    private static func name(of byte: UInt8) -> String {
        (0x21...0x7E).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
    }
}

/// How much a JSON text may ask of the reader.
package struct JSONLimits: Hashable, Sendable {
    /// How deep arrays and objects may nest.
    package var depth: Int
    /// How many members and elements the text may hold altogether.
    package var values: Int
    /// How many bytes of UTF-8 a member's name may have.
    package var nameBytes: Int

    /// Limits; the defaults suit a client that reads what a server of its choice sends.
    package init(depth: Int = 512, values: Int = .max, nameBytes: Int = .max) {
        self.depth = depth
        self.values = values
        self.nameBytes = nameBytes
    }
}
