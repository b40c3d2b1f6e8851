import BkendWire

extension OpenStore {
    /// Does what reads or writes a file's bytes, beside the store's own reads and writes: copying a film must hold up no
    /// record.
    ///
    /// - Throws: `StoreError`
    package func besides<Value: Sendable>(
        _ body: @escaping @Sendable (StoreDatabase) throws -> Value
    ) async throws(StoreError) -> Value {
        let core = try core
        return try await Self.elsewhere { try body(core.database) }
    }
}
