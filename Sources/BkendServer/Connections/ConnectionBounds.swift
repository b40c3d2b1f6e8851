import NIOCore

/// The bounds of connections that no operator sets. Those that one may set stand in `ServerLimits`.
enum ConnectionBounds {
    /// Connections past the limits that still get an answer: `/health`, and a refusal for everything else. What comes on
    /// top of them is closed without one.
    static let refusals = 64
    /// How many of them one address may have.
    static let refusalsPerAddress = 8
    /// How long a connection past the limits may take to ask and to be told.
    static let refusal = TimeAmount.seconds(5)
    /// How long the server goes on reading, and dropping what it reads, after its last answer. A socket that is closed
    /// with bytes unread resets the connection, and the client may lose the answer (RFC 9112 §9.6).
    static let linger = TimeAmount.seconds(2)
    /// How long a client may keep a stopping server waiting without making progress.
    static let stopping = TimeAmount.seconds(3)
    /// How long a new connection may take to ask before a newcomer may take its place.
    static let newcomer = TimeAmount.seconds(1)
    /// How long a client may keep the server waiting before a newcomer may take its place.
    static let waiting = TimeAmount.seconds(5)
    /// The fewest bytes a second, over the time in which progress is asked for.
    static let bytesPerSecond = 1_024
    /// The most bytes handed to the parser at once while no body is expected: what is read ahead of the request that is
    /// being answered, about a hundred of the shortest requests.
    static let slice = 2_048
    /// The same within a body of unknown length.
    static let chunkedSlice = 8_192
    /// The most bytes kept unparsed while an answer is unfinished. The server reads no further than one read of the
    /// socket; only a client that has closed its side has everything read at once.
    static let unparsed = 128 * 1_024
    /// The most bytes of answers that the kernel takes beyond what the client's window lets it send. Without the bound
    /// it takes megabytes for a client that reads nothing, and tells of progress in steps as large.
    static let unsent = 64 * 1_024
    /// Milliseconds that sent bytes may stay unacknowledged. A phone that has changed its network is gone without a word,
    /// and what a stream sends it now and then would keep its place for a quarter of an hour.
    static let unacknowledged = 60_000
}
