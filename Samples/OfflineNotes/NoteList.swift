import Bkend

/// Notes as lines: id, what the server knows of it, the note.
struct NoteList {
    let notes: [Record<Note>]

    var lines: [String] {
        let width = notes.map(\.id.count).max() ?? 0
        return notes.map { note in
            let id = note.id + String(repeating: " ", count: width - note.id.count)
            return "\(id)  \(Self.word(note.syncState))  [\(note.isDone ? "x" : " ")] \(note.text)"
        }
    }

    /// The words that a screen would show as symbols, all of one length.
    private static func word(_ state: SyncState) -> String {
        switch state {
        case .synced: "synced    "
        case .pending: "pending   "
        // The server said no: see `outbox`.
        case .failed: "rejected  "
        // The server may or may not have it: see `outbox`.
        case .unresolved: "unresolved"
        }
    }
}
