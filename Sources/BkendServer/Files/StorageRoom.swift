import BkendStorage
import BkendWire
import Synchronization

/// How many bytes the files of an environment and of each of its users may have.
struct StorageLimits: Sendable {
    /// Of all files, with what waits for its deletion; nil without a limit.
    var total: Int?
    /// Of the files of one user; nil without a limit. What waits for its deletion has as much again.
    var perUser: Int?
}

/// The bytes that files take: of an environment, or of one user.
struct StorageUsage: Equatable, Sendable {
    /// Of files, of uploads that aren't registered, and of parts.
    var used = 0
    /// Of what was deleted or replaced, and is kept for a day.
    var dropped = 0

    /// The same once some of what is used has been replaced.
    func replacing(_ bytes: Int) -> StorageUsage { StorageUsage(used: used - bytes, dropped: dropped + bytes) }
}

/// The bytes of PUTs under way, so that several at once can't pass a limit together.
///
/// They are counted from before the rows are read until after theirs is written: at no time are bytes counted by nobody.
/// For a moment both may count them.
final class StorageLedger: Sendable {
    private struct Arriving {
        var total = 0
        var users: [String: Int] = [:]
    }
    private let arriving = Mutex(Arriving())

    /// Counts bytes until the room is let go.
    func reserve(_ bytes: Int, for userID: String?) -> StorageRoom {
        arriving.withLock { arriving in
            arriving.total += bytes
            if let userID { arriving.users[userID, default: 0] += bytes }
            return StorageRoom(
                self, bytes: bytes, userID: userID, total: arriving.total,
                ofUser: userID.flatMap { arriving.users[$0] } ?? 0)
        }
    }

    fileprivate func release(_ room: StorageRoom) {
        arriving.withLock { arriving in
            arriving.total -= room.bytes
            guard let userID = room.userID, let bytes = arriving.users[userID] else { return }
            arriving.users[userID] = bytes > room.bytes ? bytes - room.bytes : nil
        }
    }
}

/// Room for the bytes of one PUT, as long as it is held.
final class StorageRoom: Sendable {
    private let ledger: StorageLedger
    fileprivate let bytes: Int
    fileprivate let userID: String?
    /// The bytes that arrive, with these and those that were reserved before.
    private let total: Int
    private let ofUser: Int

    fileprivate init(_ ledger: StorageLedger, bytes: Int, userID: String?, total: Int, ofUser: Int) {
        self.ledger = ledger
        self.bytes = bytes
        self.userID = userID
        self.total = total
        self.ofUser = ofUser
    }

    deinit { ledger.release(self) }

    /// Refuses bytes that don't fit.
    ///
    /// - Parameters:
    ///   - all: what the environment's files take.
    ///   - user: what the user's files take.
    /// - Throws: `UserStorageFull`, or `ErrorBody` with 507.
    func check(_ limits: StorageLimits, all: StorageUsage, user: StorageUsage) throws {
        if userID != nil, let most = limits.perUser {
            guard user.used + ofUser <= most else {
                throw UserStorageFull(
                    "your files have \(user.used) bytes, and may have \(most); delete some, or upload a smaller file",
                    details: [
                        .init(
                            field: "size", rule: "maximum", message: "size may be \(max(0, most - user.used)) at most")
                    ])
            }
            // Else whoever uploads and deletes in turn would fill the disk.
            guard user.used + user.dropped + ofUser - most <= most else {
                throw UserStorageFull(
                    "your deleted files have \(user.dropped) bytes, which are kept for a while; upload again later")
            }
        }
        if let most = limits.total, all.used + all.dropped + total > most {
            throw ErrorBody(.insufficientStorage, "the server has no room for more files; nothing was stored")
        }
    }
}

extension EnvironmentFiles {
    /// Room for bytes that are about to come; nil where there is no limit.
    ///
    /// - Parameter old: how many bytes they take the place of.
    /// - Throws: `UserStorageFull` or `ErrorBody`, both 507, when they don't fit.
    func room(for bytes: Int, replacing old: Int = 0, of userID: String?) async throws -> StorageRoom? {
        let limits = settings.storage
        guard limits.total != nil || limits.perUser != nil && userID != nil else { return nil }
        let room = ledger.reserve(bytes, for: userID)
        let (all, user) = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            (try FileStore.usage(session), try userID.map { try FileStore.usage(session, of: $0) } ?? StorageUsage())
        }
        do { try room.check(limits, all: all, user: user.replacing(old)) } catch {
            // What is due may be all that is in the way.
            tidySometimes()
            throw error
        }
        return room
    }
}
