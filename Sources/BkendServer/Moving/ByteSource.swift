#if Server
/// The bytes of a file or pipe, read piece by piece. What lies behind a mark is kept, everything else is let go, so that
/// memory is bounded by the longest value and not by the file.
struct ByteSource {
    /// Fills a buffer as far as it likes; 0 at the end.
    typealias Read = (UnsafeMutableRawBufferPointer) throws -> Int

    private let read: Read
    private let pieceSize: Int
    private var buffer: [UInt8] = []
    private var position = 0
    /// Where `buffer` begins in the file.
    private var base = 0
    private var mark: Int?

    init(pieceSize: Int = 256 * 1024, read: @escaping Read) {
        self.read = read
        self.pieceSize = pieceSize
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

    /// Keeps what comes from here on.
    mutating func setMark() { mark = position }

    /// Goes back to the mark.
    mutating func rewind() { position = mark ?? position }

    /// How many bytes lie between the mark and here.
    var marked: Int { mark.map { position - $0 } ?? 0 }

    /// The bytes from the mark to here; the mark is lifted.
    mutating func take() -> [UInt8] {
        defer { mark = nil }
        return Array(buffer[(mark ?? position)..<position])
    }

    /// Lifts the mark.
    mutating func letGo() { mark = nil }

    private mutating func fill() throws -> Bool {
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
#endif
