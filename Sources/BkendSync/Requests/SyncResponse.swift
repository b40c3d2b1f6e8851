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

    /// An answer.
    package init(
        status: Int, isJSON: Bool = true, date: Timestamp? = nil, retryAfter: Duration? = nil, tag: String? = nil,
        body: [UInt8] = []
    ) {
        self.tag = tag
        self.status = status
        self.isJSON = isJSON
        self.date = date
        self.retryAfter = retryAfter
        self.body = body
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
