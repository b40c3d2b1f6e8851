import BkendWire
import Foundation
import HummingbirdCore
import NIOCore

/// Reads a body of `multipart/form-data` (RFC 7578) in pieces, one part after the other, in little memory whatever its size.
struct FormReader {
    /// A part's name, and what a file among the parts is called.
    struct Part: Equatable {
        let name: String
        /// Nil for a field that isn't a file.
        let fileName: String?
        /// The media type of a file, where the client names one.
        let type: String?
    }

    /// The most bytes of a part's header fields.
    private static let mostHeaderBytes = 8 << 10
    /// The most bytes of all that isn't a file: fields, header fields, boundaries.
    static let mostOverhead = 128 << 10
    /// The most parts.
    private static let mostParts = 64

    private var source: RequestBody.AsyncIterator
    private var buffer = ByteBuffer()
    /// What ends a part: a line break, two hyphens, the boundary.
    private let delimiter: [UInt8]
    private var isAtEnd = false
    private var isInPart = false
    private var parts = 0
    /// How many bytes of memory it holds.
    var capacity: Int { buffer.capacity }

    /// A reader of a body.
    init(_ body: RequestBody, boundary: String) {
        source = body.makeAsyncIterator()
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first boundary has no line before it.
        buffer.writeString("\r\n")
    }

    /// The boundary that a header field Content-Type names; nil for one of another type.
    ///
    /// - Throws: `ErrorBody` with 400 for a form without a boundary, or with one that can't be (RFC 2046 §5.1.1).
    static func boundary(of type: String?) throws(ErrorBody) -> String? {
        guard let type, type.prefix(while: { $0 != ";" }).filter({ $0 != " " }).lowercased() == "multipart/form-data"
        else {
            return nil
        }
        let parameters = FormField.parameters(of: type)
        guard let boundary = parameters["boundary"], (1...70).contains(boundary.utf8.count), boundary.last != " ",
            boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw malformed("Content-Type has no boundary of 1 to 70 characters") }
        return boundary
    }

    /// The next part; nil after the last. What is left of the part before is passed over.
    ///
    /// - Throws: `ErrorBody` with 400 for what isn't a form, 413 past the bounds; `BrokenOff`.
    mutating func nextPart() async throws -> Part? {
        if !isInPart { try await skipPreamble() }
        while try await nextBytes() != nil {}
        isInPart = true
        guard !isAtEnd else { return nil }
        parts += 1
        guard parts <= Self.mostParts else {
            throw ErrorBody(.payloadTooLarge, "the form has more than \(Self.mostParts) parts")
        }
        return try await headers()
    }

    /// Some bytes of the current part; nil at its end.
    mutating func nextBytes() async throws -> ByteBuffer? {
        guard isInPart, !isAtEnd else { return nil }
        while true {
            if let start = Self.find(delimiter, in: buffer) {
                if start > 0 { return buffer.readSlice(length: start) }
                buffer.moveReaderIndex(forwardBy: delimiter.count)
                try await endOfDelimiter()
                isInPart = false
                return nil
            }
            // The end of what is there may be the beginning of the delimiter.
            let certain = buffer.readableBytes - (delimiter.count - 1)
            if certain > 0 { return buffer.readSlice(length: certain) }
            try await more()
        }
    }

    /// The whole of the current part as text.
    mutating func text(of part: Part, atMost bytes: Int) async throws -> String {
        var all = ByteBuffer()
        while let some = try await nextBytes() {
            guard all.readableBytes + some.readableBytes <= bytes else {
                throw ErrorBody(.payloadTooLarge, "the form's field \(part.name.shortened(to: 64)) is too large")
            }
            all.writeImmutableBuffer(some)
        }
        guard let text = String(validating: all.readableBytesView, as: UTF8.self) else {
            throw Self.malformed("the form's field \(part.name.shortened(to: 64)) isn't UTF-8")
        }
        return text
    }

    // MARK: Reading

    private mutating func skipPreamble() async throws {
        guard parts == 0, !isAtEnd else { return }
        isInPart = true
        var skipped = 0
        while let some = try await nextBytes() {
            skipped += some.readableBytes
            guard skipped <= Self.mostHeaderBytes else {
                throw Self.malformed("the body doesn't begin with its boundary")
            }
        }
    }

    /// What follows a delimiter: two hyphens after the last part, else a line break.
    private mutating func endOfDelimiter() async throws {
        while buffer.readableBytes < 2 { try await more() }
        var next = buffer.readBytes(length: 2) ?? []
        if next == Array("--".utf8) {
            isAtEnd = true
            return
        }
        // Spaces may stand before the line's end.
        for _ in 0..<64 where next.first == 0x20 || next.first == 0x09 {
            while buffer.readableBytes < 1 { try await more() }
            next = [next[1]] + (buffer.readBytes(length: 1) ?? [])
        }
        guard next == [0x0D, 0x0A] else { throw Self.malformed("a boundary isn't followed by a line break") }
    }

    /// The header fields of a part.
    private mutating func headers() async throws -> Part {
        let end = Array("\r\n\r\n".utf8)
        var length = Self.find(end, in: buffer)
        while length == nil {
            guard buffer.readableBytes <= Self.mostHeaderBytes else {
                throw ErrorBody(.payloadTooLarge, "a part of the form has too large a header")
            }
            try await more()
            length = Self.find(end, in: buffer)
        }
        guard let length, length <= Self.mostHeaderBytes, let text = buffer.readString(length: length) else {
            throw ErrorBody(.payloadTooLarge, "a part of the form has too large a header")
        }
        buffer.moveReaderIndex(forwardBy: end.count)
        var disposition: [String: String] = [:]
        var type: String?
        for line in text.split(separator: "\r\n") {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { throw Self.malformed("a part of the form has a malformed header") }
            let value = String(halves[1].drop { $0 == " " || $0 == "\t" })
            switch halves[0].lowercased() {
            case "content-disposition": disposition = FormField.parameters(of: value)
            case "content-type": type = value
            default: break
            }
        }
        guard let name = disposition["name"] else { throw Self.malformed("a part of the form has no name") }
        return Part(name: name, fileName: disposition["filename"], type: type)
    }

    private mutating func more() async throws {
        let next: ByteBuffer?
        do { next = try await source.next() } catch { throw BrokenOff(cause: error) }
        guard let next else { throw Self.malformed("the body ends before its last boundary") }
        // What was read would stay in front of what comes, and the buffer would grow with the file.
        buffer.discardReadBytes()
        if buffer.readableBytes == 0 { buffer = next } else { buffer.writeImmutableBuffer(next) }
    }

    /// Where some bytes begin in a buffer, from its reader index on.
    private static func find(_ wanted: [UInt8], in buffer: ByteBuffer) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            var start = 0
            while bytes.count - start >= wanted.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                guard let base = rest.baseAddress, let found = memchr(base, Int32(wanted[0]), rest.count) else {
                    return nil
                }
                start += base.distance(to: UnsafeRawPointer(found))
                guard bytes.count - start >= wanted.count else { return nil }
                if memcmp(found, wanted, wanted.count) == 0 { return start }
                start += 1
            }
            return nil
        }
    }

    static let notAForm = ErrorBody(
        .unsupportedMediaType, "Content-Type must be multipart/form-data with a boundary; the file is its part “file”")

    private static func malformed(_ what: String) -> ErrorBody {
        .file(.fileInvalidFormat, "body", "format", "isn't a form: \(what)")
    }
}

/// Header fields with parameters, as forms have them.
enum FormField {
    /// The parameters of `form-data; name="a"; filename="b"`, by their names in lower case. The first of a name counts.
    static func parameters(of value: String) -> [String: String] {
        var found: [String: String] = [:]
        var rest = value.utf8.drop { $0 != 0x3B }
        while rest.first == 0x3B {
            rest = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
            let name = rest.prefix { $0 != 0x3D && $0 != 0x3B }
            rest = rest[name.endIndex...]
            guard rest.first == 0x3D else { continue }
            rest = rest.dropFirst()
            var bytes: [UInt8] = []
            if rest.first == 0x22 {
                rest = rest.dropFirst()
                while let byte = rest.first, byte != 0x22 {
                    rest = rest.dropFirst()
                    // A quoted string escapes quotes and backslashes; browsers send other backslashes as they are.
                    if byte == 0x5C, let next = rest.first, next == 0x22 || next == 0x5C {
                        bytes.append(next)
                        rest = rest.dropFirst()
                    } else {
                        bytes.append(byte)
                    }
                }
                rest = rest.dropFirst()
            } else {
                bytes = Array(rest.prefix { $0 != 0x3B && $0 != 0x20 })
            }
            rest = rest.drop { $0 != 0x3B }
            let key = String(decoding: name, as: UTF8.self).lowercased()
            // Browsers escape three characters (HTML, "multipart/form-data encoding algorithm").
            let text = String(decoding: bytes, as: UTF8.self).replacing("%22", with: "\"")
                .replacing("%0D", with: "\r").replacing("%0A", with: "\n")
            if found[key] == nil { found[key] = text }
        }
        return found
    }
}
