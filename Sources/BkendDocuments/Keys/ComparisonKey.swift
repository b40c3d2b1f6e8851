import BkendWire
import Foundation

/// The one definition of MongoDB's order and equality here: bytes that compare as the values do (`memcmp`, shorter
/// first). Filters, sorting and indexes all compare these, so they can't disagree.
///
/// - Numbers: the nearest double's bits in order, then, from 2^53 on, how far an integer is from that double. So
///   integers and doubles compare by value, exactly; −0 is 0.
/// - Strings: UTF-8, which sorts by code point; 0x00 is written 0x00 0xFF, and 0x00 ends the string.
/// - Arrays: their elements' keys, then an end. Objects: for each member the value's type, the name, the value, in the
///   members' order, then an end (MongoDB's manual, "Comparison/Sort Order", Objects).
/// - Booleans: one byte. Null: nothing but its bracket.
enum ComparisonKey {
    /// The key of an operand.
    static func of(_ value: JSON) -> [UInt8] {
        var key: [UInt8] = []
        value.serialized().withUnsafeBufferPointer { bytes in
            if let text = StoredText(bytes) { append(text, 0, to: &key) }
        }
        return key
    }

    /// Appends the key of the value at an offset; the offset past the value.
    @discardableResult
    static func append(_ text: StoredText, _ offset: Int, to key: inout [UInt8]) -> Int {
        let bracket = TypeBracket.of(text.byte(offset))
        key.append(bracket)
        return appendBody(text, offset, bracket, to: &key)
    }

    private static func appendBody(_ text: StoredText, _ offset: Int, _ bracket: UInt8, to key: inout [UInt8]) -> Int {
        switch bracket {
        case TypeBracket.string:
            let end = text.endOfString(offset)
            append(string: text.contents(ofString: offset, end: end), to: &key)
            return end
        case TypeBracket.number: return appendNumber(text, offset, to: &key)
        case TypeBracket.boolean:
            let isTrue = text.byte(offset) == 0x74
            key.append(isTrue ? 1 : 0)
            return offset + (isTrue ? 4 : 5)
        case TypeBracket.array:
            var next = text.skipSpace(offset + 1)
            while next < text.count, text.byte(next) != 0x5D {
                next = text.skipSpace(append(text, next, to: &key))
                guard text.byte(next) == 0x2C else { break }
                next = text.skipSpace(next + 1)
            }
            key.append(TypeBracket.end)
            return next + 1
        case TypeBracket.object:
            var next = text.skipSpace(offset + 1)
            while text.byte(next) == 0x22 {
                let end = text.endOfString(next)
                let value = text.skipSpace(text.skipSpace(end) + 1)
                let bracket = TypeBracket.of(text.byte(value))
                key.append(bracket)
                append(string: text.contents(ofString: next, end: end), to: &key)
                next = text.skipSpace(appendBody(text, value, bracket, to: &key))
                guard text.byte(next) == 0x2C else { break }
                next = text.skipSpace(next + 1)
            }
            key.append(TypeBracket.end)
            return next + 1
        default: return offset + 4
        }
    }

    /// Appends a string's body, given as written between quotes.
    static func append(string written: UnsafeBufferPointer<UInt8>, to key: inout [UInt8]) {
        if let start = written.baseAddress, memchr(start, 0x5C, written.count) != nil {
            for byte in StoredText.unescaped(written) {
                key.append(byte)
                if byte == 0 { key.append(0xFF) }
            }
        } else {
            key.append(contentsOf: written)
        }
        key.append(0)
    }

    private static func appendNumber(_ text: StoredText, _ start: Int, to key: inout [UInt8]) -> Int {
        var offset = start
        let isNegative = text.byte(offset) == 0x2D
        if isNegative { offset += 1 }
        var magnitude: Int64 = 0
        let digits = offset
        while case let digit = text.byte(offset) &- 0x30, digit <= 9, offset - digits < 18 {
            magnitude = magnitude &* 10 &+ Int64(digit)
            offset += 1
        }
        switch text.byte(offset) {
        case 0x30...0x39, 0x2E, 0x65, 0x45: break
        default:
            append(integer: isNegative ? -magnitude : magnitude, to: &key)
            // A damaged text could hold no digit at all; reading must go on.
            return max(offset, start + 1)
        }
        var lexer = JSONLexer(UnsafeBufferPointer(start: text.base, count: text.count))
        lexer.offset = start
        do throws(JSONError) {
            switch try lexer.number() {
            case .int(let value): append(integer: value, to: &key)
            case .double(let value): append(double: value, residual: 0, to: &key)
            }
            return lexer.offset
        } catch {
            return text.endOfValue(start)
        }
    }

    private static func append(integer: Int64, to key: inout [UInt8]) {
        let nearest = Double(integer)
        // Int64.max rounds up to 2^63, which is no Int64.
        let residual = Int64(exactly: nearest).map { integer &- $0 } ?? (integer &- .max &- 1)
        append(double: nearest, residual: residual, to: &key)
    }

    private static func append(double: Double, residual: Int64, to key: inout [UInt8]) {
        let bits = double == 0 ? 0 : double.bitPattern
        let ordered = bits >> 63 == 1 ? ~bits : bits | 1 << 63
        withUnsafeBytes(of: ordered.bigEndian) { key.append(contentsOf: $0) }
        guard double.magnitude >= 0x1p53 else { return }
        let biased = UInt16(0x8000 + residual)
        key.append(UInt8(biased >> 8))
        key.append(UInt8(biased & 0xFF))
    }
}
