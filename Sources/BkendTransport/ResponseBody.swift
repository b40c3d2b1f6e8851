/// The source of a response body in a transport.
///
/// If the last reference to a source is released before its end was reached, the transport stops the transfer.
package protocol ResponseBodySource: AnyObject, Sendable {
    /// The next bytes, never none of them; `nil` at the end. Called by one task at a time.
    ///
    /// - Throws: ``TransportError`` when the body breaks off, grows too large or its task is cancelled.
    func next() async throws(TransportError) -> [UInt8]?
}

/// The body of a response, in chunks as they arrive. It can be read once.
///
/// The transport stops reading from the network while no chunks are read.
package struct ResponseBody: AsyncSequence, Sendable {
    /// A chunk of the body.
    package typealias Element = [UInt8]
    /// The error that ends a body early.
    package typealias Failure = TransportError

    private let source: any ResponseBodySource

    /// Creates a body that is read from `source`.
    package init(_ source: some ResponseBodySource) {
        self.source = source
    }

    /// Creates a body that is already in memory, for tests and for transports that don't stream.
    package init(_ bytes: [UInt8]) {
        self.source = BufferedBody(bytes)
    }

    /// Reads the body. All iterators share one position.
    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source: source)
    }

    /// The whole body in memory.
    ///
    /// - Parameter limit: the maximum number of bytes. The request's own limit applies as well.
    /// - Throws: ``TransportError``; of kind ``TransportError/Kind/bodyTooLarge`` if the body is larger than `limit`.
    package func collect(upTo limit: Int) async throws(TransportError) -> [UInt8] {
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

    /// Returns one chunk of the body after another.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: any ResponseBodySource

        /// The next chunk, or `nil` at the end.
        package mutating func next() async throws(TransportError) -> [UInt8]? {
            try await source.next()
        }

        /// The next chunk, or `nil` at the end.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TransportError) -> [UInt8]? {
            try await source.next()
        }
    }
}
