import BkendTransport
import BkendWire

/// One call as the client makes it, before anything is sent.
struct Call: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// What a call is about.
    enum Target: Sendable {
        /// A table, or one record of it.
        case records(table: String, id: String?)
        /// Another route, by the segments after `/v1`.
        case route([String])
        /// A route of an extension, by the segments after `/x1` (docs/extensions.md).
        case extended([String])
    }

    var method: Method
    var target: Target
    var query: [QueryItem] = []
    var body: JSON?
    /// Bytes to send as they are, in the place of `body`.
    var exactBody: [UInt8]?
    var options: CallOptions
    /// The media types that it takes.
    var accept = "application/json"
    /// Whether the call is made as the user who is signed in.
    var sendsSession = true
    /// Whether a second copy does no harm though it isn't a read.
    var isHarmless = false
    /// How long a connection may take, where what is sent later would do harm. Such a call ends what was begun: it goes
    /// out of a client that is shutting down as well.
    var leavesWithin: Duration?

    init(
        method: Method, table: String, recordID: String? = nil, query: [QueryItem] = [], body: JSON? = nil,
        options: CallOptions
    ) {
        self.method = method
        target = .records(table: table, id: recordID)
        self.query = query
        self.body = body
        self.options = options
    }

    init(_ method: Method, _ route: [String], options: CallOptions) {
        self.method = method
        target = .route(route)
        self.options = options
    }

    init(_ method: Method, extended route: [String], options: CallOptions) {
        self.method = method
        target = .extended(route)
        self.options = options
    }

    var operation: BkendError.Operation {
        switch target {
        case .records(let table, let id): BkendError.Operation(method: method.rawValue, table: table, recordID: id)
        case .route(let path), .extended(let path):
            BkendError.Operation(method: method.rawValue, table: path.joined(separator: "/"))
        }
    }

    /// A second copy of a read changes nothing. Of a DELETE it would do no harm either, but its 404 would hide that the
    /// first one succeeded.
    var replay: Replay { method == .get || isHarmless ? .idempotent : .never }
}

/// What a server answered to a call that succeeded.
struct CallAnswer: Sendable {
    /// The body, unwrapped; null when it was empty.
    var json: JSON
    var requestID: String?
    var attempts: Int
}

extension CallAnswer {
    /// The error of an answer that isn't what the call asked for.
    func mismatch(_ call: Call, _ error: JSONCodingError, recordID: String? = nil) -> BkendError {
        BkendError(
            .decoding(error, recordID: recordID), operation: call.operation, requestID: requestID, attempts: attempts)
    }
}
