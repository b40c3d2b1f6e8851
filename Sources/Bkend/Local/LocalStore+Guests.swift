public import BkendSync
import BkendWire

extension LocalStore {
    /// Moves a guest's data into the signed-in user's store on this device: records, waiting writes, dead letters and
    /// reports, in their order. Ids that the guest was given keep working there.
    ///
    /// ```swift
    /// let store = try await client.openLocalStore(at: folder)
    /// try await guest.takeOver(into: store)
    /// await guest.close()
    /// ```
    ///
    /// Afterwards this store is empty, still belongs to a guest, and no longer synchronises. Writes that were in flight
    /// are looked up on the server before they are sent as the user. If the process is killed at any moment, nothing is
    /// lost or duplicated: opening either store again continues the move. Calling it again does nothing. Each store
    /// keeps its own subscriptions; records that the guest only read arrive through the user's subscriptions.
    ///
    /// - Parameter store: the signed-in user's store, with the same folder and name.
    /// - Returns: how many writes were moved.
    /// - Throws: `StoreError`: `otherOwner` if this isn't a guest's store, or the other isn't the signed-in user's. If
    ///   a disk fails during the move, this store accepts no more writes (`beingTakenOver`) until you call the method
    ///   again or open a store.
    @discardableResult
    public func takeOver(into store: LocalStore) async throws(StoreError) -> Int {
        let user = try await store.signedInOwner()
        guard try await open.read({ try $0.owner }).isEmpty else { throw StoreError(.otherOwner) }
        await synchroniser?.stop()
        let count = try await open.takeOver(into: store.open, by: user)
        await store.synchroniser?.catchUp()
        return count
    }

    /// Takes over a store that a guest left on this device; see `takeOver(into:)` and
    /// `BkendClient.leftGuestStores(at:name:)`.
    ///
    /// - Returns: how many writes were moved.
    /// - Throws: `StoreError`: `otherOwner` if this isn't the signed-in user's store.
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
