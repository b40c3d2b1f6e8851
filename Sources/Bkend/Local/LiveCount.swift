import BkendSync
import BkendWire

extension LocalQueryable {
    /// The number of matching records now, and again whenever it is another one. Limit and offset don't count.
    ///
    /// ```swift
    /// for try await open in notes.where({ $0.isDone == false }).liveCount() { show("\(open) to do") }
    /// ```
    ///
    /// It reads no records, but counts again after each change in the table: an index on the filter's fields keeps that
    /// cheap. If the store fails, it throws, and the iterator's next call waits for the next change. The sequence ends
    /// when the store is closed or the task is cancelled.
    public func liveCount() -> ResultSequence<Int, StoreError> { ResultSequence(LiveCount(query: query)) }
}

/// The number of a query's records as it changes; see `LocalQueryable.liveCount()`.
struct LiveCount<Model: RecordModel>: AsyncSequence, Sendable {
    typealias Element = Int
    typealias Failure = StoreError

    let query: LocalQuery<Model>

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(query: query) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private enum Source {
            case notWatched
            case watching(SignalObservation)
            case ended
        }

        private let query: LocalQuery<Model>
        private var source = Source.notWatched
        private var last: Int?

        fileprivate init(query: LocalQuery<Model>) { self.query = query }

        mutating func next() async throws(StoreError) -> Int? { try await next(isolation: #isolation) }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> Int? {
            let changes: SignalObservation
            switch source {
            case .ended: return nil
            case .watching(let watched):
                changes = watched
                guard await changes.next() else { return nil }
            case .notWatched:
                // Where it can't be watched, it is told once.
                source = .ended
                do throws(StoreError) { changes = try await query.source.open.watch(.table(query.table)) } catch {
                    if error.reason == .closed { return nil }
                    throw error
                }
                source = .watching(changes)
            }
            while true {
                do throws(StoreError) {
                    let count = try await query.count()
                    if count != last {
                        last = count
                        return count
                    }
                } catch {
                    if error.reason == .closed { return nil }
                    last = nil
                    throw error
                }
                guard await changes.next() else { return nil }
            }
        }
    }
}
