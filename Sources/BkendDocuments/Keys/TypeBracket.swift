/// The first byte of a comparison key: the value's place in the order of types (rest-api.md §5, MongoDB's
/// "Comparison/Sort Order").
///
/// No bracket is near 0x00 or 0xFF, so that neither it nor its complement can be taken for the byte that follows an
/// escaped U+0000 in the key before it.
enum TypeBracket {
    /// Ends arrays and objects inside a key; below every bracket, so a shorter one comes first.
    static let end: UInt8 = 0x00
    /// An empty array as an element to sort by: before null, as MongoDB's indexes hold it (`undefined` there).
    static let nothing: UInt8 = 0x08
    /// Null, and a missing field.
    static let null: UInt8 = 0x10
    static let number: UInt8 = 0x20
    static let string: UInt8 = 0x30
    static let object: UInt8 = 0x40
    static let array: UInt8 = 0x50
    /// In index entries only: the array that a field holds, as a whole. Its elements have entries of their own.
    static let wholeArray: UInt8 = 0x58
    static let boolean: UInt8 = 0x60

    /// The bracket of the value whose text starts with that byte.
    @inline(__always)
    static func of(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x22: string
        case 0x7B: object
        case 0x5B: array
        case 0x74, 0x66: boolean
        case 0x6E: null
        default: number
        }
    }
}
