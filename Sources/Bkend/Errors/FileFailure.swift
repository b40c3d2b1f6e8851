/// What went wrong with the bytes of a file, on this device or on the way (`BkendError.Reason.file`).
public enum FileFailure: Hashable, Sendable {
    /// The file has no bytes. The server stores none without.
    case empty
    /// The file changed while it was read. Upload it again.
    case sourceChanged
    /// The file can't be read, or the place can't be written, for the given reason.
    case unreadable(String)
    /// The bytes that arrived aren't those that were sent. Nothing of them was kept.
    case damaged
    /// The answer to the registration was lost, and the server doesn't say whether the file of this key is there. Look for
    /// it in `Files.list(_:)` before uploading it again.
    case mayBeRegistered(key: String)
    /// The storage gave this answer. It isn't the server's own word.
    case storage(status: Int, code: String?)

    var explanation: String {
        switch self {
        case .empty: "the file is empty"
        case .sourceChanged: "the file changed while it was uploaded"
        case .unreadable(let reason): reason
        case .damaged: "the bytes that arrived aren't those that were sent"
        case .mayBeRegistered(let key): "the file may be registered: the answer for its key \(key) was lost"
        case .storage(let status, let code):
            "the storage answered \(status)" + (code.map { " \($0)" } ?? "")
        }
    }
}
