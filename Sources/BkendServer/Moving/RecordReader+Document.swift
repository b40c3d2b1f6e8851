#if Server
import BkendWire

extension RecordReader {
    /// The members that a page may have beside its records.
    private static let pageMembers: Set<String> = [
        "success", "statusCode", "code", "message", "error", "data", "items", "pagination", "meta", "timestamp",
        "requestId",
    ]

    /// Looks at an object between documents: a page leads to its array, anything else is a record.
    mutating func document() throws -> Item? {
        let offset = source.offset
        source.setMark()
        switch try brackets() {
        case .page(let brackets):
            source.letGo()
            state = .before(isFirst: true, brackets: brackets)
            return nil
        case .empty:
            throw ImportFault(offset: offset, "the page that begins here holds no items; is it an error's answer?")
        case .record:
            source.rewind()
            var item = try first()
            item.offset = offset
            return item
        }
    }

    /// The first record outside of an array. When it spans lines, so will the others; else each line is one.
    private mutating func first() throws -> Item {
        var scan = ValueScan()
        var length = 0
        let (limit, offset) = (limit, source.offset)
        let isWhole = try source.consume { bytes in
            let (taken, wantsMore) = scan(bytes)
            length += taken
            if length > limit {
                throw ImportFault(
                    offset: offset, "a record longer than \(limit >> 20) MiB begins here, or a bracket is missing")
            }
            return (taken, wantsMore)
        }
        guard isWhole else {
            throw ImportFault(
                offset: source.offset, "the file ends in the middle of the record that begins at \(offset)")
        }
        if scan.holdsLineBreak {
            state = .sequence
            if scan.isBroken { throw ImportFault(offset: source.offset - 1, "a line ends inside a string") }
            return Item(bytes: source.take(), offset: offset)
        }
        state = .lines
        source.rewind()
        return try line()
    }

    private enum Kind {
        /// A page; its array lies inside so many brackets.
        case page(brackets: Int)
        /// A page without records.
        case empty
        /// No page.
        case record
    }

    /// Reads an object's first members until they say what it is.
    private mutating func brackets() throws -> Kind {
        source.advance()
        var depth = 1
        var isPage = false
        while true {
            guard let byte = try skipSpace() else { return .record }
            switch byte {
            case 0x7D:
                source.advance()
                depth -= 1
                if depth == 0 { return isPage ? .empty : .record }
            case 0x2C: source.advance()
            case 0x22:
                guard let name = try name(), Self.pageMembers.contains(name), try skipSpace() == 0x3A else {
                    return .record
                }
                source.advance()
                guard let value = try skipSpace() else { return .record }
                isPage = true
                switch (name, value) {
                case ("items", 0x5B), ("data", 0x5B):
                    source.advance()
                    return .page(brackets: depth)
                case ("data", 0x7B) where depth == 1:
                    source.advance()
                    depth = 2
                default: try skipValue(startingWith: value)
                }
            default: return .record
            }
        }
    }

    /// A member's name, nil when it can't be a page's.
    private mutating func name() throws -> String? {
        source.advance()
        var bytes: [UInt8] = []
        while let byte = try source.peek(), bytes.count < 32 {
            source.advance()
            if byte == 0x22 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }
}
#endif
