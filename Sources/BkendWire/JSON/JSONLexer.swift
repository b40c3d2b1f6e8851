/// A cursor over JSON bytes that knows the grammar of RFC 8259 below the level of arrays and objects.
///
/// It builds nothing by itself: the strict check, the parser and the readers of stored documents share it, so a text is
/// JSON for all of them or for none.
package struct JSONLexer {
    package let bytes: UnsafeBufferPointer<UInt8>
    package var offset = 0

    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next byte that is no white space; it is not consumed.
    @inline(__always)
    package mutating func peek() throws(JSONError) -> UInt8 {
        skipSpace()
        guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
        return bytes[offset]
    }

    @inline(__always)
    package mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// Fails unless only white space is left.
    package mutating func end() throws(JSONError) {
        skipSpace()
        if offset < bytes.count { throw JSONError(.trailingContent, at: offset) }
    }

    /// Consumes `true`, `false` or `null`.
    package mutating func word(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
            guard bytes[offset] == word.utf8Start[index] else { throw unexpected() }
            offset += 1
        }
    }

    package func unexpected() -> JSONError {
        let byte = bytes[offset]
        // A typographic quote is good UTF-8 in the wrong place; a byte order mark or UTF-16 is no text of ours at all.
        let isMark = bytes[offset...].starts(with: [0xEF, 0xBB, 0xBF])
        var probe = self
        do throws(JSONError) {
            if byte >= 0x80 { try probe.multibyte(byte) }
        } catch { return error }
        return JSONError(isMark ? .invalidUTF8 : .unexpectedByte(byte), at: offset)
    }

    // MARK: Strings

    /// A string's raw text between its quotes, and whether it holds escapes.
    package struct RawString {
        package var range: Range<Int>
        package var isEscaped: Bool
    }

    /// Consumes a string, checking UTF-8 and escapes.
    package mutating func string() throws(JSONError) -> RawString {
        offset += 1
        let start = offset
        var isEscaped = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == 0x22 {
                offset += 1
                return RawString(range: start..<(offset - 1), isEscaped: isEscaped)
            }
            if byte == 0x5C {
                isEscaped = true
                try escape()
            } else if byte < 0x20 {
                throw JSONError(.unescapedControl(byte), at: offset)
            } else if byte < 0x80 {
                offset += 1
            } else {
                try multibyte(byte)
            }
        }
        throw JSONError(.unexpectedEnd, at: offset)
    }

    private mutating func escape() throws(JSONError) {
        let start = offset
        guard offset + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        switch bytes[offset + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: offset += 2
        case 0x75:
            let unit = try hexUnit(at: offset + 2)
            offset += 6
            guard unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, offset + 1 < bytes.count, bytes[offset] == 0x5C, bytes[offset + 1] == 0x75 else {
                throw JSONError(.loneSurrogate, at: start)
            }
            guard try hexUnit(at: offset + 2) & 0xFC00 == 0xDC00 else { throw JSONError(.loneSurrogate, at: start) }
            offset += 6
        default: throw JSONError(.invalidEscape, at: offset)
        }
    }

    private func hexUnit(at position: Int) throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        var unit: UInt32 = 0
        for index in position..<(position + 4) {
            guard let digit = Self.hexDigit(bytes[index]) else { throw JSONError(.invalidEscape, at: index) }
            unit = unit << 4 | digit
        }
        return unit
    }

    @inline(__always)
    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x37)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }

    /// The well-formed sequences of the Unicode Standard, table 3-7.
    private mutating func multibyte(_ first: UInt8) throws(JSONError) {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: throw JSONError(.invalidUTF8, at: offset)
        }
        guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else {
            throw JSONError(.invalidUTF8, at: offset)
        }
        for index in (offset + 2)..<max(offset + 2, offset + length) where bytes[index] & 0xC0 != 0x80 {
            throw JSONError(.invalidUTF8, at: offset)
        }
        offset += length
    }

    /// The text of a checked string, escapes resolved.
    package func text(of raw: RawString) -> String {
        let slice = UnsafeBufferPointer(rebasing: bytes[raw.range])
        guard raw.isEscaped else { return String(decoding: slice, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: slice.count) { Self.unescape(slice, into: $0) }
    }

    /// Whether a checked string is that text, escapes resolved.
    @inline(__always)
    package func text(of raw: RawString, is bytes: [UInt8]) -> Bool {
        if raw.isEscaped { return text(of: raw).utf8.elementsEqual(bytes) }
        return raw.range.count == bytes.count && self.bytes[raw.range].elementsEqual(bytes)
    }

    /// Writes a checked string's bytes with its escapes resolved; never more bytes than the text has.
    package static func unescape(_ text: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<UInt8>) -> Int
    {
        var count = 0
        var index = 0
        func unit(_ position: Int) -> UInt32 {
            (position..<(position + 4)).reduce(0) { $0 << 4 | (hexDigit(text[$1]) ?? 0) }
        }
        while index < text.count {
            let byte = text[index]
            guard byte == 0x5C else {
                out[count] = byte
                count += 1
                index += 1
                continue
            }
            index += 2
            switch text[index - 1] {
            case 0x62: out[count] = 0x08
            case 0x66: out[count] = 0x0C
            case 0x6E: out[count] = 0x0A
            case 0x72: out[count] = 0x0D
            case 0x74: out[count] = 0x09
            case 0x75:
                var code = unit(index)
                index += 4
                if code & 0xFC00 == 0xD800 {
                    code = 0x10000 + (code - 0xD800) << 10 + (unit(index + 2) - 0xDC00)
                    index += 6
                }
                if let scalar = Unicode.Scalar(code) {
                    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                        out[count] = byte
                        count += 1
                    }
                }
                continue
            case let literal: out[count] = literal
            }
            count += 1
        }
        return count
    }
}
