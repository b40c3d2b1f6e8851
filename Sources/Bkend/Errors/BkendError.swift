public import BkendTransport
public import BkendWire

/// Why a call failed: what was tried, what went wrong, whether the server may have acted, and what to do.
///
/// Every call of `BkendClient` throws this type. No text of it holds a key, a token or a URL's query.
///
/// **A write that was cancelled, timed out or lost its connection** may or may not have been done: once a byte has
/// left, nobody here knows. `mayHaveBeenApplied` says so. The client never sends such a write again by itself, since a
/// create would then be stored twice; read before you repeat it.
public struct BkendError: Error, Sendable {
    /// What went wrong.
    public var reason: Reason
    /// What was tried; nil when the client itself couldn't be set up.
    public var operation: Operation?
    /// The `X-Request-Id` of the last answer, by which the server's log knows the request.
    public var requestID: String?
    /// How often the request was sent.
    public var attempts: Int
    /// How long the answer asked to wait, whoever gave it; nil where it didn't.
    var retryAfter: Duration?

    /// An error.
    public init(_ reason: Reason, operation: Operation? = nil, requestID: String? = nil, attempts: Int = 0) {
        self.reason = reason
        self.operation = operation
        self.requestID = requestID
        self.attempts = attempts
    }
}

extension BkendError {
    /// What went wrong.
    public enum Reason: Sendable {
        /// The server refused, or failed: its code and message (rest-api.md §10).
        case server(ErrorBody)
        /// No complete answer: no connection, no time left, a broken body.
        case transport(TransportError)
        /// The task was cancelled. For a write, the delivery tells whether the server may have acted.
        case cancelled(TransportError.Delivery)
        /// Something that is not a bkend server answered: a proxy, a sign-in page, another service.
        case foreignAnswer(status: Int, contentType: String?, detail: String)
        /// A record of the answer doesn't fit the model. The call itself succeeded.
        case decoding(JSONCodingError, recordID: String?)
        /// A value has no JSON form; nothing was sent.
        case encoding(JSONCodingError)
        /// The REST API can't say this query; nothing was sent.
        case notExpressible(FilterNotExpressible)
        /// An argument is not valid; nothing was sent.
        case invalidArgument(String)
        /// The user's session is over: sign in again, or sign out to go on as a guest. Nothing was done.
        case sessionEnded
        /// The session can't be read or saved: what is wrong.
        case sessionStore(String)
    }

    /// What was tried on which record.
    public struct Operation: Hashable, Sendable, CustomStringConvertible {
        /// The method of the request, `PATCH` for example.
        public var method: String
        /// The table's name.
        public var table: String
        /// The record's id, where one was named.
        public var recordID: String?

        /// An operation.
        public init(method: String, table: String, recordID: String? = nil) {
            self.method = method
            self.table = table
            self.recordID = recordID
        }

        /// `PATCH articles/677e…`
        public var description: String { "\(method) \(table)" + (recordID.map { "/\($0)" } ?? "") }

        /// Whether the operation changes something.
        public var isWrite: Bool { method != "GET" }
    }
}

extension BkendError {
    /// The server's error code, nil when the failure is of another kind.
    public var code: ErrorCode? { if case .server(let body) = reason { body.code } else { nil } }

    /// How many rows a page may have instead, where the server found it too large (`ErrorCode.pageTooLarge`).
    public var largestLimit: Int? { if case .server(let body) = reason { body.largestLimit } else { nil } }

    /// Whether the server says that there is no such record.
    public var isNotFound: Bool { code == .notFound }

    /// Whether the task was cancelled.
    public var isCancelled: Bool { if case .cancelled = reason { true } else { false } }

    /// Whether a write may have been done all the same. False for every read, and where it is certain that it was not.
    public var mayHaveBeenApplied: Bool {
        guard operation?.isWrite == true else { return false }
        switch reason {
        case .server(let body): return body.status >= 500
        case .transport(let error): return error.delivery != .notSent
        case .cancelled(let delivery): return delivery != .notSent
        case .foreignAnswer, .decoding: return true
        case .encoding, .notExpressible, .invalidArgument, .sessionEnded, .sessionStore: return false
        }
    }
}
