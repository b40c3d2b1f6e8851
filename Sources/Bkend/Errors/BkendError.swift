public import BkendTransport
public import BkendWire

/// Why a call failed: what was tried, what went wrong, whether the server may have acted, and what to do.
///
/// ```swift
/// do throws(BkendError) {
///     try await posts.create(Post(title: ""))
/// } catch {
///     switch error.reason {
///     case .server(let body): problems = body.details.map { "\($0.field): \($0.message)" }
///     case .transport(let failure): problems = [failure.reason]
///     default: problems = ["\(error)"]
///     }
/// }
/// ```
///
/// Every call of `BkendClient` throws this type. None of its texts contain a key, a token or a URL's query.
///
/// **A write that was cancelled, timed out or lost its connection** may or may not have been applied. Once a byte was
/// sent, the client can't determine it, and `mayHaveBeenApplied` is true. The client never retries such a write,
/// because a create would be stored twice. Check whether it was applied before you repeat it.
public struct BkendError: Error, Sendable {
    /// What went wrong.
    public var reason: Reason
    /// The operation that failed; nil if the client itself couldn't be created.
    public var operation: Operation?
    /// The `X-Request-Id` of the last response. Use it to find the request in the server's log.
    public var requestID: String?
    /// How often the request was sent.
    package var attempts: Int
    /// How long the answer asked to wait, whoever gave it; nil where it didn't.
    var retryAfter: Duration?

    /// An error.
    package init(_ reason: Reason, operation: Operation? = nil, requestID: String? = nil, attempts: Int = 0) {
        self.reason = reason
        self.operation = operation
        self.requestID = requestID
        self.attempts = attempts
    }
}

extension BkendError {
    /// What went wrong.
    public enum Reason: Sendable {
        /// The server rejected the request or failed, with its code and message (rest-api.md §10).
        case server(ErrorBody)
        /// No complete response arrived: no connection, a timeout or an incomplete body.
        case transport(TransportError)
        /// The task was cancelled. For a write, the delivery indicates whether the server may have applied it.
        case cancelled(TransportError.Delivery)
        /// The response isn't from a bkend server: a proxy, a sign-in page or another service answered.
        case foreignAnswer(status: Int, contentType: String?, detail: String)
        /// A record in the response doesn't fit the model. The call itself succeeded.
        case decoding(JSONCodingError, recordID: String?)
        /// A value can't be encoded as JSON. Nothing was sent.
        case encoding(JSONCodingError)
        /// The REST API can't express this query. Nothing was sent.
        case notExpressible(FilterNotExpressible)
        /// An argument isn't valid. Nothing was sent.
        case invalidArgument(String)
        /// The server doesn't offer what was asked of it.
        case unsupported(String)
        /// The user's session has ended. Nothing was done. Sign in again, or sign out to continue as a guest.
        case sessionEnded
        /// The session can't be read or saved, for the given reason.
        case sessionStore(String)
        /// The bytes of a file are the problem.
        case file(FileFailure)
    }

    /// An operation, and the table or record it applies to.
    public struct Operation: Hashable, Sendable, CustomStringConvertible {
        /// The method of the request, `PATCH` for example.
        public var method: String
        /// The table's name.
        public var table: String
        /// The record's id, if the operation applies to one record.
        public var recordID: String?

        /// An operation.
        package init(method: String, table: String, recordID: String? = nil) {
            self.method = method
            self.table = table
            self.recordID = recordID
        }

        /// `PATCH articles/677e…`
        public var description: String { "\(method) \(table)" + (recordID.map { "/\($0)" } ?? "") }

        /// Whether the operation changes something.
        package var isWrite: Bool { method != "GET" }
    }
}

extension BkendError.Reason {
    /// What a request's failure to arrive means.
    init(_ error: TransportError) { self = error.kind == .cancelled ? .cancelled(error.delivery) : .transport(error) }
}

extension BkendError {
    /// The HTTP status of the answer that refused a request for bytes; nil for another kind of failure.
    var refusedStatus: Int? {
        switch reason {
        case .server(let body): body.status
        case .file(.storage(let status)): status
        default: nil
        }
    }
}

extension BkendError {
    /// The server's error code, or nil for another kind of failure.
    public var code: ErrorCode? { if case .server(let body) = reason { body.code } else { nil } }

    /// The number of rows that a page can have instead, if the server found it too large (`ErrorCode.pageTooLarge`).
    public var largestLimit: Int? { if case .server(let body) = reason { body.largestLimit } else { nil } }

    /// Whether the task was cancelled.
    public var isCancelled: Bool { if case .cancelled = reason { true } else { false } }

    /// Whether the server may have applied the write despite the error. False for every read, and if the write
    /// certainly wasn't applied.
    public var mayHaveBeenApplied: Bool {
        guard operation?.isWrite == true else { return false }
        switch reason {
        case .server(let body): return body.status >= 500
        case .transport(let error): return error.delivery != .notSent
        case .cancelled(let delivery): return delivery != .notSent
        case .foreignAnswer, .decoding: return true
        case .file(.mayBeRegistered): return true
        case .encoding, .notExpressible, .invalidArgument, .unsupported, .sessionEnded, .sessionStore, .file:
            return false
        }
    }
}
