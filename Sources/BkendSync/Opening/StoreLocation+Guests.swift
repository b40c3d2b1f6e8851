import BkendDocuments
import BkendWire
import Foundation

/// Guests' stores: nobody can tell one guest from another. A guest's store goes on being the guest's from launch to
/// launch until somebody has signed in on this device; then it is marked as left, and nobody sees it again unless the
/// app says whose it is.
extension StoreLocation {
    private var leftMark: String { folder + "/left" }

    private var movingMark: String { folder + "/moving" }

    /// Whether somebody has signed in since a guest had this store.
    var isLeft: Bool { FileManager.default.fileExists(atPath: leftMark) }

    /// Whether a user's store is taking this one in.
    var isMoving: Bool { FileManager.default.fileExists(atPath: movingMark) }

    /// The stores below the same folder, in the order of their numbers.
    static func all(in parent: String) throws -> [StoreLocation] {
        numbers(in: try FileManager.default.contentsOfDirectory(atPath: parent))
            .map { StoreLocation(folder: parent + "/\($0)") }.filter(\.isFolder)
    }

    private var parent: String { URL(filePath: folder).deletingLastPathComponent().path }

    func removeLeftMark() { unlink(leftMark) }

    // MARK: Left stores

    /// Marks the guests' stores as left: somebody has signed in. A disk that is full keeps nobody's store closed; what
    /// isn't marked then is at the next time.
    static func leaveGuests(in parent: String) {
        for location in (try? all(in: parent)) ?? [] where !location.isLeft {
            if (try? location.holder())?.isEmpty ?? false { try? StoreFolder.write([], to: location.leftMark) }
        }
    }

    /// A left store without writes, emptied for the next guest; nil for none. What else it holds is the server's. One that
    /// can't be opened or emptied is passed over: the guest gets a new one.
    static func emptied(in parent: String) throws -> StoreLocation? {
        try all(in: parent).first { location in
            guard location.isLeft, !location.isMoving, (try? location.holder())?.isEmpty ?? false,
                (try? location.empty()) ?? false
            else { return false }
            location.removeLeftMark()
            return true
        }
    }

    /// Empties the store unless writes wait in it; false then.
    private func empty() throws -> Bool {
        let store = try StoreDatabase.open(path: path, owner: "")
        guard try store.read({ try $0.outbox.entryCount() }) == 0 else { return false }
        if try !store.read({ try $0.isPristine }) { try store.write { try $0.ownership.wipe() } }
        return true
    }

    /// The stores that guests have left with writes in them, the one left first at the front; how many writes each has,
    /// and when the last was made. One that can't be read hides no other.
    ///
    /// - Throws: `StoreError` when there is one that can't be read, and no other.
    package static func left(
        root: String, name: String
    ) throws -> [(location: StoreLocation, writes: Int, lastWrite: Timestamp?)] {
        guard let parent = existing(root: root, name: name) else { return [] }
        return try turns(in: parent).withLock {
            var found: [(location: StoreLocation, writes: Int, lastWrite: Timestamp?)] = []
            var flaw: (any Error)?
            for location in try all(in: parent) {
                location.settleMove()
                do {
                    guard location.isLeft, !location.isMoving, try location.holder()?.isEmpty ?? false else { continue }
                    let store = try StoreDatabase.open(path: location.path, owner: "")
                    let (writes, last) = try store.read { (try $0.outbox.entryCount(), try $0.outbox.lastWrite) }
                    if writes > 0 { found.append((location, writes, last)) }
                } catch {
                    flaw = flaw ?? error
                }
            }
            if let flaw, found.isEmpty { throw flaw }
            return found
        }
    }

    private static func existing(root: String, name: String) -> String? {
        guard let real = realpath(root + "/" + name, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// Makes a left store the one that the next guest gets; a present guest's is left instead.
    package func resume() throws {
        try Self.turns(in: parent).withLock {
            guard isLeft, !isMoving, try holder()?.isEmpty ?? false else { return }
            for other in try Self.all(in: parent) where other != self && !other.isLeft {
                if try other.holder()?.isEmpty ?? false { try StoreFolder.write([], to: other.leftMark) }
            }
            removeLeftMark()
        }
    }

    /// Gives up what a guest has left.
    package func discardLeft() throws {
        try Self.turns(in: parent).withLock {
            guard isLeft, !isMoving, try holder()?.isEmpty ?? false else { return }
            try StoreDatabase.open(path: path, owner: "").write { try $0.ownership.wipe(losing: true) }
            try removeSetAside()
        }
    }

    // MARK: Into a user's store

    /// Moves a guest's store into the store of a user that lies beside it.
    ///
    /// - Returns: how many entries were moved.
    package func move(into target: StoreDatabase, at place: StoreLocation, by user: String) throws -> Int {
        guard parent.hasSameBytes(as: place.parent), self != place else {
            throw StoreError(.unusable("a guest's store can only be moved into a store with the same folder and name"))
        }
        return try Self.turns(in: parent).withLock {
            // Another process may have given it to somebody.
            guard try holder()?.isEmpty ?? false else { throw StoreError(.otherOwner) }
            let guest = try StoreDatabase.open(path: path, owner: "")
            if try guest.read({ try $0.moving == nil && $0.isPristine }) { return 0 }
            // Should this be cut short, the next to look goes on.
            try StoreFolder.write([], to: movingMark)
            let count = try GuestMove.run(from: guest, into: target, user: user)
            try endMove()
            return count
        }
    }

    /// Goes on with a move that was cut short. Where it can't be finished now, the store stays closed to guests, and the
    /// next opening tries again. Call it while it is this process's turn.
    func settleMove() {
        guard isMoving else { return }
        try? finishMove()
    }

    private func finishMove() throws {
        let guest = try StoreDatabase.open(path: path, owner: nil)
        if let user = try guest.read({ try $0.moving?.user }) {
            let target = try Self.all(in: parent).first { other in
                try other != self && other.holder()?.hasSameBytes(as: user) ?? false
            }
            if let target {
                let store = try StoreDatabase.open(path: target.path, owner: user)
                _ = try GuestMove.run(from: guest, into: store, user: user)
            } else {
                // The user's store was removed since: this one is theirs, with all that it has still.
                try guest.write { tx in
                    try tx.setMeta(MetaKey.moving, nil)
                    try tx.ownership.takeOver(by: user)
                }
            }
        }
        // A kill may have come between the store's change of hands and its label's.
        let owner = try guest.read { try $0.owner }
        try note(owner: owner)
        if !owner.isEmpty { removeLeftMark() }
        try endMove()
    }

    private func endMove() throws {
        guard unlink(movingMark) == 0 || errno == ENOENT else {
            throw StorageError(path: movingMark, reason: .cannotOpen(errno: errno))
        }
        try StoreFolder.sync(of: movingMark)
    }
}
