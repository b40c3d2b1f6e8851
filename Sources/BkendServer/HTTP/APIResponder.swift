#if Server
import BkendAccounts
import BkendDocuments
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

        /// The other end's IP address.
        var address: ClientAddress? { ClientAddress(channel.remoteAddress) }

        /// The connection's thread.
        var loop: any EventLoop { channel.eventLoop }
    }

    let environments: Environments
    let keys: KeyRing
    let configuration: ServerConfiguration
    let requestIDs: RequestIDs
    let limiter: RequestLimiter
    let metrics: ServerMetrics
    /// The memory of all answers under way.
    let answers: AnswerBudget

    func respond(to request: Request, context: Context) async throws -> Response {
        let headers = request.headers
        let (path, query) = RequestTarget.parts(of: request)
        var trace = RequestTrace(
            id: requestIDs.id(asked: headers[.requestID]), method: request.method, path: path,
            client: configuration.trustedProxies.client(
                peer: context.address, forwarded: headers[values: .forwardedFor]))
        metrics.began()
        defer { metrics.ended() }
        if request.method == .options { return preflight(trace) }
        var answer: RouteAnswer
        do {
            try admit(trace.client)
            answer = try await self.answer(request, query, &trace)
        } catch let broken as BrokenOff {
            // What is no HTTP was answered and counted where it was read.
            if !((broken.cause as? HTTPParserError).map { $0 != .invalidEOFState } ?? false) {
                record(brokenOff: trace)
            }
            throw broken.cause
        } catch is CancellationError {
            record(brokenOff: trace)
            throw CancellationError()
        } catch is ClientGone, is QueryAbandoned {
            // Mostly nobody is there; a client that closed its sending side alone learns why.
            record(brokenOff: trace)
            return RouteAnswer(Self.gone, retryAfterSeconds: 1)
                .response(
                    to: trace, isFromPage: headers[.origin] != nil, extensions: extensions, on: context.loop)
        } catch let busy as TooManyRequests {
            if busy.body.code == .rateLimitExceeded {
                metrics.rateLimited()
                trace.rate = limiter.spent
            }
            answer = RouteAnswer(busy.body, retryAfterSeconds: busy.retryAfterSeconds)
        } catch let busy as QueueRefused {
            answer = RouteAnswer(busy.body, retryAfterSeconds: busy.retryAfterSeconds)
        } catch {
            answer = RouteAnswer(failure(error, trace))
        }
        // What a write that was made answers was counted before it was stored: nothing may be refused any more.
        if request.method == .get || request.method == .head || answer.status.code >= 400 {
            do throws(TooManyRequests) {
                answer.body = try answer.body.settled(on: account(of: trace))
            } catch {
                answer = RouteAnswer(error.body, retryAfterSeconds: error.retryAfterSeconds)
            }
        }
        checkBudget(of: answer, to: trace)
        let response = answer.response(
            to: trace, isFromPage: headers[.origin] != nil, extensions: extensions, on: context.loop)
        record(trace, answer)
        return response
    }

    /// What this server tells of itself.
    private var extensions: Extensions { configuration.extensions }

    private func account(of trace: RequestTrace) -> AnswerAccount {
        let connection = Connection.current
        return AnswerAccount(answers, client: trace.client, drop: { connection?.drop() })
    }

    /// Counts a request of a client behind a trusted proxy, whose connections are the proxy's.
    private func admit(_ client: ClientAddress?) throws(TooManyRequests) {
        guard let connection = Connection.current, let client, !configuration.trustedProxies.trusts(client),
            !connection.beginRequest(of: client)
        else { return }
        throw TooManyRequests(
            .tooManyConnections, "you have \(configuration.limits.connectionsPerAddress) requests in flight",
            retryAfterSeconds: 1)
    }

    private func answer(_ request: Request, _ query: Substring, _ trace: inout RequestTrace) async throws -> RouteAnswer
    {
        let (route, key, credentials): (Route, ResolvedKey, Credentials)
        let now = configuration.now()
        do {
            try RequestTarget.check(trace.path, query, configuration.limits)
            route = try Route(path: trace.path.utf8)
            trace.route = route
            guard route.methods.contains(request.method.rawValue) else { return Self.methodNotAllowed(route) }
            if route == .health { return RouteAnswer(.ok, ["status": "ok"]) }
            credentials = try Credentials(request.headers)
            key = try keys.key(credentials.key, now: now)
        } catch let error as ErrorBody {
            trace.rate = try limiter.count(nil, from: trace.client, now: now)
            throw error
        }
        trace.environment = key.environment
        trace.rate = try limiter.count(key.digest, from: trace.client, now: now)
        let answer = try await Requester.$current.withValue(requester(key, trace)) {
            try await self.answer(route, request, query, key, credentials, &trace)
        }
        if case .openAPI = route { return answer }
        return isWrapped(key) ? answer.wrapped : answer
    }

    private func answer(
        _ route: Route, _ request: Request, _ query: Substring, _ key: ResolvedKey, _ credentials: Credentials,
        _ trace: inout RequestTrace
    ) async throws -> RouteAnswer {
        let environment = try environments.environment(key.environment)
        if case .account(let route) = route {
            return try await AccountRoutes(
                environment: environment, key: key,
                keyNow: { try keys.key(credentials.key, now: configuration.now()) },
                limits: configuration.limits, client: trace.client
            ).answer(route, request, query: query, token: credentials.token, trace: &trace)
        }
        let caller = try await caller(key, credentials)
        trace.group = caller.group
        trace.userID = caller.userID
        let records = RecordRoutes(
            store: environment.store, caller: caller,
            callerNow: { try await self.caller(keys.key(credentials.key, now: configuration.now()), credentials) },
            clock: configuration.now, answers: account(of: trace),
            limits: configuration.limits, isDynamic: configuration.isDynamic,
            explanation: configuration.explainsQueries ? QueryExplanation(logger: configuration.logger) : nil)
        switch (route, request.method) {
        case (.table(let table), .post): return try await records.create(in: table, request)
        case (.table(let table), _): return try await records.list(table, query: query)
        case (.record(let table, let id), .patch): return try await records.update(id, in: table, request)
        case (.record(let table, let id), .delete): return try await records.delete(id, in: table)
        case (.record(let table, let id), _): return try await records.get(id, in: table)
        case (.spec(let table), _): return try records.spec(of: table)
        case (.openAPI(let table), _): return try records.openAPI(of: table, isWrapped: isWrapped(key))
        case (.health, _), (.account, _): throw Route.unknown
        }
    }

    /// Whose share of the queues the request uses.
    private func requester(_ key: ResolvedKey, _ trace: RequestTrace) -> Requester {
        let departure = Connection.current?.departure
        return Requester(
            share: QueueShare(
                project: key.environment.project, environment: key.environment.environment,
                client: trace.client?.network.description ?? ""),
            departure: { departure })
    }

    private func caller(_ key: ResolvedKey, _ credentials: Credentials) async throws -> Caller {
        guard let token = credentials.token else { return Caller(key: key) }
        let tokens: any AccessTokens = configuration.accessTokens ?? environments
        return try await tokens.caller(of: token, in: key.environment).with(key)
    }

    private func isWrapped(_ key: ResolvedKey) -> Bool {
        configuration.wrappedProjects.contains(key.environment.project)
    }

    private func failure(_ error: any Error, _ trace: RequestTrace) -> ErrorBody {
        let body = ErrorBody(answering: error)
        if body.status >= 500 {
            configuration.logger.error(
                "request failed",
                metadata: [
                    "request": "\(trace.id)", "method": "\(trace.method)",
                    "path": "\(RequestLog.shown(trace.path))", "error": "\(error)",
                ])
        }
        return body
    }

    /// An answer past its route's budget is a fault of the server, which it tells its operator.
    private func checkBudget(of answer: RouteAnswer, to trace: RequestTrace) {
        let most = trace.route?.budget(trace.method, configuration.limits).answerBytes ?? RouteBudget.errorBytes
        guard answer.body.count > most else { return }
        metrics.answeredOverBudget()
        configuration.logger.error(
            "an answer is larger than its route may give",
            metadata: [
                "request": "\(trace.id)", "route": "\(trace.pattern)", "bytes": "\(answer.body.count)",
                "most": "\(most)",
            ])
    }

    private func record(_ trace: RequestTrace, _ answer: RouteAnswer) {
        let duration = trace.started.duration(to: .now)
        metrics.answered(trace, status: answer.status.code, duration: duration)
        configuration.requestLog?.write(
            trace, status: answer.status.code, code: answer.code, bytes: answer.body.count, duration: duration,
            now: configuration.now())
    }

    /// Nobody is there to be answered.
    private func record(brokenOff trace: RequestTrace) {
        let duration = trace.started.duration(to: .now)
        metrics.answered(trace, status: BrokenOff.status, duration: duration)
        configuration.requestLog?.write(
            trace, status: BrokenOff.status, code: nil, bytes: 0, duration: duration, now: configuration.now())
    }

    private static let gone = ErrorBody(
        .serviceUnavailable,
        "the request had to wait, and its client has closed its side of the connection; nothing was done: send it again, "
            + "and leave the connection open until the answer is there")

    private static func methodNotAllowed(_ route: Route) -> RouteAnswer {
        let methods = route.methods + ["OPTIONS"]
        var answer = RouteAnswer(
            ErrorBody("common/method-not-allowed", "this route takes \(methods.joined(separator: ", "))", status: 405))
        answer.headers[.allow] = methods.joined(separator: ", ")
        return answer
    }

    private func preflight(_ trace: RequestTrace) -> Response {
        var headers = CORS.preflight()
        headers[.requestID] = trace.id
        record(trace, RouteAnswer(.noContent, body: AnswerBody(ByteBuffer())))
        return Response(status: .noContent, headers: headers)
    }
}

extension RouteAnswer {
    /// 429 or 503, with the time to wait.
    fileprivate init(_ busy: ErrorBody, retryAfterSeconds: Int) {
        self.init(busy)
        headers[.retryAfter] = String(retryAfterSeconds)
    }
}
#endif
