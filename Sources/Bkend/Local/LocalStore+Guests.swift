public import BkendSync
import BkendWire

extension LocalStore {
    /// Moves what a guest wrote into the store that the user who has signed in since has on this device: records and
    /// writes that wait, dead letters and reports, in their order. Ids that the guest was given go on working there.
    ///
    /// ```swift
    /// let store = try await client.openLocalStore(at: folder)
    /// try await guest.takeOver(into: store)
    /// await guest.close()
    /// ```
    ///
    /// Afterwards this store is empty and still a guest's; its synchronisation has ended. What was on its way is looked up
    /// before it is sent as the user. A kill at any moment loses nothing and doubles nothing: the next opening of one of
    /// the two goes on. Called again it does nothing. Subscriptions are each store's own, and records that the guest only
    /// read come with them.
    ///
    /// - Parameter store: the store of the user who is signed in, of the same folder and name.
    /// - Returns: how many writes were moved.
    /// - Throws: `StoreError`: `otherOwner` where this isn't a guest's store, or the other isn't the signed-in user's. Where
    ///   a disk fails in the middle this store takes no more writes (`beingTakenOver`) until it is called again or a store
    ///   is opened.
    @discardableResult
    public func takeOver(into store: LocalStore) async throws(StoreError) -> Int {
        let user = try await store.signedInOwner()
        guard try await open.read({ try $0.owner }).isEmpty else { throw StoreError(.otherOwner) }
        await synchroniser?.stop()
        let count = try await open.takeOver(into: store.open, by: user)
        await store.synchroniser?.catchUp()
        return count
    }

    /// Takes in what a guest has left on this device; see `takeOver(into:)` and `BkendClient.leftGuestStores(at:name:)`.
    ///
    /// - Returns: how many writes were moved.
    /// - Throws: `StoreError`: `otherOwner` where this isn't the signed-in user's store.
    @discardableResult
    public func takeOver(_ left: LeftGuestStore) async throws(StoreError) -> Int {
        let count = try await open.takeOver(left.location, by: try await signedInOwner())
        await synchroniser?.catchUp()
        return count
    }

    /// The user whose store this is and who is signed in.
    private func signedInOwner() async throws(StoreError) -> String {
        guard let user = try await sessions?.userHere(), user.hasSameBytes(as: try await open.read { try $0.owner })
        else { throw StoreError(.otherOwner) }
        return user
    }
}
