public import BkendSync

extension Outbox {
    /// The counts now, and again after each change of the outbox or the reports, whatever caused it. A slow reader gets
    /// the newest counts. The sequence ends when the store is closed or the task is cancelled.
    ///
    /// ```swift
    /// for try await counts in store.outbox.changes { failed = counts.failed }
    /// ```
    public var changes: ResultSequence<OutboxCounts, StoreError> { ResultSequence(OutboxChanges(store: store)) }
}

/// The outbox as it changes; see `Outbox.changes`.
struct OutboxChanges: AsyncSequence, Sendable {
    /// The counts after a change. They can be the same if an entry was edited.
    typealias Element = OutboxCounts
    /// The error that ends the sequence early.
    typealias Failure = StoreError

    let store: LocalStore

    /// Each iterator is an independent reader.
    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(store: store) }

    /// Returns the counts after each change.
    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let store: LocalStore
        private var signals: SignalObservation?
        private var version: Int64?
        /// It can't be watched, which is told once.
        private var isEnded = false

        fileprivate init(store: LocalStore) { self.store = store }

        /// The counts after the next change; nil at the end.
        mutating func next() async throws(StoreError) -> OutboxCounts? { try await next(isolation: #isolation) }

        /// The counts after the next change; nil at the end.
        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(StoreError) -> OutboxCounts? {
            if isEnded { return nil }
            do throws(StoreError) {
                if let signals {
                    guard await signals.next() else { return nil }
                } else {
                    isEnded = true
                    signals = try await store.open.watch(.outbox)
                    isEnded = false
                }
                while let signals {
                    let (counts, now) = try await store.open.read { (try OutboxCounts($0), try $0.outboxVersion) }
                    if version != now {
                        version = now
                        return counts
                    }
                    guard await signals.next() else { return nil }
                }
                return nil
            } catch {
                if error.reason == .closed { return nil }
                throw error
            }
        }
    }
}
