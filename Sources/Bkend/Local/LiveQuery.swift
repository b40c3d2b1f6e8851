import BkendSync
import BkendWire

extension LocalQueryable {
    /// The query's result now, and again whenever it changes: by this program, by another process with the same store,
    /// or by the server.
    ///
    /// ```swift
    /// for await snapshot in articles.order(by: \.title).limit(20).live() { render(snapshot) }
    /// ```
    ///
    /// The first snapshot arrives at once. A change outside the result doesn't run the query. A slow reader gets the
    /// newest result and skips the ones before; each snapshot's changes are relative to the last snapshot that this
    /// reader got. A record whose local id becomes the server's id is reported once, as updated. The sequence ends when
    /// the store is closed or the task is cancelled. Leaving the loop releases its resources.
    public func live() -> ResultSequence<Snapshot<Model>, Never> { ResultSequence(LiveQuery(query: query)) }
}

/// The results of a query as they change; see `LocalQueryable.live()`.
struct LiveQuery<Model: RecordModel>: AsyncSequence, Sendable {
    /// One result.
    typealias Element = Snapshot<Model>
    /// The sequence doesn't throw. Errors are in the snapshot.
    typealias Failure = Never

    let query: LocalQuery<Model>

    /// Starts observing. Each iterator is an independent reader.
    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(query) }

    /// Returns one result after another.
    struct AsyncIterator: AsyncIteratorProtocol {
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
                source = .observing(try query.source.open.observe(try query.wanted(), in: query.table))
            } catch {
                source = error.reason == .closed ? .ended : .failed(error)
            }
        }

        /// The next result that differs from the last one; nil at the end.
        mutating func next() async -> Snapshot<Model>? { await next(isolation: #isolation) }

        /// The next result that differs from the last one; nil at the end.
        mutating func next(isolation actor: isolated (any Actor)?) async -> Snapshot<Model>? {
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
