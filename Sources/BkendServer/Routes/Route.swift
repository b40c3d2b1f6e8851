import BkendWire
import HTTPTypes

/// One route of the server: where it lies, who may use it, what a request may cost, and what answers it.
///
/// `Route.all` holds every route; the rest of the server learns about routes from there.
final class Route: Sendable {
    /// What answers a request.
    enum Handler: Sendable {
        /// Without a key: whoever asks.
        case open(@Sendable () -> RouteAnswer)
        /// With a key.
        case keyed(@Sendable (RouteCall) async throws -> RouteAnswer)
        /// By an address of a file's bytes, without a key; nil where the environment has no such file.
        case addressed(@Sendable (AddressCall) async throws -> RouteAnswer?)
    }

    /// The method. A route that takes `GET` answers `HEAD` too.
    let method: HTTPRequest.Method
    /// The path with its parameters' names, `/v1/data/:table/:id`: one text for all tables and ids.
    let pattern: String
    /// Whether an access token counts. Otherwise it is passed over: clients send theirs along with everything, and the
    /// one that they refresh is mostly an expired one.
    let takesTokens: Bool
    /// What a key's scopes must allow on `users`; nil for what callers do to their own account alone, and for records,
    /// whose tables have rules of their own.
    let usersScope: TableOperation?
    /// What a key's scopes must allow on `files`; nil for other routes.
    let filesScope: TableOperation?
    /// Whether projects with wrapped answers have this one wrapped.
    let isWrapped: Bool
    /// How long a request may take to come.
    let deadline: @Sendable (ServerLimits) -> RouteDeadline
    /// The most that a request may cost.
    let budget: @Sendable (ServerLimits) -> RouteBudget
    /// What answers it.
    let handler: Handler

    /// A route of any kind.
    init(
        _ method: HTTPRequest.Method, _ pattern: String, takesTokens: Bool = true, usersScope: TableOperation? = nil,
        filesScope: TableOperation? = nil, isWrapped: Bool = true,
        deadline: @escaping @Sendable (ServerLimits) -> RouteDeadline = { .whole(seconds: $0.requestSeconds) },
        budget: @escaping @Sendable (ServerLimits) -> RouteBudget, handler: Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.takesTokens = takesTokens
        self.usersScope = usersScope
        self.filesScope = filesScope
        self.isWrapped = isWrapped
        self.deadline = deadline
        self.budget = budget
        self.handler = handler
    }

    /// Whether its path has options of a picture before the key.
    var isOfPictures: Bool { pattern.hasPrefix(ImageAddress.root) }

    /// The paths that lead to it. Those of records have a short form (rest-api.md §2).
    var paths: [String] {
        let tables = "/v1/data/:table"
        return pattern.hasPrefix(tables) ? [pattern, "/v1/:table" + pattern.dropFirst(tables.count)] : [pattern]
    }

    /// Answers a call, wrapped where its project wants that.
    func answer(_ call: RouteCall) async throws -> RouteAnswer {
        switch handler {
        case .open(let answer): return answer()
        case .keyed(let answer):
            let answer = try await answer(call)
            // What has no content, bytes of a file and refusals aren't wrapped.
            let isPlain =
                answer.stream != nil || answer.events != nil || answer.status == .noContent || answer.status.code >= 300
            return isWrapped && call.isProjectWrapped && !isPlain ? answer.wrapped : answer
        case .addressed: throw Self.unknown
        }
    }

    static let unknown = ErrorBody(.routeNotFound, "there is no such route; records are under /v1/data/TABLE")
}
