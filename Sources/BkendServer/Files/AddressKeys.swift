import BkendAccounts
import BkendWire
import Synchronization

/// The keys that addresses are signed with, in a file of their own (`file-keys.json`), so that they can be replaced without
/// signing anybody out. They are held in memory and read again when the file is another one.
final class AddressKeys: Sendable {
    private struct Held: Sendable {
        var stamp: SigningKeyStamp?
        var keys: [SigningKey]
    }

    /// The file's name in the data folder.
    static let fileName = "file-keys.json"

    private let file: SigningKeyFile
    private let held = Mutex<Held?>(nil)

    /// The keys of a data folder, made when there are none.
    ///
    /// - Throws: `AccountsFailure` when they can't be made or read.
    init(in folder: String, now: Timestamp) throws {
        file = try SigningKeyFile(in: folder, name: Self.fileName, now: now)
    }

    /// The key that signs now.
    func signing() async throws -> AddressKey {
        // The file holds one at least, the one that signs first.
        guard let key = try await current().first else { throw OperatorError("\(Self.fileName) holds no key") }
        return AddressKey(id: key.id, secret: key.secret)
    }

    /// The keys whose addresses are good at that moment.
    func verifying(at now: Timestamp) async throws -> [AddressKey] {
        try await current().filter { $0.verifiesUntil.map { now < $0 } ?? true }
            .map { AddressKey(id: $0.id, secret: $0.secret) }
    }

    private func current() async throws -> [SigningKey] {
        // The stamp is taken before the keys are read: a change in between only makes the next request read again.
        let stamp = file.stamp()
        if let held = held.withLock({ $0 }), held.stamp == stamp, stamp != nil { return held.keys }
        let keys = try file.load()
        held.withLock { $0 = Held(stamp: stamp, keys: keys) }
        return keys
    }
}
