/// The bytes of a file or pipe, read piece by piece. What lies behind a mark is kept as far as a limit, everything else is
/// let go, so that memory is bounded by the limit and not by the file.
struct ByteSource {
    /// Fills a buffer as far as it likes; 0 at the end.
    typealias Read = (UnsafeMutableRawBufferPointer) throws -> Int

    private let read: Read
    private let pieceSize: Int
    private(set) var buffer: [UInt8] = []
    private var position = 0
    /// Where `buffer` begins in the file.
    private var base = 0
    private var mark: Int?
    private let limit: Int
    /// Whether more than the limit has come since the mark was set: the mark is gone.
    private(set) var hasLostMark = false

    /// - Parameter limit: the most bytes that are kept behind a mark.
    init(limit: Int, pieceSize: Int = 256 * 1024, read: @escaping Read) {
        self.read = read
        self.pieceSize = pieceSize
        self.limit = limit
    }

    /// How many bytes lie before the next one.
    var offset: Int { base + position }

    /// The next byte, nil at the end.
    mutating func peek() throws -> UInt8? {
        if position == buffer.count, try !fill() { return nil }
        return buffer[position]
    }

    /// Goes past the byte that `peek` gave.
    mutating func advance() { position += 1 }

    /// Hands over the unread bytes that are here, never none; `body` says how many of them it takes, and whether it wants
    /// more. False when the end came before it was satisfied.
    mutating func consume(_ body: (UnsafeBufferPointer<UInt8>) throws -> (taken: Int, wantsMore: Bool)) throws -> Bool {
        while try peek() != nil {
            let start = position
            let (taken, wantsMore) = try buffer.withUnsafeBufferPointer {
                try body(UnsafeBufferPointer(rebasing: $0[start...]))
            }
            position += taken
            if !wantsMore { return true }
        }
        return false
    }

    /// Keeps what comes from here on, as long as it isn't more than the limit.
    mutating func setMark() {
        mark = position
        hasLostMark = false
    }

    /// Goes back to the mark; there must be one.
    mutating func rewind() { position = mark ?? position }

    /// The bytes from the mark to here, nil when there are more than the limit; the mark is lifted.
    mutating func take() -> [UInt8]? {
        defer { letGo() }
        guard let mark, position - mark <= limit else { return nil }
        return Array(buffer[mark..<position])
    }

    /// Lifts the mark.
    mutating func letGo() {
        mark = nil
        hasLostMark = false
    }

    private mutating func fill() throws -> Bool {
        if let mark, position - mark > limit {
            self.mark = nil
            hasLostMark = true
        }
        let kept = mark ?? position
        if kept > 0 {
            buffer.removeFirst(kept)
            base += kept
            position -= kept
            mark = mark.map { $0 - kept }
        }
        var count = 0
        let piece = try [UInt8](unsafeUninitializedCapacity: pieceSize) { memory, initialized in
            count = try read(UnsafeMutableRawBufferPointer(memory))
            initialized = count
        }
        buffer.append(contentsOf: piece)
        return count > 0
    }
}
