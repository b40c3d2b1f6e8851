import BkendSync
import BkendWire

extension LocalQueryable {
    /// The query's answer now, and again whenever it changes, by whomever: this program, another process with the same
    /// store, or the server's word.
    ///
    /// ```swift
    /// for await snapshot in articles.order(by: \.title).limit(20).live() { render(snapshot) }
    /// ```
    ///
    /// The first snapshot comes at once. A change outside the answer costs nothing here: the query doesn't run. A reader
    /// who is slow gets the newest answer, not all between, and each snapshot's changes are those since the last one
    /// that this reader got. A record whose local id becomes the server's is told once, as updated. The sequence ends
    /// when the store is closed or the task is cancelled; ending the loop frees what it held.
    public func live() -> LiveQuery<Model> { LiveQuery(query: localQuery) }
}

/// A query's answers as they change; see `LocalQueryable.live()`.
public struct LiveQuery<Model: RecordModel>: AsyncSequence, Sendable {
    /// One answer.
    public typealias Element = Snapshot<Model>
    /// It doesn't fail: what goes wrong stands in the snapshot.
    public typealias Failure = Never

    let query: LocalQuery<Model>

    /// Begins to observe. Each iterator is a reader of its own.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(query) }

    /// Gives one answer after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private enum Source {
            case observing(QueryObservation)
            /// It can't be observed: told once.
            case failed(StoreError)
            case ended
        }

        private var source: Source
        private var builder: SnapshotBuilder<Model>

        fileprivate init(_ query: LocalQuery<Model>) {
            builder = SnapshotBuilder(query.reader)
            do throws(StoreError) {
                source = .observing(try query.store.open.observe(try query.wanted(), in: query.table))
            } catch {
                source = error.reason == .closed ? .ended : .failed(error)
            }
        }

        /// The next answer that differs from the last one; nil at the end.
        public mutating func next() async -> Snapshot<Model>? { await next(isolation: #isolation) }

        /// The next answer that differs from the last one; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Snapshot<Model>? {
            switch source {
            case .ended: return nil
            case .failed(let error):
                source = .ended
                var result = ObservedResult()
                result.error = error
                return builder.snapshot(of: result)
            case .observing(let observation):
                while let result = await observation.next() {
                    if let snapshot = builder.snapshot(of: result) { return snapshot }
                }
                source = .ended
                return nil
            }
        }
    }
}
