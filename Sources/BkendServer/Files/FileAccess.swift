import BkendAccounts
import BkendWire

/// Who may do what with a file (rest-api.md §9). Pure, and the only place.
enum FileAccess {
    /// Whether a caller may read a file.
    ///
    /// - Parameter isSharedWith: whether the file is shared with the caller.
    static func mayRead(_ file: StoredFile, _ caller: Caller, isSharedWith: Bool) -> Bool {
        if caller.isAdmin || file.visibility == .public || isOwn(file, caller) { return true }
        guard caller.userID != nil else { return false }
        switch file.visibility {
        case .protected: return true
        case .shared: return isSharedWith
        case .private, .public: return false
        }
    }

    /// Whether a caller may change or delete a file, and sees what concerns its owner alone.
    static func mayChange(_ file: StoredFile, _ caller: Caller) -> Bool { caller.isAdmin || isOwn(file, caller) }

    /// Whether the caller uploaded the file.
    static func isOwn(_ file: StoredFile, _ caller: Caller) -> Bool { isSame(file.ownerID, caller) }

    /// Whether an upload is the caller's to finish: whoever asked for its key, and nobody else, whatever they may do
    /// otherwise: the address of a public file shows its key to everybody.
    static func mayRegister(_ upload: FileUpload, _ caller: Caller) -> Bool {
        upload.userID == nil ? caller.isAdmin && caller.userID == nil : isSame(upload.userID, caller)
    }

    private static func isSame(_ userID: String?, _ caller: Caller) -> Bool {
        guard let userID, !userID.isEmpty, let own = caller.userID else { return false }
        return userID.hasSameBytes(as: own)
    }
}
