import BkendWire

/// Reads some top-level strings of a document's text in one pass, for callers that need no more of it.
package final class DocumentStrings {
    private let fields = DocumentFields()
    private let slots: [Int]

    /// Reads the fields of these names.
    package init(_ names: [String]) { slots = names.map { [fields] in fields.slot(Array($0.utf8)) } }

    /// The strings in the order of the names, nil for what is absent or no string; nil when the text is no object.
    /// The text must have passed the strict check.
    package func read(_ text: [UInt8]) -> [String?]? {
        text.withUnsafeBufferPointer { bytes in
            guard fields.load(bytes), let text = fields.text else { return nil }
            return slots.map { slot in
                let offset = fields.offset(slot)
                guard offset >= 0, text.byte(offset) == 0x22 else { return nil }
                return text.withContents(ofString: offset) { String(decoding: $0, as: UTF8.self) }
            }
        }
    }
}
