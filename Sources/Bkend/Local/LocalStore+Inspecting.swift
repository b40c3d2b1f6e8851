import BkendSync
import BkendWire
import Foundation

extension LocalStore {
    /// Opens a store that an app has in a folder, for a tool that looks into it, also while the app runs. It can't
    /// synchronise. Nothing is created, marked or migrated, so that the app finds everything as it was.
    ///
    /// - Parameter owner: the user's id, `""` for a guest; nil for the store that was opened last.
    /// - Throws: `StoreError`, with `unusable` where there is no such store.
    package static func inspecting(
        _ folder: String, name: String = "main", owner: String? = nil
    ) async throws(StoreError) -> LocalStore {
        let present = StoreLocation.present(root: folder, name: name)
        guard !present.isEmpty else { throw StoreError(.unusable("\(folder) has no local store named \(name)")) }
        let wanted = owner ?? StoreLocation.lastOwner(root: folder, name: name) ?? ""
        guard let (location, owner) = present.first(where: { $0.owner.hasSameBytes(as: wanted) }) else {
            throw StoreError(.unusable("\(folder) has no store of \(wanted.isEmpty ? "a guest" : "user \(wanted)")"))
        }
        return LocalStore(try await OpenStore.looking(at: location, owner: owner), userID: owner)
    }

    /// Whether some process synchronises the store at this moment.
    package var isLed: Bool {
        guard let path = open.leaderLockPath, FileManager.default.fileExists(atPath: path) else { return false }
        let lock = LeaderLock(path: path)
        // The lock is free again at once: a process that wants to lead asks again in a moment.
        defer { lock.release() }
        return !((try? lock.take()) ?? true)
    }

    /// The tables that the store holds anything of.
    package func tables() async throws(StoreError) -> [String] { try await open.read { try $0.tables } }
}
