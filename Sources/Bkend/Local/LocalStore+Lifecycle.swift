public import BkendSync
public import BkendWire

extension LocalStore {
    // MARK: Owner

    /// Gives a guest's store to the user who has signed in since, with all its records and entries: they are sent as that
    /// user.
    ///
    /// - Throws: `StoreError`: `otherOwner` when nobody is signed in, the store is another user's, or the user has a store
    ///   of this name already: `takeOver(into:)` moves it there.
    public func takeOver() async throws(StoreError) {
        guard let user = try await sessions?.userHere() else { throw StoreError(.otherOwner) }
        try await open.takeOver(by: user)
        userID = user
        await synchroniser?.noteSession()
    }

    /// Empties the store: records, outbox, subscriptions, and the files of a damaged database that was set aside. It stays
    /// this user's, and open.
    ///
    /// - Parameter discardingOutbox: whether writes that the server doesn't have may be lost.
    /// - Throws: `StoreError`: `outboxNotEmpty` with their number unless they may.
    public func wipe(discardingOutbox: Bool = false) async throws(StoreError) {
        do {
            try await open.write { transaction in
                let owner = try transaction.owner
                try transaction.wipe(losing: discardingOutbox)
                try transaction.takeOver(by: owner)
            }
            try await open.removeSetAside()
        } catch {
            throw StoreError(error)
        }
    }

    // MARK: Size

    /// How many bytes the store's data takes up in its file. The file itself doesn't shrink: what becomes free is used
    /// again.
    public func usedBytes() async throws(StoreError) -> Int64 { try await open.read { try $0.usedBytes } }

    /// Lets go of records that no subscription and no entry holds until the store fits a size, the longest unchanged ones
    /// first.
    ///
    /// - Returns: how many records went. The store may still be larger, when all that is left is held.
    @discardableResult
    public func evict(toFit bytes: Int64) async throws(StoreError) -> Int {
        try await open.work { try $0.evict(toFit: bytes) }
    }

    // MARK: Health

    /// Whether the store's file is known to be sound. After a crash SQLite looks through it behind what the app does:
    /// `checking`.
    ///
    /// - Throws: `StoreError`
    public var health: StoreHealth { get throws(StoreError) { try open.core.database.health } }

    /// What opening the store had to do about a damaged file; nil for nothing. Records come back from the server; of
    /// the outbox it says how much was saved and lost.
    ///
    /// - Throws: `StoreError`
    public var damage: StoreDamage? { get throws(StoreError) { try open.core.database.damage } }

    /// The store's state for a report of a fault: counts, states, codes, sizes and settings. No value of a record, no id,
    /// no filter and no user stands in it; names of tables do.
    public func diagnostics() async throws(StoreError) -> JSONObject {
        let health = try health
        var json = try await open.read { try $0.diagnostics() }
        json["health"] =
            switch health {
            case .unsuspicious: "unsuspicious"
            case .checking: "checking"
            case .sound: "sound"
            case .unknown(let words): .string("unknown: \(words)")
            case .readOnly(let words): .string("readOnly: \(words)")
            case .damaged(let words): .string("damaged: \(words)")
            }
        return json
    }
}
