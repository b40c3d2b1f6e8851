public import BkendSync
public import BkendWire

extension LocalStore {
    /// The writes that aren't on the server yet.
    public var outbox: Outbox { Outbox(store: self) }
}

/// A local store's writes that the server hasn't confirmed yet. You can inspect, edit, retry and discard them.
///
/// ```swift
/// for entry in try await store.outbox.deadLetters() {
///     print(entry.table, entry.record, entry.failure?.message ?? "", entry.advice ?? "")
///     try await store.outbox.edit(entry.id, set: ["title": "Mended"])
///     try await store.outbox.retry(entry.id)
/// }
/// ```
///
/// Each call throws `StoreError`; `noSuchEntry` also for an entry that has completed in the meantime.
public struct Outbox: Sendable {
    let store: LocalStore

    /// The entries in the order in which they were made: of all tables or one table, in any state or one state.
    public func entries(
        in state: OutboxEntry.State? = nil, table: String? = nil
    ) async throws(StoreError) -> [OutboxEntry] {
        try await store.open.read { try $0.outbox.entries(table: table, state: state) }
    }

    /// The entries of one record, in order.
    public func entries(of id: String, table: String) async throws(StoreError) -> [OutboxEntry] {
        try await store.open.read { try $0.outbox.entries(of: table, id) }
    }

    /// The entries that the server rejected. `failure` has the reason, and `advice` says what to do. A dead letter
    /// stops only itself and the entries that depend on it.
    public func deadLetters() async throws(StoreError) -> [OutboxEntry] { try await entries(in: .failed) }

    /// An entry by its number, or nil if it no longer exists.
    public func entry(_ id: OutboxEntry.ID) async throws(StoreError) -> OutboxEntry? {
        try await store.open.read { try $0.outbox.entry(id) }
    }

    /// The number of entries, by state.
    public func counts() async throws(StoreError) -> OutboxCounts {
        try await store.open.read { try OutboxCounts($0) }
    }

    // MARK: Deciding

    /// Queues a dead letter or an unresolved create again. An update is sent without the fields that later writes have
    /// set.
    ///
    /// - Throws: `StoreError` if the entry refers to a discarded record, if its record is gone, or if it isn't stuck.
    public func retry(_ id: OutboxEntry.ID) async throws(StoreError) { try await change { try $0.decisions.retry(id) } }

    /// Discards an entry. For an update or delete, the record becomes what the server has. For a create, the record and
    /// its other entries are removed; entries of other records that refer to it become dead letters.
    ///
    /// - Throws: `StoreError` while the entry's request is in flight.
    @discardableResult
    public func discard(_ id: OutboxEntry.ID) async throws(StoreError) -> DiscardOutcome {
        try await change { try DiscardOutcome(discarding: id, in: $0) }
    }

    /// The effect that `discard` would have, without discarding.
    public func consequences(ofDiscarding id: OutboxEntry.ID) async throws(StoreError) -> DiscardOutcome {
        do {
            return try await store.open.write { transaction -> DiscardOutcome in
                throw Rehearsed(outcome: try DiscardOutcome(discarding: id, in: transaction))
            }
        } catch let rehearsed as Rehearsed {
            return rehearsed.outcome
        } catch {
            throw StoreError(error)
        }
    }

    /// Sets and removes fields of a dead letter, or of an entry that hasn't been sent at all. A dead letter stays a
    /// dead letter until you retry it.
    ///
    /// - Throws: `StoreError`
    public func edit(
        _ id: OutboxEntry.ID, set fields: JSONObject = [:], removing names: [String] = []
    ) async throws(StoreError) {
        try RecordFields.check(fields, table: "", record: "")
        try await change { try $0.decisions.edit(id, set: fields, removing: names) }
    }

    // MARK: Reports

    /// The reports of synchronisation that the app hasn't acknowledged, such as conflicts. Oldest first.
    public func reports() async throws(StoreError) -> [StoreReport] {
        try await store.open.read { try $0.reports.all().map { StoreReport($0) } }
    }

    /// Acknowledges a report. It isn't returned again.
    public func acknowledge(_ id: StoreReport.ID) async throws(StoreError) {
        try await change { try $0.reports.acknowledge(id) }
    }

    private func change<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) async throws(StoreError) -> Result {
        do { return try await store.open.write(body) } catch { throw StoreError(error) }
    }
}

/// Takes what a transaction found out of it, and the transaction back.
private struct Rehearsed: Error {
    var outcome: DiscardOutcome
}
