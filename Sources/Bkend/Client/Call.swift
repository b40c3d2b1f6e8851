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

    var method: Method
    var table: String
    var recordID: String?
    var query: [QueryItem] = []
    var body: JSON?
    var options: CallOptions

    var operation: BkendError.Operation {
        BkendError.Operation(method: method.rawValue, table: table, recordID: recordID)
    }

    /// A second copy of a read changes nothing. Of a DELETE it would do no harm either, but its 404 would hide that the
    /// first one succeeded.
    var replay: Replay { method == .get ? .idempotent : .never }
}

/// What a server answered to a call that succeeded.
struct CallAnswer: Sendable {
    /// The body, unwrapped; null when it was empty.
    var json: JSON
    var requestID: String?
    var attempts: Int
}
