/// What a query, an outbox or another source gives, one element after the other.
///
/// ```swift
/// for await snapshot in notes.order(by: \.createdAt).live() { render(snapshot.records) }
/// ```
public struct ResultSequence<Element, Failure: Error>: AsyncSequence, Sendable {
    private let start: @Sendable () -> any AsyncIteratorProtocol<Element, Failure>

    init<Base: AsyncSequence<Element, Failure> & Sendable>(_ base: Base) {
        start = { base.makeAsyncIterator() }
    }

    /// Starts from the beginning. Each iterator is an independent reader.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: start()) }

    /// Returns one element after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: any AsyncIteratorProtocol<Element, Failure>

        /// The next element; nil at the end.
        public mutating func next() async throws(Failure) -> Element? { try await next(isolation: #isolation) }

        /// The next element; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(Failure) -> Element? {
            try await base.next(isolation: actor)
        }
    }
}
