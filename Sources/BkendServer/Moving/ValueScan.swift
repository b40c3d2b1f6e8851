/// Finds where a JSON object, array or string ends, by its brackets and quotes alone; whether it is JSON is decided when
/// it is read as a whole.
struct ValueScan {
    private var depth: Int
    private var isInString = false
    private var isEscaped = false
    /// Whether a line ended inside the value, between strings.
    private(set) var holdsLineBreak = false
    /// Whether a line ended inside a string: a quote is missing, and what follows can't be told apart.
    private(set) var isBroken = false

    /// A scan that begins inside that many open brackets.
    init(depth: Int = 0) { self.depth = depth }

    /// Goes on with the next bytes: how many of them belong to the value, and whether more do.
    mutating func callAsFunction(_ bytes: UnsafeBufferPointer<UInt8>) -> (taken: Int, wantsMore: Bool) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    isInString = false
                    if depth == 0 { return (index, false) }
                } else if byte == 0x0A {
                    isBroken = true
                    return (index, false)
                }
                continue
            }
            switch byte {
            case 0x22: isInString = true
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D:
                depth -= 1
                if depth <= 0 { return (index, false) }
            case 0x0A: holdsLineBreak = true
            default: break
            }
        }
        return (index, true)
    }
}
