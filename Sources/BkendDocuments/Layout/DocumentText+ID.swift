import BkendWire

extension DocumentText {
    /// The document's id, found without reading the rest; nil when there is none.
    package var id: String? {
        bytes.withUnsafeBufferPointer { buffer in
            guard let text = StoredText(buffer) else { return nil }
            var id: String?
            _ = text.members(ofObject: text.skipSpace(0)) { name, value in
                guard StoredText.name(name, is: Self.idName), text.byte(value) == 0x22 else { return true }
                id = text.withContents(ofString: value) { String(decoding: $0, as: UTF8.self) }
                return false
            }
            return id
        }
    }

    private static let idName = Array(SystemField.id.rawValue.utf8)
}
