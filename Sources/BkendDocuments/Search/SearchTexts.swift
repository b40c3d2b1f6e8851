/// The folded texts that one document has in a search index, by their fields' numbers. Texts too short for a trigram
/// are left out.
struct SearchTexts: Equatable {
    private(set) var texts: [Int: [UInt8]] = [:]

    /// Calls `body` with the name and the contents of each top-level string.
    static func visit(
        _ document: UnsafeBufferPointer<UInt8>, _ body: (_ name: [UInt8], _ contents: [UInt8]) throws -> Void
    ) rethrows {
        guard let text = StoredText(document) else { return }
        let start = text.skipSpace(0)
        guard text.byte(start) == 0x7B else { return }
        _ = try text.members(ofObject: start) { name, value in
            if text.byte(value) == 0x22 {
                let written = text.contents(ofString: value, end: text.endOfString(value))
                try body(StoredText.unescaped(name), StoredText.unescaped(written))
            }
            return true
        }
    }

    /// Adds a string. Fields that share a number have one text, which may hold trigrams of none of them.
    mutating func add(_ contents: [UInt8], field: Int) {
        let folded = contents.withUnsafeBufferPointer { Trigrams.indexable(TextFolding.fold($0)) }
        if folded.count < Trigrams.size { return }
        texts[field] = texts[field].map { $0 + [Trigrams.substitute] + folded } ?? folded
    }
}
