import BkendWire

/// Splits what people exported from the hosted service into records, without holding the file: pages
/// `{"success":true,"data":{"items":[…]}}`, `{"items":[…]}`, a plain array (several of them one after the other, too),
/// JSON Lines, or records one after the other over several lines. Which it is shows in each document's first bytes.
///
/// A record is only cut out here; the caller reads it strictly, so that one with a mistake spoils no other. One that is
/// longer than a record may be is passed over without being kept, for the caller to report.
struct RecordReader {
    /// One record's text.
    struct Item {
        /// The text; nil when it is longer than the limit.
        var bytes: [UInt8]?
        /// Where it begins in the file.
        var offset: Int
        /// Its length in bytes.
        var length: Int
        /// Whether the file ended right after it, without a line's end: it may have been cut.
        var endsFile = false
    }

    /// Where the reader stands.
    enum State {
        /// Between documents.
        case outside
        /// In an array of records, inside so many other brackets, before a record or after one.
        case before(isFirst: Bool, brackets: Int)
        case after(brackets: Int)
        /// In JSON Lines: a record is a line.
        case lines
        /// In records one after the other.
        case sequence
    }

    /// The longest text that a record may have.
    static let longestRecord = ServerLimits.anyRecord

    var source: ByteSource
    var state: State
    let limit: Int

    /// A reader.
    ///
    /// - Parameter isLines: takes the file for JSON Lines, whatever it begins with.
    init(
        isLines: Bool = false, limit: Int = longestRecord, pieceSize: Int = 256 * 1024, read: @escaping ByteSource.Read
    ) {
        source = ByteSource(limit: limit, pieceSize: pieceSize, read: read)
        state = isLines ? .lines : .outside
        self.limit = limit
    }

    /// How much of the file has been read.
    var offset: Int { source.offset }

    /// The next record, nil at the end.
    ///
    /// - Throws: `ImportFault` where the file can't be followed any further.
    mutating func next() throws -> Item? {
        if source.offset == 0 { try skipByteOrderMark() }
        while true {
            switch state {
            case .outside:
                guard let byte = try skipSpace() else { return nil }
                switch byte {
                case 0x5B:
                    source.advance()
                    state = .before(isFirst: true, brackets: 0)
                case 0x7B: if let item = try document() { return item }
                default: throw unexpected(byte, "a page, an array or a record must begin here")
                }
            case .before(let isFirst, let brackets):
                guard let byte = try skipSpace() else { throw truncated("inside the array of records") }
                if byte == 0x5D {
                    guard isFirst else { throw unexpected(byte, "a record must follow the comma") }
                    try close(brackets)
                } else {
                    let item = try value(startingWith: byte)
                    state = .after(brackets: brackets)
                    return item
                }
            case .after(let brackets):
                guard let byte = try skipSpace() else { throw truncated("inside the array of records") }
                switch byte {
                case 0x2C:
                    source.advance()
                    state = .before(isFirst: false, brackets: brackets)
                case 0x5D: try close(brackets)
                default: throw unexpected(byte, "a comma or the array's end must follow the record")
                }
            case .lines:
                guard try skipSpace() != nil else { return nil }
                return try line()
            case .sequence:
                guard let byte = try skipSpace() else { return nil }
                return try value(startingWith: byte)
            }
        }
    }

    /// A whole value, from its first byte.
    mutating func value(startingWith byte: UInt8) throws -> Item {
        let offset = source.offset
        source.setMark()
        try skipValue(startingWith: byte)
        return item(from: offset)
    }

    /// What lies between an offset, where the mark was set, and here.
    mutating func item(from offset: Int) -> Item {
        let length = source.offset - offset
        return Item(bytes: source.take(), offset: offset, length: length)
    }

    mutating func skipValue(startingWith byte: UInt8) throws {
        switch byte {
        case 0x7B, 0x5B, 0x22: try finish(ValueScan(), from: source.offset)
        case 0x2C, 0x3A, 0x5D, 0x7D: throw unexpected(byte, "a value must stand here")
        default:
            _ = try source.consume { bytes in
                let end = bytes.firstIndex { [0x09, 0x0A, 0x0D, 0x20, 0x2C, 0x5D, 0x7D].contains($0) }
                return (end ?? bytes.count, end == nil)
            }
        }
    }

    /// Goes past the rest of a value that a scan has begun; gives the scan at its end.
    ///
    /// - Parameter offset: where the value begins.
    @discardableResult
    mutating func finish(_ begun: ValueScan, from offset: Int) throws -> ValueScan {
        var scan = begun
        guard try source.consume({ scan($0) }) else {
            throw truncated("in the middle of the value that begins at byte \(offset)")
        }
        if scan.isBroken { throw ImportFault(offset: source.offset - 1, "a line ends inside a string") }
        return scan
    }

    /// The rest of the line.
    mutating func line() throws -> Item {
        let offset = source.offset
        source.setMark()
        var last: UInt8 = 0
        let hasEnd = try source.consume { bytes in
            let end = bytes.firstIndex(of: 0x0A)
            last = bytes[..<(end ?? bytes.count)].last { !Self.isSpace($0) } ?? last
            return (end ?? bytes.count, end == nil)
        }
        var item = item(from: offset)
        item.endsFile = !hasEnd
        // Of a line that wasn't kept there is nothing else to tell by whether the file was cut.
        if !hasEnd, item.bytes == nil, last != 0x7D {
            throw truncated("in the middle of the line that begins at byte \(offset)")
        }
        return item
    }

    /// Goes past the end of the array of records, and of the page around it.
    private mutating func close(_ brackets: Int) throws {
        source.advance()
        state = .outside
        if brackets == 0 { return }
        var scan = ValueScan(depth: brackets)
        guard try source.consume({ scan($0) }) else { throw truncated("before the page's last bracket") }
        if scan.isBroken { throw ImportFault(offset: source.offset - 1, "a line ends inside a string") }
    }

    /// The next byte that is no white space, nil at the end.
    mutating func skipSpace() throws -> UInt8? {
        while let byte = try source.peek() {
            guard Self.isSpace(byte) else { return byte }
            source.advance()
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private mutating func skipByteOrderMark() throws {
        source.setMark()
        for byte in [0xEF, 0xBB, 0xBF] as [UInt8] {
            guard try source.peek() == byte else {
                source.rewind()
                break
            }
            source.advance()
        }
        source.letGo()
    }

    private func unexpected(_ byte: UInt8, _ what: String) -> ImportFault {
        let shown =
            (0x21...0x7E).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "0x" + String(byte, radix: 16)
        return ImportFault(offset: source.offset, "\(shown): \(what)")
    }

    func truncated(_ place: String) -> ImportFault {
        ImportFault(offset: source.offset, "the file ends \(place)")
    }
}

/// Where and why a file can't be followed any further.
struct ImportFault: Error, Hashable, CustomStringConvertible {
    /// The byte.
    let offset: Int
    /// What is wrong.
    let reason: String

    init(offset: Int, _ reason: String) {
        self.offset = offset
        self.reason = reason
    }

    var description: String { "\(reason), at byte \(offset)" }
}
