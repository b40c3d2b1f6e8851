import BkendDocuments
import BkendWire
import Foundation

/// Where the store of a user lies: `<root>/<name>/<number>/store.sqlite`, with the user's id in a file `owner` beside it.
///
/// Nobody's records are ever in another's file. The number, not the id, names the folder: a guest's store stays where it
/// is when a user takes it over, and an id may hold what no file name can.
package struct StoreLocation: Hashable, Sendable {
    /// The store's own folder.
    package let folder: String

    /// The database's path.
    package var path: String { folder + "/" + Self.fileName }
    /// Where writers of other processes are seen.
    package var lock: ChangeFeed.Lock { ChangeFeed.Lock(folder: folder, name: Self.fileName + ".lock") }

    private static let fileName = "store.sqlite"

    /// Finds the folder of a user's store, or makes it, for this user of the system alone (mode 0700).
    ///
    /// - Parameters:
    ///   - root: the app's folder.
    ///   - name: the app's name for the store: 1 to 64 of `A`–`Z`, `a`–`z`, `0`–`9`, `_` and `-`.
    ///   - owner: the user's id, "" for a guest.
    /// - Throws: `StoreError` for an impossible name, or a folder that can't be made.
    package static func find(root: String, name: String, owner: String) throws(StoreError) -> StoreLocation {
        guard isPlain(name) else {
            let flaw = "is no name for a store: use up to 64 letters, digits, _ and -"
            throw StoreError(.storage("\(JSON.string(name)) \(flaw)"))
        }
        do {
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            guard let real = realpath(root, nil) else {
                throw StorageError(path: root, reason: .cannotOpen(errno: errno))
            }
            defer { free(real) }
            let folder = String(cString: real) + "/" + name
            try make(folder)
            // Of two processes that come at once, one makes the store and the other finds it.
            return try turns(in: folder).withLock { try find(in: folder, owner: owner) }
        } catch {
            throw StoreError(error)
        }
    }

    private static func find(in folder: String, owner: String) throws -> StoreLocation {
        var number = 1
        while true {
            let location = StoreLocation(folder: folder + "/\(number)")
            guard FileManager.default.fileExists(atPath: location.folder) else {
                try make(location.folder)
                try location.note(owner: owner)
                return location
            }
            try location.settleTakeOver()
            // A folder whose making was cut short has no owner yet.
            if location.owner == nil { try location.note(owner: owner) }
            if location.owner?.hasSameBytes(as: owner) == true { return location }
            number += 1
        }
    }

    /// Gives the folder to a user while `body` gives them the store in it.
    ///
    /// - Throws: `StoreError.Reason.otherOwner` when the user has a store of this name already.
    func takeOver(by user: String, _ body: () throws -> Void) throws {
        let parent = URL(filePath: folder).deletingLastPathComponent().path
        try Self.turns(in: parent).withLock {
            for other in try FileManager.default.contentsOfDirectory(atPath: parent) {
                let location = StoreLocation(folder: parent + "/" + other)
                guard location != self, let owner = location.owner else { continue }
                if owner.hasSameBytes(as: user) { throw StoreError(.otherOwner) }
            }
            // Should this be cut short, the next to look finds out whose the store is.
            try Data().write(to: intention)
            try body()
            try settle(owner: user)
        }
    }

    private static func turns(in folder: String) -> FileLock { FileLock(database: folder + "/stores") }

    /// Whose store the folder holds.
    private var owner: String? { try? String(contentsOfFile: folder + "/owner", encoding: .utf8) }

    private var intention: URL { URL(filePath: folder + "/taking-over") }

    private func note(owner: String) throws {
        try Data(owner.utf8).write(to: URL(filePath: folder + "/owner"), options: .atomic)
    }

    private func settle(owner: String) throws {
        try note(owner: owner)
        try FileManager.default.removeItem(at: intention)
    }

    /// Finishes what a process left that ended while it took a store over.
    private func settleTakeOver() throws {
        guard FileManager.default.fileExists(atPath: intention.path) else { return }
        let store = try StoreDatabase.open(path: path, owner: nil)
        try settle(owner: try store.read { try $0.owner })
    }

    private static func make(_ folder: String) throws {
        if mkdir(folder, 0o700) == 0 { return }
        guard errno == EEXIST else { throw StorageError(path: folder, reason: .cannotOpen(errno: errno)) }
        guard chmod(folder, 0o700) == 0 else { throw StorageError(path: folder, reason: .cannotOpen(errno: errno)) }
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
                default: false
                }
            }
    }
}
