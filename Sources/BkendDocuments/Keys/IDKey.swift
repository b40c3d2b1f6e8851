/// A document's id at the end of an index entry: bytes in the order of the ids' UTF-8, and few of them.
///
/// Most ids are 24 hexadecimal digits, so every id is told by one of these: itself, or the least that is greater. After
/// those 12 bytes a mark says which; an id that is none goes on with its own text. Entries of half the size are what
/// keeps a scan of many of them near that of a typed column's index.
enum IDKey {
    /// What the 12 bytes are to the id.
    private enum Mark {
        /// The least 24 digits greater than the id.
        static let next: UInt8 = 0x40
        /// The id.
        static let same: UInt8 = 0x80
        /// The id is greater than all 24 digits.
        static let last: UInt8 = 0xC0
    }

    private static let digits = 24

    /// The id's key; with every bit turned round where ids descend.
    static func key(_ id: String, descending: Bool) -> [UInt8] {
        var id = id
        var key = id.withUTF8 { ascending($0) }
        if descending { for index in key.indices { key[index] = ~key[index] } }
        return key
    }

    private static func ascending(_ id: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(2 + digits / 2)
        // What follows a value's key must be a bracket (see `TypeBracket`).
        key.append(TypeBracket.string)
        let mark = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digits) { nibbles in
            nibbles.initialize(repeating: 0)
            let mark = place(id, nibbles)
            for index in stride(from: 0, to: digits, by: 2) { key.append(nibbles[index] << 4 | nibbles[index + 1]) }
            return mark
        }
        key.append(mark)
        if mark == Mark.same { return key }
        for byte in id {
            key.append(byte)
            if byte == 0 { key.append(0xFF) }
        }
        key.append(0)
        // Turned round, an end (0xFF) must differ from an escaped U+0000 (0xFF 0x00) by the byte that follows.
        key.append(0x80)
        return key
    }

    /// Finds the least 24 digits that are not less than the id.
    private static func place(_ id: UnsafeBufferPointer<UInt8>, _ nibbles: UnsafeMutableBufferPointer<UInt8>) -> UInt8 {
        var count = 0
        while count < min(digits, id.count), let nibble = nibble(id[count]) {
            nibbles[count] = nibble
            count += 1
        }
        if count == digits, id.count == digits { return Mark.same }
        // An id that ends here comes before what goes on with zeros.
        if count == id.count { return Mark.next }
        if count < digits {
            switch id[count] {
            case ..<0x30: return Mark.next
            case ..<0x61:
                nibbles[count] = 0xA
                return Mark.next
            default: break
            }
        }
        // Greater than everything that begins so: the next after that.
        while count > 0 {
            count -= 1
            if nibbles[count] < 0xF {
                nibbles[count] += 1
                return Mark.next
            }
            nibbles[count] = 0
        }
        for index in nibbles.indices { nibbles[index] = 0xF }
        return Mark.last
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
