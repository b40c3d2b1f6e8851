import BkendWire
import Foundation

/// Reads a stored document's text in place.
///
/// The text passed the strict check when it was stored, so this doesn't check again; it only never leaves the bytes.
/// White space and escapes are allowed anywhere: a cache stores pages as the server wrote them.
struct StoredText {
    let base: UnsafePointer<UInt8>
    let count: Int

    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        count = bytes.count
    }

    /// The byte at an offset; 0, which JSON never holds, past the end.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { offset < count ? base[offset] : 0 }

    @inline(__always)
    func skipSpace(_ offset: Int) -> Int {
        var offset = offset
        while offset < count, base[offset] <= 0x20, base[offset] != 0 { offset += 1 }
        return offset
    }

    /// The offset past the string that opens at `offset`.
    @inline(__always)
    func endOfString(_ offset: Int) -> Int {
        var next = offset + 1
        while next < count, let quote = memchr(base + next, 0x22, count - next) {
            let end = UnsafeRawPointer(base).distance(to: quote)
            // A quote is the end unless an odd number of backslashes stands before it.
            var backslashes = 0
            while end - backslashes > offset + 1, base[end - backslashes - 1] == 0x5C { backslashes += 1 }
            next = end + 1
            if backslashes & 1 == 0 { return next }
        }
        return count
    }

    /// The offset past the value that starts at `offset`.
    func endOfValue(_ offset: Int) -> Int {
        switch byte(offset) {
        case 0x22: return endOfString(offset)
        case 0x7B, 0x5B:
            var depth = 0
            var offset = offset
            while offset < count {
                switch base[offset] {
                case 0x22:
                    offset = endOfString(offset)
                    continue
                case 0x7B, 0x5B: depth += 1
                case 0x7D, 0x5D:
                    depth -= 1
                    if depth == 0 { return offset + 1 }
                default: break
                }
                offset += 1
            }
            return count
        default:
            var offset = offset
            while offset < count {
                switch base[offset] {
                case 0x2C, 0x7D, 0x5D, 0x20, 0x09, 0x0A, 0x0D: return offset
                default: offset += 1
                }
            }
            return count
        }
    }

    /// The bytes between a string's quotes, escapes unresolved.
    @inline(__always)
    func contents(ofString offset: Int, end: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + offset + 1, count: max(0, end - offset - 2))
    }

    /// Calls `body` with the text of the string there, escapes resolved.
    @inline(__always)
    func withContents<Result>(
        ofString offset: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        let written = contents(ofString: offset, end: endOfString(offset))
        guard let start = written.baseAddress, memchr(start, 0x5C, written.count) != nil else {
            return try body(written)
        }
        return try Self.unescaped(written).withUnsafeBufferPointer(body)
    }

    /// Calls `body` with each member's name and the offset of its value until it answers false; the offset past the
    /// object, or nil when it stopped.
    @inline(__always)
    func members(
        ofObject offset: Int, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: Int) throws -> Bool
    ) rethrows -> Int? {
        var next = skipSpace(offset + 1)
        while byte(next) == 0x22 {
            let end = endOfString(next)
            let name = contents(ofString: next, end: end)
            let value = skipSpace(skipSpace(end) + 1)
            if try !body(name, value) { return nil }
            next = skipSpace(endOfValue(value))
            guard byte(next) == 0x2C else { break }
            next = skipSpace(next + 1)
        }
        return next + 1
    }

    /// Calls `body` with each element's offset until it answers false; the offset past the array, or nil when it
    /// stopped.
    @inline(__always)
    func elements(ofArray offset: Int, _ body: (_ value: Int) throws -> Bool) rethrows -> Int? {
        var next = skipSpace(offset + 1)
        guard byte(next) != 0x5D else { return next + 1 }
        while next < count {
            if try !body(next) { return nil }
            next = skipSpace(endOfValue(next))
            guard byte(next) == 0x2C else { break }
            next = skipSpace(next + 1)
        }
        return next + 1
    }

    /// Whether a name as written stands for these bytes.
    @inline(__always)
    static func name(_ written: UnsafeBufferPointer<UInt8>, is name: UnsafeBufferPointer<UInt8>) -> Bool {
        if written.count < name.count { return false }
        guard let start = written.baseAddress, let wanted = name.baseAddress else {
            return written.isEmpty && name.isEmpty
        }
        if written.count == name.count {
            return memcmp(start, wanted, name.count) == 0 && memchr(start, 0x5C, name.count) == nil
        }
        return memchr(start, 0x5C, written.count) != nil && unescaped(written).elementsEqual(name)
    }

    /// Whether a name as written stands for these bytes.
    static func name(_ written: UnsafeBufferPointer<UInt8>, is name: [UInt8]) -> Bool {
        name.withUnsafeBufferPointer { Self.name(written, is: $0) }
    }

    /// A string's bytes with escapes resolved.
    static func unescaped(_ written: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: written.count) { out, count in
            count = JSONLexer.unescape(written, into: out)
        }
    }
}
