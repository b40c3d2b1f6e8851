import BkendAccounts
import BkendDocuments
import BkendWire
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Answers every request: traces it, holds it to the limits, and puts what its route answers, or what was thrown, into a
/// response. The routes are `Route.all`.
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

    let services: RouteServices
    let requestIDs: RequestIDs
    let limiter: RequestLimiter
    let metrics: ServerMetrics

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
        var route: Route?
        do {
            try admit(trace.client)
            answer = try await self.answer(request, query, &trace, &route)
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
            let body = failure(error, trace)
            answer = body.code == .serviceUnavailable ? RouteAnswer(body, retryAfterSeconds: 5) : RouteAnswer(body)
        }
        // What a write that was made answers was counted before it was stored: nothing may be refused any more.
        if request.method == .get || request.method == .head || answer.status.code >= 400 {
            do throws(TooManyRequests) {
                answer.body = try answer.body.settled(on: services.account(of: trace.client))
            } catch {
                answer = RouteAnswer(error.body, retryAfterSeconds: error.retryAfterSeconds)
            }
        }
        checkBudget(of: answer, on: route, to: trace)
        let response = answer.response(
            to: trace, isFromPage: headers[.origin] != nil, extensions: extensions, on: context.loop)
        record(trace, answer)
        return response
    }

    private var configuration: ServerConfiguration { services.configuration }

    /// What this server tells of itself.
    private var extensions: Extensions { configuration.extensions }

    /// Counts a request of a client behind a trusted proxy, whose connections are the proxy's.
    private func admit(_ client: ClientAddress?) throws(TooManyRequests) {
        guard let connection = Connection.current, let client, !configuration.trustedProxies.trusts(client),
            !connection.beginRequest(of: client)
        else { return }
        throw TooManyRequests(
            .tooManyConnections, "you have \(configuration.limits.connectionsPerAddress) requests in flight",
            retryAfterSeconds: 1)
    }

    /// What the request's route answers.
    ///
    /// - Parameter route: set to the route, once it is known.
    private func answer(
        _ request: Request, _ query: Substring, _ trace: inout RequestTrace, _ route: inout Route?
    ) async throws -> RouteAnswer {
        let (found, match, key, credentials): (Route, RouteMatch, ResolvedKey, Credentials)
        let now = configuration.now()
        do {
            try RequestTarget.check(trace.path, query, configuration.limits)
            match = try RouteTree.all.match(trace.path.utf8)
            trace.pattern = match.pattern
            guard let route = match.route(request.method) else { return Self.methodNotAllowed(match) }
            found = route
            switch route.handler {
            case .open(let answer): return answer()
            case .addressed(let answer):
                return try await self.answer(request, query, match, &trace, by: route, answer)
            case .keyed: break
            }
            credentials = try Credentials(request.headers)
            key = try await services.keys.key(credentials.key, now: now)
        } catch let error as ErrorBody {
            trace.rate = try limiter.count(nil, from: trace.client, now: now)
            throw error
        }
        route = found
        trace.environment = key.environment
        trace.rate = try limiter.count(key.digest, from: trace.client, now: now)
        return try await Requester.$current.withValue(requester(key.environment, trace)) {
            let environment = try await services.environments.environment(key.environment)
            let caller = try await services.caller(credentials, key, on: found, in: environment)
            trace.group = caller.group
            trace.userID = caller.userID
            let call = RouteCall(
                services: services, route: found, table: match.table, id: match.id, request: request, query: query,
                requestID: trace.id, client: trace.client, credentials: credentials, key: key,
                environment: environment, caller: caller)
            return try await found.answer(call)
        }
    }

    /// What the address of a file's bytes answers, which needs no key: the address says whose it is.
    private func answer(
        _ request: Request, _ query: Substring, _ match: RouteMatch, _ trace: inout RequestTrace, by route: Route,
        _ answer: @Sendable (AddressCall) async throws -> RouteAnswer?
    ) async throws -> RouteAnswer {
        trace.rate = try limiter.count(RouteServices.addresses, from: trace.client, now: configuration.now())
        let image = route.isOfPictures ? try ImageAddress(match.id) : nil
        guard let key = route.isOfPictures ? image?.key : FileKey(match.id) else { throw ErrorBody.noSuchAddress }
        for name in try await environments(of: key, query) {
            trace.environment = name
            let files: EnvironmentFiles
            do { files = try await services.environments.environment(name).files } catch {
                // The damage of one environment is no reason to refuse what is of another.
                guard FileKey.tag(of: name) != key.tag else { throw error }
                configuration.logger.warning(
                    "an environment with imported files can't be opened",
                    metadata: ["environment": "\(name)", "error": "\(error)"])
                continue
            }
            let call = AddressCall(
                services: services, route: route, key: key, options: image?.options ?? .init(), request: request,
                path: trace.path, query: query,
                client: trace.client, files: files)
            let found = try await Requester.$current.withValue(requester(name, trace)) { try await answer(call) }
            if let found { return found }
            // What was issued here isn't looked for elsewhere: not public any more is not there.
            if FileKey.tag(of: name) == key.tag, try await files.knows(key) { break }
        }
        throw request.method == .put ? ErrorBody.lapsedAddress : ErrorBody.noSuchAddress
    }

    /// The environments that an address can be of, in the order in which they are asked.
    private func environments(of key: FileKey, _ query: Substring) async throws -> [EnvironmentName] {
        // A signed address is of the environment whose API key it was asked for by, whatever other files have the key.
        if let mark = FileAddress.keyMark(in: query),
            let asked = try await services.keys.key(marked: mark, now: configuration.now())
        {
            return [asked.environment]
        }
        return try await services.tags.environments(tagged: key.tag)
    }

    /// Whose share of the queues the request uses.
    private func requester(_ name: EnvironmentName, _ trace: RequestTrace) -> Requester {
        let departure = Connection.current?.departure
        return Requester(
            share: QueueShare(
                project: name.project, environment: name.environment,
                client: trace.client?.network.description ?? ""),
            departure: { departure })
    }

    private func failure(_ error: any Error, _ trace: RequestTrace) -> ErrorBody {
        let body = ErrorBody(answering: error)
        if body.status >= 500, !(error is UserStorageFull) {
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
    private func checkBudget(of answer: RouteAnswer, on route: Route?, to trace: RequestTrace) {
        let most = route?.budget(configuration.limits).answerBytes ?? RouteBudget.errorBytes
        // A stream is read in pieces, whatever its length.
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
            trace, status: answer.status.code, code: answer.code, bytes: answer.count, duration: duration,
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

    private static func methodNotAllowed(_ match: RouteMatch) -> RouteAnswer {
        let methods = match.methods + ["OPTIONS"]
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
