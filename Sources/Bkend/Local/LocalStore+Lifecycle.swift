public import BkendSync
public import BkendWire

extension LocalStore {
    // MARK: Owner

    /// Gives a guest's store to the signed-in user, with all its records and entries. The entries are sent as that
    /// user.
    ///
    /// ```swift
    /// let guest = try await client.openLocalStore(at: folder)
    /// try await guest.table(Note.self).create(Note(text: "Before there was an account"))
    /// try await client.accounts.signUp(email: email, password: password)
    /// try await guest.takeOver()
    /// ```
    ///
    /// - Throws: `StoreError`: `otherOwner` if nobody is signed in, if the store belongs to another user, or if the
    ///   user already has a store of this name; use `takeOver(into:)` then.
    public func takeOver() async throws(StoreError) {
        guard let user = try await sessions?.userHere() else { throw StoreError(.otherOwner) }
        try await open.takeOver(by: user)
        userID = user
        await synchroniser?.noteSession()
    }

    /// Empties the store: records, outbox, subscriptions, and the files of a damaged database that was set aside. The
    /// store stays open and keeps its owner.
    ///
    /// ```swift
    /// let left = try await store.outbox.counts().total
    /// if left == 0 || isSure("\(left) changes are lost") { try await store.wipe(discardingOutbox: true) }
    /// ```
    ///
    /// - Parameter discardingOutbox: whether to discard writes that aren't on the server yet.
    /// - Throws: `StoreError`: `outboxNotEmpty` with the number of such writes, unless they are to be discarded.
    public func wipe(discardingOutbox: Bool = false) async throws(StoreError) {
        do {
            try await open.write { transaction in
                let owner = try transaction.owner
                try transaction.ownership.wipe(losing: discardingOutbox)
                try transaction.ownership.takeOver(by: owner)
            }
            try await open.removeSetAside()
        } catch {
            throw StoreError(error)
        }
    }

    // MARK: Size

    /// The number of bytes that the store's data uses in its file. The file doesn't shrink; free space is reused.
    public func usedBytes() async throws(StoreError) -> Int64 { try await open.read { try $0.usedBytes } }

    /// Removes records that no subscription and no entry holds until the store fits a size, starting with those
    /// unchanged for the longest time.
    ///
    /// ```swift
    /// if try await store.usedBytes() > 200 << 20 { try await store.evict(toFit: 150 << 20) }
    /// ```
    ///
    /// - Returns: the number of removed records. The store may still be larger if the remaining records are held.
    @discardableResult
    public func evict(toFit bytes: Int64) async throws(StoreError) -> Int {
        try await open.work { try $0.evict(toFit: bytes) }
    }

    // MARK: Health

    /// Whether the store's file is known to be intact. After a crash, SQLite checks it in the background; the value is
    /// `checking` meanwhile.
    ///
    /// - Throws: `StoreError`
    public var health: StoreHealth { get throws(StoreError) { try open.core.database.health } }

    /// The damage that was found when the store was opened, or nil. Records come back from the server; the value says
    /// how much of the outbox was saved and lost.
    ///
    /// - Throws: `StoreError`
    public var damage: StoreDamage? { get throws(StoreError) { try open.core.database.damage } }

    /// The store's state for a bug report: counts, states, codes, sizes, settings and table names. It contains no
    /// record values, ids, filters or users.
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
