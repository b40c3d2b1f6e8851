/// Where a transport keeps the body of one answer.
///
/// When the last reference to a source goes away before its end was reached, the transport stops the transfer.
public protocol ResponseBodySource: AnyObject, Sendable {
    /// The next bytes, never none of them; `nil` at the end. Called by one task at a time.
    ///
    /// - Throws: ``TransportError`` when the body breaks off, grows too large or its task is cancelled.
    func next() async throws(TransportError) -> [UInt8]?
}

/// The body of an answer, in pieces of whatever size arrived, read once.
///
/// The transport stops reading from the network while nobody takes the pieces.
public struct ResponseBody: AsyncSequence, Sendable {
    /// A piece of the body.
    public typealias Element = [UInt8]
    /// Why a body breaks off.
    public typealias Failure = TransportError

    private let source: any ResponseBodySource

    /// Creates a body that is read from `source`.
    public init(_ source: some ResponseBodySource) {
        self.source = source
    }

    /// Creates a body that is in memory already; for tests and for transports that have nothing to stream.
    public init(_ bytes: [UInt8]) {
        self.source = BufferedBody(bytes)
    }

    /// Reads the body. All iterators share one position.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source)
    }

    /// The whole body in memory.
    ///
    /// - Parameter limit: the most bytes to accept. The request's own limit holds as well.
    /// - Throws: ``TransportError``; of kind ``TransportError/Kind/bodyTooLarge`` when there is more than `limit`.
    public func collect(upTo limit: Int) async throws(TransportError) -> [UInt8] {
        guard var bytes = try await source.next() else { return [] }
        while bytes.count <= limit, let more = try await source.next() {
            bytes.append(contentsOf: more)
        }
        guard bytes.count <= limit else {
            throw TransportError(
                kind: .bodyTooLarge, delivery: .answered, reason: "the caller accepts at most \(limit) bytes")
        }
        return bytes
    }

    /// Takes the pieces of a body one after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: any ResponseBodySource

        /// The next piece, `nil` at the end.
        public mutating func next() async throws(TransportError) -> [UInt8]? {
            try await source.next()
        }

        /// The next piece, `nil` at the end.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TransportError) -> [UInt8]? {
            try await source.next()
        }
    }
}
