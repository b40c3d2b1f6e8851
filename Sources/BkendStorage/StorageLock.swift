/// What a write locks before its body runs, so that no other write changes it meanwhile.
///
/// A storage with one writer holds all of them. Another one takes them in one order for all writes: that of the cases, and
/// of ids among each.
package enum StorageLock: Hashable, Sendable {
    /// The definitions of an environment's tables, or the folder's projects, environments and keys.
    case definitions
    /// A user's row, and with it password, sessions and reset tokens: whoever writes those locks the user.
    case user(String)
    /// A record.
    case document(table: String, id: String)
    /// The key of a file, and with it its upload and its record.
    case file(String)
}

/// A body went on to what it has no lock for. The storage takes the locks and runs the body again.
package struct LocksNeeded: Error, Hashable {
    /// The locks that were asked for.
    package let locks: Set<StorageLock>

    /// A request for locks.
    package init(_ locks: Set<StorageLock>) { self.locks = locks }
}
