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
            let flaw = "isn't a valid store name; use 1 to 64 letters, digits, _ and -"
            throw StoreError(.unusable("\(JSON.string(name)) \(flaw)"))
        }
        do {
            try checkLength(of: root, name)
            let real = try made(root)
            let folder = real + "/" + name
            try checkLength(of: real, name)
            try make(folder)
            // Of two processes that come at once, one makes the store and the other finds it.
            return try found(in: folder, owner: owner)
        } catch {
            throw StoreError(error)
        }
    }

    private static func found(in folder: String, owner: String) throws -> StoreLocation {
        func find() throws -> StoreLocation {
            let location = try Self.find(in: folder, owner: owner)
            if !owner.isEmpty { leaveGuests(in: folder) }
            return location
        }
        do {
            if let location = try turns(in: folder).withLock(within: StoreOpening.patience, find) { return location }
        } catch let error where StorageError.saysUnwritable(error) {
            // To look for a store that is there nothing needs to be written.
            if let location = present(in: folder, owner: owner) { return location }
            throw error
        }
        // Whose turn it is doesn't go on. A store that is there is as its label says.
        if let location = present(in: folder, owner: owner) { return location }
        return try turns(in: folder).withLock(find)
    }

    /// The folder that bears a user's label, as it is.
    private static func present(in folder: String, owner: String) -> StoreLocation? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return numbers(in: names).map { StoreLocation(folder: folder + "/\($0)") }.first { location in
            guard !FileManager.default.fileExists(atPath: location.intention),
                let bytes = try? Data(contentsOf: URL(filePath: location.label)),
                String(validating: bytes, as: UTF8.self)?.hasSameBytes(as: owner) ?? false
            else { return false }
            return !owner.isEmpty || !location.isLeft && !location.isMoving
        }
    }

    /// The app's folder by its real name, made where it is missing. Foundation isn't asked about one that is there: where
    /// every look fails it looks for parents without end.
    private static func made(_ root: String) throws -> String {
        var missing = false
        while true {
            if let real = realpath(root, nil) {
                defer { free(real) }
                return String(cString: real)
            }
            guard errno == ENOENT, !missing else { throw StorageError(path: root, reason: .cannotOpen(errno: errno)) }
            missing = true
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        }
    }

    /// SQLite opens no database whose path is longer, `-journal` included (MAX_PATHNAME in its os_unix.c), and says no
    /// more of it than "unable to open database file".
    private static let longestPath = 512

    private static func checkLength(of root: String, _ name: String) throws(StoreError) {
        // The number of a store may have five digits.
        let longest =
            root.utf8.count + name.utf8.count + "//00000/".utf8.count + fileName.utf8.count + "-journal".utf8.count
        if longest <= longestPath { return }
        let most = longestPath - (longest - root.utf8.count)
        throw StoreError(
            .unusable(
                "the folder's path has \(root.utf8.count) bytes; SQLite accepts at most \(most) for this store's name")
        )
    }

    /// The numbers of stores among the names in a folder, in order.
    static func numbers(in names: [String]) -> [Int] {
        names.compactMap { name in Int(name).flatMap { $0 > 0 && String($0) == name ? $0 : nil } }.sorted()
    }

    /// Looks at every folder before it takes a new one: one that was removed leaves a gap in the numbers.
    private static func find(in folder: String, owner: String) throws -> StoreLocation {
        let taken = numbers(in: try FileManager.default.contentsOfDirectory(atPath: folder))
        var unfinished: StoreLocation?
        var doubt: (any Error)?
        let locations = taken.map { StoreLocation(folder: folder + "/\($0)") }.filter(\.isFolder)
        // Before any: a user's store that is found first is one of the two that a move is about.
        for location in locations { location.settleMove() }
        for location in locations {
            do {
                try location.settleTakeOver()
                guard let holder = try location.holder() else {
                    unfinished = unfinished ?? location
                    continue
                }
                // What another guest has left is nobody's without the app's word.
                if holder.isEmpty, owner.isEmpty, location.isLeft || location.isMoving { continue }
                if holder.hasSameBytes(as: owner) { return location }
            } catch {
                doubt = doubt ?? error
            }
        }
        // A folder of which nobody can say whose it is may be this user's: with a new one they would have two.
        if let doubt { throw doubt }
        if let unfinished {
            try unfinished.take(for: owner)
            return unfinished
        }
        if owner.isEmpty, let emptied = try Self.emptied(in: folder) { return emptied }
        let free = (1...taken.count + 1).first { !taken.contains($0) } ?? taken.count + 1
        let location = StoreLocation(folder: folder + "/\(free)")
        try make(location.folder)
        try location.take(for: owner)
        return location
    }

    /// Notes whose the folder is, and makes the names on the way to it last over a power cut.
    private func take(for owner: String) throws {
        try note(owner: owner)
        try StoreFolder.sync(of: folder)
        let parent = URL(filePath: folder).deletingLastPathComponent().path
        // Of the folders above, the app's own may be one that only the system can open.
        try? StoreFolder.sync(of: parent)
        try? StoreFolder.sync(of: URL(filePath: parent).deletingLastPathComponent().path)
    }

    /// Gives the folder to a user while `body` gives them the store in it.
    ///
    /// - Throws: `StoreError.Reason.otherOwner` when the user has a store of this name already.
    func takeOver(by user: String, _ body: () throws -> Void) throws {
        let parent = URL(filePath: folder).deletingLastPathComponent().path
        try Self.turns(in: parent).withLock {
            for location in try Self.all(in: parent) where location != self {
                guard let holder = try location.holder() else { continue }
                if holder.hasSameBytes(as: user) { throw StoreError(.otherOwner) }
            }
            // Should this be cut short, the next to look finds out whose the store is.
            try StoreFolder.write([], to: intention)
            try body()
            try settle(owner: user)
            removeLeftMark()
        }
    }

    /// Removes the damaged files that openings have set aside: they hold records too.
    func removeSetAside() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix(Self.fileName + ".damaged-") {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
        let aside = "\(folder)/\(FileFolder.folderName)/\(FileFolder.asideName)"
        if FileManager.default.fileExists(atPath: aside) { try FileManager.default.removeItem(atPath: aside) }
    }

    static func turns(in folder: String) -> FileLock { FileLock(database: folder + "/stores") }

    /// Whose store the folder holds: what its label says or, where that is gone or can't be read, the database. Nil for a
    /// folder whose making was cut short: it has neither.
    ///
    /// - Throws: `StoreError` when neither can say it: the folder is left as it is.
    func holder() throws -> String? {
        if let bytes = try? Data(contentsOf: URL(filePath: label)), let owner = String(validating: bytes, as: UTF8.self)
        {
            return owner
        }
        do {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            if !files.contains(where: { $0.hasPrefix(Self.fileName) }) { return nil }
            let owner = try StoreDatabase.open(path: path, owner: nil).read { try $0.owner }
            try note(owner: owner)
            return owner
        } catch {
            let flaw =
                "can't determine the owner of the store in \(folder): its file \"owner\" and its database can't be read"
            let advice = "restore that file, which holds the user's id, or move the folder away"
            throw StoreError(.unusable("\(flaw) (\(StoreError(error))); \(advice)"))
        }
    }

    var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) && isFolder.boolValue
    }

    var label: String { folder + "/owner" }

    var intention: String { folder + "/taking-over" }

    func note(owner: String) throws { try StoreFolder.write(Array(owner.utf8), to: label) }

    private func settle(owner: String) throws {
        try note(owner: owner)
        try FileManager.default.removeItem(atPath: intention)
        try StoreFolder.sync(of: intention)
    }

    /// Finishes what a process left that ended while it took a store over.
    private func settleTakeOver() throws {
        guard FileManager.default.fileExists(atPath: intention) else { return }
        let store = try StoreDatabase.open(path: path, owner: nil)
        try settle(owner: try store.read { try $0.owner })
    }

    private static func make(_ folder: String) throws {
        if mkdir(folder, 0o700) == 0 { return }
        guard errno == EEXIST else { throw StorageError(path: folder, reason: .cannotOpen(errno: errno)) }
        var status = stat()
        if stat(folder, &status) == 0, status.st_mode & 0o777 == 0o700 { return }
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
