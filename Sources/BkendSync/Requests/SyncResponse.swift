import BkendWire

/// What became of a request.
package enum SyncResponse: Sendable, Hashable {
    /// A complete HTTP answer, whoever gave it.
    case answered(SyncAnswer)
    /// Certain: no byte of it reached the server.
    case notSent(SyncFailure)
    /// No complete answer; the server may have acted.
    case lost(SyncFailure)
    /// Not sent, by the performer's own decision.
    case refused(SendRefusal)
}

/// A complete HTTP answer.
package struct SyncAnswer: Sendable, Hashable {
    /// The status code.
    package var status: Int
    /// Whether the content type says JSON; the body may still be none.
    package var isJSON: Bool
    /// The moment of the `Date` header (RFC 9110 §6.6.1).
    package var date: Timestamp?
    /// The `ETag` header: the mark of bytes that a storage has taken (RFC 9110 §8.8.3).
    package var tag: String?
    /// The `Retry-After` header as a time from this answer on (RFC 9110 §10.2.3).
    package var retryAfter: Duration?
    /// The body.
    package var body: [UInt8]
    /// What came of a file's bytes, which are in the store's folder and not in `body`; nil where none were taken.
    package var bytes: ReceivedBytes?

    /// An answer.
    package init(
        status: Int, isJSON: Bool = true, date: Timestamp? = nil, retryAfter: Duration? = nil, tag: String? = nil,
        body: [UInt8] = [], bytes: ReceivedBytes? = nil
    ) {
        self.tag = tag
        self.bytes = bytes
        self.status = status
        self.isJSON = isJSON
        self.date = date
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// What came of a file's bytes with one answer.
package struct ReceivedBytes: Sendable, Hashable {
    /// Where the answer's bytes begin; 0 where what was there before has gone.
    package var start: Int64
    /// How many bytes are there now, and durable, from the file's beginning on.
    package var have: Int64
    /// The number of all bytes; nil where the storage doesn't say.
    package var total: Int64?
    /// The SHA-256 of all bytes in hex, once they are all there.
    package var sha256: String?
    /// The media type.
    package var type: String?

    /// Bytes that came.
    package init(start: Int64, have: Int64, total: Int64?, sha256: String? = nil, type: String? = nil) {
        self.start = start
        self.have = have
        self.total = total
        self.sha256 = sha256
        self.type = type
    }
}

/// Why there was no answer.
package struct SyncFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure.
    package enum Kind: String, Sendable, Hashable {
        /// No connection: no route, no name, refused, TLS.
        case unreachable
        /// The deadline passed.
        case timedOut
        /// The connection ended early, or the body was cut.
        case broken
        /// The engine let go of it.
        case cancelled
        /// What was to be sent isn't on this device, or isn't what it was.
        case source
    }

    /// What kind of failure.
    package var kind: Kind
    /// What failed, for people; no key, token or record content.
    package var message: String

    /// A failure.
    package init(_ kind: Kind, _ message: String = "") {
        self.kind = kind
        self.message = message
    }

    package var description: String { message.isEmpty ? kind.rawValue : "\(kind.rawValue): \(message)" }
}

/// Why the performer didn't send a request.
package enum SendRefusal: Sendable, Hashable {
    /// Nobody is signed in.
    case signedOut
    /// Somebody else is signed in.
    case otherUser(String)
    /// The performer has stopped.
    case stopped
}
