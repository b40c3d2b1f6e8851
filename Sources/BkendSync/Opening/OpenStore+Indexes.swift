extension OpenStore {
    /// Fills every index that isn't whole, part by part: other writes, and those of other processes, come between. Several
    /// may do so at the same time; each part is done once.
    ///
    /// - Throws: `StoreError`; `cancelled` with the task. What was filled stays, and the next call goes on there.
    package func fillIndexes() async throws(StoreError) {
        var isOpen = true
        while isOpen {
            if Task.isCancelled { throw StoreError(.cancelled) }
            do { isOpen = try await write { try $0.indexes.fill() } } catch { throw StoreError(error) }
        }
    }
}
