import BkendWire

/// A search, made ready: which text, in which fields.
struct SearchProgram {
    private let needle: FoldedText
    /// The one field to look in, and its place.
    private let only: (path: DocumentPath, slot: Int)?
    /// Top-level fields that no document shows.
    private let hidden: [[UInt8]]

    init(_ search: Query.Search, hidden: [[UInt8]], fields: DocumentFields) {
        needle = FoldedText(search.text)
        only = search.field.map { field in
            let path = DocumentPath(field)
            return (path, fields.slot(path.parts[0].name))
        }
        self.hidden = hidden
    }

    /// Whether the document that `fields` has loaded holds the text. `invisible` are the fields that this document
    /// hides beside those that every one hides.
    func matches(_ text: StoredText, _ fields: DocumentFields, invisible: [[UInt8]], _ workspace: TestWorkspace) throws
        -> Bool
    {
        if needle.bytes.isEmpty { return true }
        if let only {
            return try Candidates(text: text, path: only.path).visit(first: fields.offset(only.slot)) { candidate in
                try !candidate.isElement && candidate.offset >= 0 && holds(text, candidate.offset, workspace)
            }
        }
        return try text.members(ofObject: text.skipSpace(0)) { name, value in
            guard text.byte(value) == 0x22 else { return true }
            if hidden.contains(where: { StoredText.name(name, is: $0) }) { return true }
            if invisible.contains(where: { StoredText.name(name, is: $0) }) { return true }
            return try !holds(text, value, workspace)
        } == nil
    }

    private func holds(_ text: StoredText, _ offset: Int, _ workspace: TestWorkspace) throws -> Bool {
        guard text.byte(offset) == 0x22 else { return false }
        try workspace.fold(text, offset)
        return needle.isPart(of: workspace.folded)
    }
}
