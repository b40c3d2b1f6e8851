/// What a write locks before its body runs, so that no other write changes it meanwhile.
///
/// A storage with one writer holds all of them. Another one takes them in one order for all writes, that of `Comparable`.
package enum StorageLock: Hashable, Sendable {
    /// The definitions of an environment's tables, or the folder's projects, environments and keys.
    case definitions
    /// A user's row, and with it password, sessions and reset tokens: whoever writes those locks the user.
    case user(String)
    /// A record.
    case document(table: String, id: String)
}

extension StorageLock: Comparable {
    package static func < (a: StorageLock, b: StorageLock) -> Bool {
        switch (a, b) {
        case (.user(let a), .user(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.document(let table, let id), .document(let otherTable, let otherID)):
            table.utf8.elementsEqual(otherTable.utf8)
                ? id.utf8.lexicographicallyPrecedes(otherID.utf8)
                : table.utf8.lexicographicallyPrecedes(otherTable.utf8)
        default: a.rank < b.rank
        }
    }

    private var rank: Int {
        switch self {
        case .definitions: 0
        case .user: 1
        case .document: 2
        }
    }
}

/// A body went on to what it has no lock for. The storage takes the locks and runs the body again.
package struct LocksNeeded: Error, Hashable {
    /// The locks that were asked for.
    package let locks: Set<StorageLock>

    /// A request for locks.
    package init(_ locks: Set<StorageLock>) { self.locks = locks }
}
