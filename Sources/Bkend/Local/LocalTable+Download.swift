import BkendSync

extension LocalTable {
    /// Reads one record from the server into the store, for example one that a link names, and returns it. Synchronisation
    /// needn't run.
    ///
    /// ```swift
    /// let note = try await notes.download(id)
    /// ```
    ///
    /// Local changes that wait for the server stay. The store doesn't keep the record current afterwards, and may let go of
    /// it: with `evict`, or once the server has confirmed a change of it. To keep it, subscribe to it:
    ///
    /// ```swift
    /// try await store.subscribe(to: notes.where { $0.id == id })
    /// ```
    ///
    /// - Returns: the record as it is on this device now. If it hasn't been sent to the server yet, nothing is asked.
    /// - Throws: `BkendError` if the server can't be asked, with the code `notFound` if it has no such record;
    ///   `StoreError`, with `otherOwner` if the store's user isn't signed in.
    @discardableResult
    public func download(_ id: String) async throws -> Record<Model> {
        guard let synchroniser = store.synchroniser else {
            throw StoreError(.session("the store was opened without a client"))
        }
        try await synchroniser.download(id, from: name)
        guard let record = try await get(id) else { throw StoreError(.discarded, table: name, record: id) }
        return record
    }
}
