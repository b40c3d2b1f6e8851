#if Server
import BkendWire

/// Where a path leads (rest-api.md §2): a pure reading of the URL's path.
enum Route: Hashable, Sendable {
    /// `GET /health`
    case health
    /// `/v1/data/:table` and `/v1/:table`
    case table(String)
    /// `/v1/data/:table/:id` and `/v1/:table/:id`
    case record(table: String, id: String)
    /// `/v1/data/:table/spec` and `/v1/:table/spec`
    case spec(table: String)
    /// `/v1/data/:table/openapi` and `/v1/:table/openapi`
    case openAPI(table: String)
    /// `/v1/auth/…`, `/v1/users…` and `/v1/data/users…`
    case account(AccountRoute)

    /// The route of a path as it stands in the request line, percent-encoded.
    ///
    /// - Throws: `ErrorBody`: 400 for malformed percent-encoding, 404 when the path leads nowhere.
    init(path: some Collection<UInt8>) throws(ErrorBody) {
        var segments: [String] = []
        for part in path.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst() {
            guard let segment = QueryItem.percentDecode(part, plusIsSpace: false) else {
                throw ErrorBody(.invalidParameters, "the path has malformed percent-encoding, or is not UTF-8")
            }
            segments.append(segment)
        }
        if segments.count > 1, segments.last == "" { segments.removeLast() }
        switch segments.count {
        case 1 where segments[0] == "health": self = .health
        case 3... where segments[0] == "v1" && segments[1] == "data" && segments[2] == "users":
            self = try Self.account(AccountRoute(usersView: segments[3...]))
        case 3... where segments[0] == "v1" && segments[1] == "data":
            self = try Self.data(segments[2...])
        case 3... where segments[0] == "v1" && segments[1] == "auth":
            self = try Self.account(AccountRoute(auth: segments[2...]))
        case 2... where segments[0] == "v1" && segments[1] == "users":
            self = try Self.account(AccountRoute(users: segments[2...]))
        case 2... where segments[0] == "v1":
            if Self.reserved.contains(segments[1]) { throw Self.unknown }
            self = try Self.data(segments[1...])
        default: throw Self.unknown
        }
    }

    private static func account(_ route: AccountRoute?) throws(ErrorBody) -> Route {
        guard let route else { throw unknown }
        return .account(route)
    }

    private static func data(_ segments: ArraySlice<String>) throws(ErrorBody) -> Route {
        let table = segments[segments.startIndex]
        if let flaw = TableName.flaw(in: table) {
            let detail = ErrorBody.Detail(field: "table", rule: "name", message: flaw)
            throw ErrorBody(.validationError, "table: \(flaw)", details: [detail])
        }
        switch segments.count {
        case 1: return .table(table)
        case 2:
            let id = segments[segments.startIndex + 1]
            if id.hasSameBytes(as: "spec") { return .spec(table: table) }
            if id.hasSameBytes(as: "openapi") { return .openAPI(table: table) }
            return .record(table: table, id: id)
        default: throw unknown
        }
    }

    /// The methods that the route answers, beside `OPTIONS`; `HEAD` goes with `GET`.
    var methods: [String] {
        switch self {
        case .health, .spec, .openAPI: ["GET", "HEAD"]
        case .table: ["GET", "HEAD", "POST"]
        case .record: ["GET", "HEAD", "PATCH", "DELETE"]
        case .account(let route): route.methods
        }
    }

    /// Words under `/v1/` that belong to other routes than tables'.
    private static let reserved: Set<String> = ["data", "auth", "users", "files", "accounts", "sessions"]

    static let unknown = ErrorBody(.routeNotFound, "there is no such route; records are under /v1/data/TABLE")
}

#endif
