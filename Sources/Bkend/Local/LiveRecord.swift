import BkendSync
import BkendWire

extension LocalTable {
    /// A record now, and again whenever it changes; nil while it isn't on this device.
    ///
    /// ```swift
    /// for try await note in notes.live(id) { show(note?.text ?? "deleted") }
    /// ```
    ///
    /// The id may be a local one: the sequence follows the record when the server gives it another id. It ends and
    /// throws as ``LocalQueryable/liveFirst()`` does.
    public func live(_ id: String) -> ResultSequence<Record<Model>?, StoreError> {
        query.narrowed(.condition(Condition(SystemField.id.rawValue, .equals(.string(id))))).liveFirst()
    }
}

extension LocalQueryable {
    /// The first record now, and again whenever it changes or another one is first; nil while there is none.
    ///
    /// ```swift
    /// for try await newest in notes.order(by: \.createdAt, .descending).liveFirst() { show(newest?.text ?? "") }
    /// ```
    ///
    /// A record that doesn't fit the model, or a failure of the store, throws. The iterator's next call waits for the
    /// next change. The sequence ends when the store is closed or the task is cancelled.
    public func liveFirst() -> ResultSequence<Record<Model>?, StoreError> {
        ResultSequence(LiveFirst(query: query.limitedToOne))
    }
}

/// The first record of a query as it changes; see `LocalQueryable.liveFirst()`.
struct LiveFirst<Model: RecordModel>: AsyncSequence, Sendable {
    typealias Element = Record<Model>?
    typealias Failure = StoreError

    let query: LocalQuery<Model>

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(snapshots: LiveQuery(query: query).makeAsyncIterator(), table: query.table)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var snapshots: LiveQuery<Model>.AsyncIterator
        fileprivate let table: String
        /// Whether the next record is news even if the snapshot shows no change: nothing or an error was told last.
        private var isNews = true

        fileprivate init(snapshots: LiveQuery<Model>.AsyncIterator, table: String) {
            self.snapshots = snapshots
            self.table = table
        }

        mutating func next() async throws(StoreError) -> Record<Model>?? { try await next(isolation: #isolation) }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> Record<Model>?? {
            while let snapshot = await snapshots.next(isolation: actor) {
                if let error = snapshot.error ?? snapshot.undecodable.first.map({ StoreError($0, table: table) }) {
                    isNews = true
                    throw error
                }
                // A snapshot also tells whether the result is complete, which is no other record.
                guard isNews || !snapshot.changes.isEmpty else { continue }
                isNews = false
                return .some(snapshot.records.first)
            }
            return nil
        }
    }
}
