import BkendAccounts
import BkendWire
import HTTPTypes
import NIOCore

extension RouteAnswer {
    /// The answer to a write, with the place of its last change; of one that changed nothing there is none to tell.
    func at(_ written: WrittenPosition) -> RouteAnswer {
        guard let position = written.position else { return self }
        var answer = self
        answer.headers[Extensions.position] = LogPosition.text(position)
        return answer
    }
}

extension RecordRoutes {
    /// `POST /x1/changes`: what has changed since the cursors of a client's subscriptions.
    func changes(_ body: BodyReader.Body) async throws -> RouteAnswer {
        let (caller, answers) = (caller, answers)
        let budget = FeedBudget(time: .milliseconds(limits.changesMilliseconds))
        let request = try await store.engine.work(.body(bytes: body.count)) { try FeedRequest(try body.json()) }
        let out = try await store.query(limit: queryLimit) { session, attempt in
            try attempt.expect(.query(bytes: body.count))
            let pages = try FeedReader(caller: caller, budget: budget).pages(request, attempt, in: session)
            var out = AnswerBody(on: answers)
            try out.write(#"{"subscriptions":["#)
            for (index, page) in pages.enumerated() {
                if index > 0 { try out.write(",") }
                try page.write(request.subscriptions[index].name, time: session.now, into: &out)
            }
            try out.write("]}")
            return out
        }
        return RouteAnswer(body: out)
    }
}

extension RouteCall {
    private static let eventStream = "text/event-stream"
    /// A stream keeps its filters as text, as values and compiled, as long as it lasts.
    private static let mostFilterBytes = 8 << 10

    /// Whether the client asks for a stream of events.
    var wantsEvents: Bool {
        request.headers[values: .accept].joined(separator: ",").split(separator: ",").contains { range in
            let type = range.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
            return type.lowercased() == Self.eventStream
        }
    }

    /// The change feed as a stream: it stays open, and tells what changes when it is committed.
    func stream(of body: BodyReader.Body, _ caller: Caller) async throws -> RouteAnswer {
        let store = environment.store
        let asked = try await store.engine.work(.body(bytes: body.count)) { try FeedRequest(try body.json()) }
        guard asked.bytes <= Self.mostFilterBytes else {
            let message =
                "the filters of a stream may have \(Self.mostFilterBytes) bytes together, not \(asked.bytes); ask for "
                + "changes without a stream"
            throw ErrorBody(
                .validationError, message,
                details: [.init(field: "subscriptions", rule: "maxLength", message: message)])
        }
        // Who comes by a proxy without a name of its own is as many clients as the proxy has.
        let client = client.flatMap { services.configuration.trustedProxies.trusts($0) ? nil : $0 }
        let place = try StreamPlace(
            in: environment.streams,
            for: StreamHub.Owner(
                user: caller.createdBy, client: client?.network, subscriptions: asked.subscriptions.count))
        let connection = Connection.current
        if let refusal = connection?.beginStream(of: client) { throw refusal.error }
        let requester = Requester.current
        let stream = ChangeStream(
            place: place, store: store, request: asked, caller: caller, callerNow: { try await self.callerNow() },
            answers: services.account(of: client), budget: FeedBudget(time: .milliseconds(limits.changesMilliseconds)),
            queryLimit: .milliseconds(limits.queryMilliseconds))
        var answer = RouteAnswer(body: AnswerBody(ByteBuffer()))
        answer.headers[.contentType] = Self.eventStream
        answer.headers[.cacheControl] = "no-store"
        // Its connection counts as a stream from here on, and can't be used for anything else.
        answer.headers[.connection] = "close"
        // Proxies that collect answers hold events back (nginx, ngx_http_proxy_module).
        answer.headers[Extensions.buffering] = "no"
        answer.events = EventStream { write in
            let member = stream.place.member
            let watch = connection?.departure.watch { member.end() }
            defer { if let watch { connection?.departure.forget(watch) } }
            try await Requester.$current.withValue(requester) { try await stream.run(write) }
        }
        return answer
    }
}
