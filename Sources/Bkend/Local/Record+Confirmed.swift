public import BkendSync

extension Record {
    /// Waits until the server has confirmed all writes of this record.
    ///
    /// ```swift
    /// let confirmed = try await notes.create(Note(text: "Ordered")).confirmed()
    /// ```
    ///
    /// For a record that was read from the server, it returns at once. Without a network, it waits until there is one;
    /// cancel the task to stop waiting.
    ///
    /// - Returns: the record as it is then, with the server's id.
    /// - Throws: `StoreError`: `rejected` with the server's reason, `discarded` if the record was discarded or deleted,
    ///   `unresolved` if it is unknown whether the server has it, `cancelled`, `closed`.
    public func confirmed() async throws(StoreError) -> Record {
        guard let origin = origin as? LocalOrigin else { return self }
        let reader = RecordReader<Model>(table: origin.table, store: origin.store)
        // Watched before it is looked at, so that nothing falls between the two.
        let changes = try await origin.store.open.watch(.table(origin.table))
        while true {
            let id = id
            let word = try await origin.store.open.read { try reader.word(on: id, in: $0) }
            if let word { return word }
            guard await changes.next() else { throw StoreError(Task.isCancelled ? .cancelled : .closed) }
        }
    }
}

extension RecordReader {
    /// The record once the server has all its writes; nil while one waits.
    fileprivate func word(on id: String, in snapshot: StoreSnapshot) throws -> Record<Model>? {
        switch try snapshot.documents.syncState(table, id) {
        case .pending: return nil
        case .failed(let failure): throw StoreError(.rejected(failure), table: table, record: id)
        case .unresolved: throw StoreError(.unresolved, table: table, record: id)
        case .synced:
            guard let record = try record(id, in: snapshot) else {
                throw StoreError(.discarded, table: table, record: id)
            }
            return record
        }
    }
}
