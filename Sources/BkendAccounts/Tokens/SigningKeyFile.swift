import BkendWire
import Foundation

/// The signing keys of a server, in one file of its data folder (mode 0600), made on first start.
///
///     {"keys":[{"id":"…","secret":"…","createdAt":"…"},{…,"verifiesUntil":"…"}]}
///
/// Any process may rotate the keys while a server runs; the server sees that the file is another one.
package struct SigningKeyFile: SigningKeyStorage {
    private let folder: PrivateFolder
    private let name: String
    private let random: RandomBytes

    /// The file's name in the data folder.
    package static let defaultName = "signing-keys.json"

    /// The file in a folder, made when it isn't there. Of two processes that make it at once, both use the first's.
    ///
    /// - Throws: `AccountsFailure` when it can't be made or read, is damaged, or others may read it.
    package init(
        in folder: String, name: String = defaultName, now: Timestamp, random: RandomBytes = .system
    ) throws {
        self.folder = try PrivateFolder(folder)
        self.name = name
        self.random = random
        if try self.folder.read(name) == nil {
            let keys = [SigningKey(random: random, now: now)]
            _ = try self.folder.create(name, with: Self.text(keys), draft: draft())
        }
        _ = try load()
    }

    /// Makes a new key that signs from now on. The old ones verify until their last tokens have expired.
    ///
    /// - Parameter overlap: seconds that old keys go on verifying: the life of an access token as a rule; 0 refuses at
    ///   once every token issued so far (a key has leaked), and clients refresh.
    package func rotate(now: Timestamp, overlap: Int) throws {
        try folder.withLock(name + ".lock") {
            // A server may sign with the old key for a moment more, until it looks at the file.
            let until = Timestamp(clamping: now.milliseconds + (overlap > 0 ? Int64(overlap + 60) * 1_000 : 0))
            var keys = try load()
            for index in keys.indices {
                keys[index].verifiesUntil = min(keys[index].verifiesUntil ?? until, until)
            }
            keys.removeAll { !$0.isAlive(at: now) }
            keys.insert(SigningKey(random: random, now: now), at: 0)
            try folder.replace(name, with: Self.text(keys), draft: draft())
        }
    }

    /// The keys, the one that signs first.
    package func load() throws -> [SigningKey] {
        let path = "\(folder.path)/\(name)"
        guard let bytes = try folder.read(name) else { throw AccountsFailure("\(path) is gone") }
        guard let values = (try? JSON(parsing: bytes))?["keys"]?.arrayValue else { throw Self.damaged(path) }
        let keys = values.compactMap(SigningKey.init)
        guard keys.count == values.count, keys.first?.verifiesUntil == nil, !keys.isEmpty,
            Set(keys.map(\.id)).count == keys.count
        else { throw Self.damaged(path) }
        return keys
    }

    /// Which file it is now, nil when there is none. Each rotation makes another.
    package func stamp() -> SigningKeyStamp? {
        var info = stat()
        guard lstat("\(folder.path)/\(name)", &info) == 0 else { return nil }
        #if canImport(Darwin)
        let changed = info.st_ctimespec
        #else
        let changed = info.st_ctim
        #endif
        return SigningKeyStamp(UInt64(info.st_ino), Int64(changed.tv_sec), Int64(changed.tv_nsec))
    }

    private func draft() -> String { "\(name).\(random.uuid())" }

    private static func text(_ keys: [SigningKey]) -> [UInt8] {
        (["keys": .array(keys.map(\.json))] as JSON).serialized() + [0x0A]
    }

    private static func damaged(_ path: String) -> AccountsFailure {
        AccountsFailure(
            "\(path) is damaged: restore it from a backup, or move it away for a new key (apps then refresh)"
        )
    }
}
