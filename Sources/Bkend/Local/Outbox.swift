public import BkendSync
public import BkendWire

extension LocalStore {
    /// The writes that the server doesn't have yet.
    public var outbox: Outbox { Outbox(store: self) }
}

/// The writes of a local store that wait for the server's word: to look at, to mend, to give up.
///
/// ```swift
/// for entry in try await store.outbox.deadLetters() {
///     print(entry.table, entry.record, entry.failure?.message ?? "", entry.advice ?? "")
///     try await store.outbox.edit(entry.id, set: ["title": "Mended"])
///     try await store.outbox.retry(entry.id)
/// }
/// ```
///
/// Each call throws `StoreError`; `noSuchEntry` also for an entry that was completed meanwhile.
public struct Outbox: Sendable {
    let store: LocalStore

    /// The entries in the order they were made: of all tables or one, in any state or one.
    public func entries(
        in state: OutboxEntry.State? = nil, table: String? = nil
    ) async throws(StoreError) -> [OutboxEntry] {
        try await store.open.read { try $0.entries(table: table, state: state) }
    }

    /// The entries of one record, in order.
    public func entries(of id: String, table: String) async throws(StoreError) -> [OutboxEntry] {
        try await store.open.read { try $0.entries(of: table, id) }
    }

    /// The entries that the server rejected: `failure` says why, `advice` what to do. Each stops only itself and what
    /// depends on it.
    public func deadLetters() async throws(StoreError) -> [OutboxEntry] { try await entries(in: .failed) }

    /// An entry, nil when there is none of that number any more.
    public func entry(_ id: OutboxEntry.ID) async throws(StoreError) -> OutboxEntry? {
        try await store.open.read { try $0.entry(id) }
    }

    /// How many entries there are.
    public func counts() async throws(StoreError) -> OutboxCounts {
        try await store.open.read { try OutboxCounts($0) }
    }

    // MARK: Deciding

    /// Queues a dead letter or an unresolved create again. An update goes out without the fields that later writes have
    /// set.
    ///
    /// - Throws: `StoreError`: it names a discarded record, its record is gone, or it isn't stuck.
    public func retry(_ id: OutboxEntry.ID) async throws(StoreError) { try await change { try $0.retry(id) } }

    /// Gives an entry up. An update or delete leaves the record as the server has it. A create takes its record along,
    /// with the record's other entries; entries of other records that name it become dead letters.
    ///
    /// - Throws: `StoreError` while its request is on the way.
    @discardableResult
    public func discard(_ id: OutboxEntry.ID) async throws(StoreError) -> DiscardOutcome {
        try await change { try DiscardOutcome(discarding: id, in: $0) }
    }

    /// What `discard` would do, without doing it.
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

    /// Sets fields of a dead letter, or of an entry that nothing has been sent of, and takes others out. A dead letter
    /// stays one: retry it.
    ///
    /// - Throws: `StoreError`
    public func edit(
        _ id: OutboxEntry.ID, set fields: JSONObject = [:], removing names: [String] = []
    ) async throws(StoreError) {
        try RecordFields.check(fields, table: "", record: "")
        try await change { try $0.edit(id, set: fields, removing: names) }
    }

    // MARK: Reports

    /// What synchronisation has to tell and the app has not acknowledged: conflicts, for example. Oldest first.
    public func reports() async throws(StoreError) -> [StoreReport] {
        try await store.open.read { try $0.reports().map { StoreReport($0) } }
    }

    /// Says that the app knows of a report; it isn't given again.
    public func acknowledge(_ id: StoreReport.ID) async throws(StoreError) {
        try await change { try $0.acknowledge(id) }
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
