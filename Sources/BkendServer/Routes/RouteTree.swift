import BkendWire
import HTTPTypes

/// The routes of one path, and the values of its parameters.
struct RouteMatch: Sendable {
    /// One for each method.
    let routes: [Route]
    var table = ""
    var id = ""

    /// The path with its parameters' names.
    var pattern: String { routes[0].pattern }

    /// The route of a method, nil when the path doesn't take it.
    func route(_ method: HTTPRequest.Method) -> Route? {
        let method = method == .head ? .get : method
        return routes.first { $0.method == method }
    }

    /// The methods that the path takes, beside `OPTIONS`.
    var methods: [String] { routes.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] } }
}

/// Finds the routes of a path (rest-api.md §2): a tree of the segments of all patterns. A name goes before a parameter,
/// and there is no way back: under `/v1/data/users` there is no table.
struct RouteTree: Sendable {
    /// The tree of all routes.
    static let all = RouteTree(Route.all)

    private enum Parameter: Sendable { case table, id, rest }
    private struct Node: Sendable {
        var names: [(text: String, node: Int)] = []
        var parameter: (kind: Parameter, node: Int)?
        var routes: [Route] = []
    }

    private var nodes = [Node()]

    /// A file's key is all that is left of a path, with its slashes.
    private static let parameters: [String: Parameter] = [":table": .table, ":id": .id, ":key": .rest]

    private init(_ routes: [Route]) {
        for route in routes {
            for path in route.paths {
                let node = path.split(separator: "/").reduce(0) { node, segment in child(String(segment), of: node) }
                nodes[node].routes.append(route)
            }
        }
        // Words that are no tables' names, whether or not anything lies under them.
        let versioned = child("v1", of: 0)
        for name in ["data", "auth", "users", "files", "accounts", "sessions"] { _ = child(name, of: versioned) }
    }

    /// The node below another, made if it isn't there.
    private mutating func child(_ segment: String, of node: Int) -> Int {
        let parameter: Parameter? = Self.parameters[segment]
        let known =
            parameter == nil
            ? nodes[node].names.first { $0.text == segment }?.node : nodes[node].parameter?.node
        if let known { return known }
        nodes.append(Node())
        let new = nodes.count - 1
        if let parameter {
            nodes[node].parameter = (parameter, new)
        } else {
            nodes[node].names.append((segment, new))
        }
        return new
    }

    /// The routes of a path as it stands in the request line, percent-encoded.
    ///
    /// - Throws: `ErrorBody`: 400 for malformed percent-encoding and for what can't be a table's name, 404 when the path
    ///   leads nowhere.
    func match(_ path: some Collection<UInt8>) throws(ErrorBody) -> RouteMatch {
        var node = 0
        var (table, id) = ("", "")
        let segments = try Self.segments(of: path)
        for (index, segment) in segments.enumerated() {
            if let name = nodes[node].names.first(where: { $0.text == segment }) {
                node = name.node
            } else if let parameter = nodes[node].parameter {
                switch parameter.kind {
                case .table:
                    try Self.check(table: segment)
                    table = segment
                case .id:
                    // A table answers for an empty id as for any that no record has, after its rules.
                    if segment.isEmpty, table.isEmpty { throw Route.unknown }
                    id = segment
                case .rest:
                    let rest = segments[index...].joined(separator: "/")
                    return RouteMatch(routes: nodes[parameter.node].routes, id: rest)
                }
                node = parameter.node
            } else {
                throw Route.unknown
            }
        }
        guard !nodes[node].routes.isEmpty else { throw Route.unknown }
        return RouteMatch(routes: nodes[node].routes, table: table, id: id)
    }

    /// The route of a request by its target, with the query or without; nil when it leads nowhere.
    func route(_ target: String, _ method: String) -> Route? {
        guard let method = HTTPRequest.Method(rawValue: method) else { return nil }
        return try? match(target).route(method)
    }

    /// The routes of a request's target, with the query or without.
    func match(_ target: String) throws(ErrorBody) -> RouteMatch { try match(target.utf8.prefix { $0 != 0x3F }) }

    private static func segments(of path: some Collection<UInt8>) throws(ErrorBody) -> [String] {
        var segments: [String] = []
        for part in path.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst() {
            guard let segment = QueryItem.percentDecode(part, plusIsSpace: false) else {
                throw ErrorBody(.invalidParameters, "the path has malformed percent-encoding, or is not UTF-8")
            }
            segments.append(segment)
        }
        if segments.count > 1, segments.last == "" { segments.removeLast() }
        return segments
    }

    private static func check(table: String) throws(ErrorBody) {
        guard let flaw = TableName.flaw(in: table) else { return }
        let detail = ErrorBody.Detail(field: "table", rule: "name", message: flaw)
        throw ErrorBody(.validationError, "table: \(flaw)", details: [detail])
    }
}
