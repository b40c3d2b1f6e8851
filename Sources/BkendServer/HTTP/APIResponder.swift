#if Server
import BkendAccounts
import BkendWire
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Answers every request: reads its route and caller, hands it to the feature, and puts the answer into JSON. Rules live
/// elsewhere.
struct APIResponder: HTTPResponder {
    /// The connection that the request came by.
    struct Context: InitializableFromSource {
        private let channel: any Channel

        init(source: ApplicationRequestContextSource) { channel = source.channel }

        /// The client's IP address.
        var address: String? { channel.remoteAddress?.ipAddress }
    }

    let environments: Environments
    let keys: KeyRing
    let configuration: ServerConfiguration
    let requestIDs: RequestIDs

    func respond(to request: Request, context: Context) async throws -> Response {
        let headers = request.headers
        let requestID = requestIDs.id(asked: headers[.requestID])
        let isFromPage = headers[.origin] != nil
        if request.method == .options { return Self.preflight(requestID) }
        let answer: RouteAnswer
        do {
            answer = try await self.answer(request, context)
        } catch let error as HTTPParserError {
            // The request broke off or is no HTTP: the connection's matter, not a failure of ours.
            throw error
        } catch let busy as TooManyRequests {
            answer = RouteAnswer(busy)
        } catch {
            answer = RouteAnswer(failure(error, request, requestID))
        }
        return answer.response(requestID: requestID, isFromPage: isFromPage, isHead: request.method == .head)
    }

    private func answer(_ request: Request, _ context: Context) async throws -> RouteAnswer {
        let (path, query) = try target(of: request)
        let route = try Route(path: path)
        guard route.methods.contains(request.method.rawValue) else { return Self.methodNotAllowed(route) }
        if route == .health { return RouteAnswer(.ok, ["status": "ok"]) }
        let now = configuration.now()
        let credentials = try Credentials(request.headers)
        let key = try keys.key(credentials.key, now: now)
        let environment = try environments.environment(key.environment)
        if case .account(let route) = route {
            return try await AccountRoutes(environment: environment, key: key, limits: configuration.limits)
                .answer(route, request, query: query, token: credentials.token, address: context.address)
        }
        var user: SignedInUser?
        if let token = credentials.token {
            user = try await (configuration.accessTokens ?? environments).user(of: token, in: key.environment)
        }
        let records = RecordRoutes(
            store: environment.store, caller: Caller(key: key, user: user), now: now,
            limits: configuration.limits, isDynamic: configuration.isDynamic,
            explanation: configuration.explainsQueries ? QueryExplanation(logger: configuration.logger) : nil)
        switch (route, request.method) {
        case (.table(let table), .post): return try await records.create(in: table, request)
        case (.table(let table), _): return try await records.list(table, query: query)
        case (.record(let table, let id), .patch): return try await records.update(id, in: table, request)
        case (.record(let table, let id), .delete): return try await records.delete(id, in: table)
        case (.record(let table, let id), _): return try records.get(id, in: table)
        case (.spec(let table), _): return try records.spec(of: table)
        case (.health, _), (.account, _): throw Route.unknown
        }
    }

    /// The path and the query of the request line, within their limits.
    private func target(of request: Request) throws(ErrorBody) -> (
        path: Substring.UTF8View.SubSequence, query: Substring
    ) {
        let target = (request.head.path ?? "/")[...]
        let mark = target.utf8.firstIndex(of: 0x3F) ?? target.endIndex
        let path = target.utf8[..<mark]
        let query = mark < target.endIndex ? target[target.utf8.index(after: mark)...] : ""
        guard path.count <= configuration.limits.pathBytes else {
            throw ErrorBody(.invalidParameters, "the path has more than \(configuration.limits.pathBytes) bytes")
        }
        guard query.utf8.count <= configuration.limits.queryBytes else {
            throw ErrorBody(.invalidParameters, "the query has more than \(configuration.limits.queryBytes) bytes")
        }
        return (path, query)
    }

    private func failure(_ error: any Error, _ request: Request, _ requestID: String) -> ErrorBody {
        let body = ErrorBody(answering: error)
        // Who left before the answer has no use for it, and the operator none for a line about it.
        if body.status >= 500, !(error is CancellationError) {
            let path = (request.head.path ?? "").prefix { $0 != "?" }
            configuration.logger.error(
                "request failed",
                metadata: [
                    "request": "\(requestID)", "method": "\(request.method)", "path": "\(path)", "error": "\(error)",
                ])
        }
        return body
    }

    private static func methodNotAllowed(_ route: Route) -> RouteAnswer {
        let methods = route.methods + ["OPTIONS"]
        var answer = RouteAnswer(
            ErrorBody("common/method-not-allowed", "this route takes \(methods.joined(separator: ", "))", status: 405))
        answer.headers[.allow] = methods.joined(separator: ", ")
        return answer
    }

    private static func preflight(_ requestID: String) -> Response {
        var headers = CORS.preflight()
        headers[.requestID] = requestID
        return Response(status: .noContent, headers: headers)
    }
}

extension RouteAnswer {
    /// 429, with the time to wait.
    fileprivate init(_ busy: TooManyRequests) {
        self.init(busy.body)
        headers[.retryAfter] = String(busy.retryAfterSeconds)
    }
}
#endif
