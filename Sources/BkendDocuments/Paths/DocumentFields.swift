/// Where the top-level fields that a query is about lie in one document's text.
///
/// One pass over the document finds them all; everything else works from these offsets.
final class DocumentFields {
    /// The offset of a field that isn't there.
    static let missing = -1

    private(set) var names: [[UInt8]] = []
    private(set) var offsets: [Int] = []
    private(set) var text: StoredText?

    /// The number of a top-level field, the same for the same name.
    func slot(_ name: [UInt8]) -> Int {
        if let slot = names.firstIndex(of: name) { return slot }
        names.append(name)
        offsets.append(Self.missing)
        return names.count - 1
    }

    /// Finds the fields in a document; false when the text is no object.
    func load(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let text = StoredText(bytes) else { return false }
        self.text = text
        let start = text.skipSpace(0)
        guard text.byte(start) == 0x7B else { return false }
        for slot in offsets.indices { offsets[slot] = Self.missing }
        var left = names.count
        if left == 0 { return true }
        _ = text.members(ofObject: start) { name, value in
            for slot in names.indices where offsets[slot] < 0 && StoredText.name(name, is: names[slot]) {
                offsets[slot] = value
                left -= 1
                break
            }
            return left > 0
        }
        return true
    }

    /// Counts the field as missing in this document.
    func hide(_ slot: Int) { offsets[slot] = Self.missing }
}
