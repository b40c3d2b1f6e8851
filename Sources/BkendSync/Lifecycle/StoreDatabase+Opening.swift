import BkendDocuments
import BkendWire
import Foundation
import GRDB

extension StoreDatabase {
    /// The store's mark in its file (`PRAGMA application_id`): "bksy".
    static let applicationID: Int32 = 0x626B_7379

    /// Opens or makes the store at a path, in a folder of mode 0700. Never touches the network.
    ///
    /// A damaged database is set aside and its outbox carried over into a new one: `damage` says so. While another
    /// process has it open that is refused (`StoreError.Reason.damagedWhileInUse`). A path that this process has open
    /// already gives the same store.
    ///
    /// - Parameters:
    ///   - owner: the user whose store it must be, "" for a guest; a new store becomes theirs. Nil takes anyone's.
    ///   - tellsDamage: whether whoever opens it tells the app of damage. If not, the next opening does.
    /// - Throws: `StoreError` for another user's or a later version's store, `StorageError` for a file that is no store.
    package static func open(
        path: String, owner: String?, environment: StoreEnvironment = .system, changeLimit: Int = 10_000,
        options: StorageOptions = StorageOptions(), tellsDamage: Bool = true
    ) throws -> StoreDatabase {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try StoreFolder.make(folder)
        // One name for every way of writing the path.
        let file = URL(fileURLWithPath: folder).resolvingSymlinksInPath().appendingPathComponent(
            URL(fileURLWithPath: path).lastPathComponent
        ).path
        let store = try StoreRegistry.shared.store(at: file) {
            try StoreOpening(path: file, environment: environment, changeLimit: changeLimit, options: options).run()
        }
        if let owner { try store.claim(owner) }
        if tellsDamage { store.noteDamageToBeTold() }
        return store
    }

    /// Makes a new store the user's; refuses another user's.
    private func claim(_ owner: String) throws {
        let isFree = try read { snapshot in
            let current = try snapshot.owner
            if current.hasSameBytes(as: owner) { return false }
            guard current.isEmpty, try snapshot.tables.isEmpty, try !snapshot.hasEntries() else {
                throw StoreError(.otherOwner)
            }
            return true
        }
        if isFree { try write { try $0.ownership.takeOver(by: owner) } }
    }
}
