/// A dotted path, taken apart once.
struct DocumentPath: Sendable {
    /// One part: a field's name, or a position when its digits are the canonical ones of an array's.
    struct Part: Sendable {
        let name: [UInt8]
        /// The position in an array, nil when the part is none ("00" is a name only).
        let position: Int?

        init(_ name: [UInt8]) {
            self.name = name
            let isNumber = !name.isEmpty && name.count < 10 && name.allSatisfy { (0x30...0x39).contains($0) }
            position =
                isNumber && (name.count == 1 || name[0] != 0x30) ? name.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
        }
    }

    let parts: [Part]
    /// Whether two parts or more are positions.
    let hasSeveralPositions: Bool

    init(_ path: String) {
        parts = path.utf8.split(separator: 0x2E, omittingEmptySubsequences: false).map { Part(Array($0)) }
        hasSeveralPositions = parts.count { $0.position != nil } > 1
    }

    /// Whether an array lies on the path, its end included; `first` is the offset of its first field.
    func meetsArray(from first: Int, in text: StoredText) -> Bool {
        var offset = first
        for part in 1...parts.count {
            guard offset >= 0 else { return false }
            if text.byte(offset) == 0x5B { return true }
            guard part < parts.count, text.byte(offset) == 0x7B else { return false }
            offset = text.value(of: parts[part].name, inObject: offset)
        }
        return false
    }
}
