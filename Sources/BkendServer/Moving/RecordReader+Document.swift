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
        case .record(let scan):
            if source.hasLostMark { return try overlong(scan, from: offset) }
            source.rewind()
            return try first()
        }
    }

    /// The first record outside of an array. When it spans lines, so will the others; else each line is one.
    private mutating func first() throws -> Item {
        let offset = source.offset
        let scan = try finish(ValueScan(), from: offset)
        if source.hasLostMark { return item(from: offset) }
        if scan.holdsLineBreak {
            state = .sequence
            return item(from: offset)
        }
        state = .lines
        source.rewind()
        return try line()
    }

    /// The rest of a first record of which the beginning isn't there any more. The next document shows by itself what
    /// it is.
    private mutating func overlong(_ scan: ValueScan, from offset: Int) throws -> Item {
        try finish(scan, from: offset)
        return item(from: offset)
    }

    private enum Kind {
        /// A page; its array lies inside so many brackets.
        case page(brackets: Int)
        /// A page without records.
        case empty
        /// No page; where its rest is to be scanned from.
        case record(ValueScan)
    }

    /// Reads an object's first members until they say what it is.
    private mutating func brackets() throws -> Kind {
        source.advance()
        var depth = 1
        var isPage = false
        while true {
            guard let byte = try skipSpace(), !source.hasLostMark else { return .record(ValueScan(depth: depth)) }
            switch byte {
            case 0x7D:
                source.advance()
                depth -= 1
                if depth == 0 { return isPage ? .empty : .record(ValueScan()) }
            case 0x2C: source.advance()
            case 0x22:
                let (name, scan) = try name(in: ValueScan(depth: depth))
                guard let name, Self.pageMembers.contains(name), try skipSpace() == 0x3A else { return .record(scan) }
                source.advance()
                guard let value = try skipSpace() else { return .record(scan) }
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
            default: return .record(ValueScan(depth: depth))
            }
        }
    }

    /// A member's name, nil when it can't be a page's; with a scan of what was read of it.
    private mutating func name(in object: ValueScan) throws -> (String?, ValueScan) {
        var scan = object
        var bytes: [UInt8] = []
        repeat {
            guard let byte = try source.peek() else { break }
            source.advance()
            bytes.append(byte)
            _ = [byte].withUnsafeBufferPointer { scan($0) }
            if bytes.count > 1, byte == 0x22 {
                return (String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self), scan)
            }
        } while bytes.count <= 32
        return (nil, scan)
    }
}
