/// What went wrong with the bytes of a file, on this device or on the way (`BkendError.Reason.file`).
public enum FileFailure: Hashable, Sendable {
    /// The file has no bytes. The server doesn't store empty files.
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
    /// The storage gave this answer. Errors that the server itself states have the reason `server`.
    case storage(status: Int)

    var explanation: String {
        switch self {
        case .empty: "the file is empty"
        case .sourceChanged: "the file changed while it was uploaded"
        case .unreadable(let reason): reason
        case .damaged: "the bytes that arrived aren't those that were sent"
        case .mayBeRegistered(let key): "the file may be registered: the answer for its key \(key) was lost"
        case .storage(let status): "the storage answered \(status)"
        }
    }
}
