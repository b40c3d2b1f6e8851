import BkendAccounts
import HTTPTypes

/// What becomes known of a request while it is answered, for the log and the metrics. Neither keys nor tokens nor
/// anything of body or query gets in here.
struct RequestTrace: Sendable {
    let id: String
    let method: HTTPRequest.Method
    /// The path as it was sent, without the query.
    let path: Substring
    let client: ClientAddress?
    let started = ContinuousClock.now
    /// The path with its parameters' names, `/v1/data/:table/:id`; `preflight` or `unknown` where there is no route.
    var pattern: String
    var environment: EnvironmentName?
    var group: Caller.Group?
    var userID: String?
    /// Where the client stands with its limit.
    var rate: RateState?

    init(id: String, method: HTTPRequest.Method, path: Substring, client: ClientAddress?) {
        self.id = id
        self.method = method
        self.path = path
        self.client = client
        pattern = method == .options ? "preflight" : "unknown"
    }
}
