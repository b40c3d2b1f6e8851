import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

extension RemoteQueryable {
    /// What changes in the records of the query, as soon as the server has committed it. For apps without a local store: a
    /// store follows the server by itself.
    ///
    /// ```swift
    /// let published = posts.where { $0.isPublished == true }
    /// var cursor: ChangeCursor?
    /// for try await changes in published.changes(since: cursor) {
    ///     if cursor == nil { for try await post in published.all() { show(post) } }
    ///     update(changes.records, removing: changes.removed.map(\.id))
    ///     cursor = changes.cursor
    /// }
    /// ```
    ///
    /// Without a cursor, the first element has no records, only a cursor of this moment. List the records when you have it,
    /// and then continue: nothing is missed in between. Store each element's cursor with what you have, and pass it to
    /// `changes(since:)` after a restart. An element may bring nothing but a newer cursor.
    ///
    /// The sequence connects again when the network or the server was gone, and misses nothing. It has no end of its own.
    /// It throws `cancelled` when its task is cancelled, and what a retry can't mend. With the code `cursorExpired` the
    /// cursor doesn't hold any more, since it is too old, or since rules, the user or the user's role have changed:
    /// compare all records, and begin without a cursor. Up to a minute passes before it is thrown, so that not all
    /// clients list everything at the same moment. With the reason `unsupported` the server has no change feed.
    ///
    /// The query's filter counts; an order, a search and a selection of fields throw `invalidArgument`.
    ///
    /// - Parameters:
    ///   - cursor: where to continue; nil to begin now.
    ///   - polling: how often to ask a server that offers a change feed but no streams, or a proxy that lets none through.
    ///   - options: headers for each request, and the retry policy's delays. The number of attempts and the deadline don't
    ///     apply.
    public func changes(
        since cursor: ChangeCursor? = nil, polling: Duration = .seconds(5), options: CallOptions = .default
    ) -> ResultSequence<ChangedRecords<Model>, BkendError> {
        ResultSequence(RemoteChanges(query: query, cursor: cursor, polling: polling, options: options))
    }
}

/// See `RemoteQueryable.changes(since:polling:options:)`.
struct RemoteChanges<Model: RecordModel>: AsyncSequence, Sendable {
    typealias Element = ChangedRecords<Model>
    typealias Failure = BkendError

    let query: RemoteQuery<Model>
    let cursor: ChangeCursor?
    let polling: Duration
    let options: CallOptions

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self, cursor: cursor) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let source: RemoteChanges
        private var cursor: ChangeCursor?
        private var stream: Stream?
        /// How many attempts have failed since something came.
        private var failures = 0
        /// How many streams in a row brought nothing, or didn't last.
        private var fruitless = 0
        /// How long to wait before the next request.
        private var pause: Duration?
        private var isOver = false
        private var asking = Asking.stream

        /// How the server is asked.
        private enum Asking {
            case stream
            /// From time to time, until a stream is tried again.
            case polls(for: @Sendable () -> Duration)
            /// From time to time, for good: the server has no stream for this query.
            case pollsAlone

            var isForStream: Bool {
                switch self {
                case .stream: true
                case .polls(let time): time() >= RemoteChanges.patience
                case .pollsAlone: false
                }
            }
        }

        fileprivate init(source: RemoteChanges, cursor: ChangeCursor?) {
            (self.source, self.cursor) = (source, cursor)
        }

        mutating func next() async throws(BkendError) -> ChangedRecords<Model>? {
            try await next(isolation: #isolation)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(BkendError) -> ChangedRecords<Model>? {
            if isOver { return nil }
            isOver = true  // stays so if what follows throws
            let changes = try await changes(isolation: actor)
            isOver = false
            return changes
        }

        private mutating func changes(
            isolation actor: isolated (any Actor)?
        ) async throws(BkendError) -> ChangedRecords<Model> {
            while true {
                do throws(RequestFailure) {
                    let answer = stream == nil ? try await connect() : try await event()
                    guard let answer else { continue }
                    let changes = try source.changes(answer, since: cursor)
                    // A stream that ends after its first event, again and again, is a failure each time.
                    if stream == nil || stream?.isProven == true || !changes.isEmpty { failures = 0 }
                    cursor = changes.cursor
                    return changes
                } catch { try await recover(from: error) }
            }
        }

        /// Decides how to go on after a failure.
        private mutating func recover(from failure: RequestFailure) async throws(BkendError) {
            if let stream { fruitless = stream.isProven ? 0 : fruitless + 1 }
            if stream == nil, failure.isSilence { fruitless += 1 }
            stream = nil
            // A stream takes neither a pattern nor a long filter; a single request takes both.
            if failure.error.code == .validationError, asking.isForStream {
                asking = .pollsAlone
                return
            }
            guard let outcome = failure.outcome, let delay = source.delay(after: outcome, failures + 1) else {
                if failure.error.code == .cursorExpired, let wait = failure.error.retryAfter {
                    // The server gives each client a different wait, so that they don't all list everything at once.
                    try await source.sleep(wait)
                }
                throw failure.error
            }
            failures += 1
            if asking.isForStream, fruitless >= RemoteChanges.attempts || failure.isTooMany {
                fruitless = 0
                asking = .polls(for: source.runner.pacing.stopwatch())
                pause = failure.isTooMany ? nil : delay
            } else {
                pause = delay
            }
        }

        /// Asks the server; the answer where it offers no stream.
        private mutating func connect() async throws(RequestFailure) -> JSON? {
            if let pause {
                self.pause = nil
                do { try await source.sleep(pause) } catch { throw RequestFailure(error: error) }
            }
            let call = try source.call(since: cursor, asStream: asking.isForStream)
            let response: TransportResponse
            do throws(CallRunner.OpeningFailure) { response = try await source.runner.open(call) } catch {
                throw RequestFailure(error: source.named(error.error), outcome: error.outcome)
            }
            if response.head.isEventStream {
                asking = .stream
                stream = Stream(body: response.body.makeAsyncIterator(), age: source.runner.pacing.stopwatch())
                return nil
            }
            pause = source.polling
            let body: [UInt8]
            do throws(TransportError) {
                body = try await response.body.collect(upTo: source.runner.options.maximumResponseBytes)
            } catch { throw source.failure(error) }
            switch AnswerReading(response.head, body) {
            case .payload(let json):
                if json["subscriptions"]?[0]?["hasMore"] == true { pause = nil }
                return json
            case .error(let error):
                throw RequestFailure(error: source.named(BkendError(.server(error), operation: source.operation)))
            case .foreign(let detail): throw source.failure(source.malformed(detail))
            }
        }

        /// The next event of the stream; nil where it was none that tells changes.
        private mutating func event() async throws(RequestFailure) -> JSON? {
            let limit = source.runner.options.maximumResponseBytes
            do throws(TransportError) {
                guard let event = try await stream?.next(upTo: limit) else {
                    throw source.malformed("the stream has ended", .connectionLost)
                }
                try source.runner.checkIsOpen()
                // Its token has lapsed, as a rule: the next request is refused, and renews it.
                if event.name == "unauthorized" {
                    throw source.malformed(
                        "the stream has ended, since the caller is not the one who began it", .connectionLost)
                }
                if event.name != "message" { return nil }
                do { return try JSON(parsing: event.data) } catch {
                    throw source.malformed("an event isn't JSON: \(error)")
                }
            } catch { throw source.failure(error) }
        }
    }

    /// An open answer.
    private struct Stream {
        var body: ResponseBody.AsyncIterator
        /// How long it is open.
        let age: @Sendable () -> Duration
        var parser = EventParser()
        var events: [EventParser.Event] = []

        private var hasEvents = false

        init(body: ResponseBody.AsyncIterator, age: @escaping @Sendable () -> Duration) {
            self.body = body
            self.age = age
        }

        /// Whether it has brought something and lasted. A stream that ends at once is a failed attempt.
        var isProven: Bool { hasEvents && age() >= .seconds(10) }

        mutating func next(upTo limit: Int) async throws(TransportError) -> EventParser.Event? {
            while events.isEmpty {
                guard let bytes = try await body.next() else { return nil }
                events = parser.events(in: bytes).reversed()
                hasEvents = hasEvents || !events.isEmpty
                guard parser.bytes <= limit else {
                    throw TransportError(
                        kind: .bodyTooLarge, delivery: .answered, reason: "an event has more than \(limit) bytes")
                }
            }
            return events.popLast()
        }
    }

    /// What went wrong, and whether trying again may mend it.
    private struct RequestFailure: Error {
        let error: BkendError
        /// For the retry policy; nil where it may not.
        var outcome: RetryPolicy.Outcome?

        /// Whether no answer began: a proxy may collect the stream's.
        var isSilence: Bool {
            if case .failed(let error)? = outcome { error.kind == .idleTimedOut } else { false }
        }

        /// Whether the server has as many streams as it takes.
        var isTooMany: Bool {
            guard case .answered(_, isFromServer: true)? = outcome else { return false }
            return error.code == .tooManyConnections || error.code == .serviceUnavailable
        }
    }

    fileprivate static var eventStream: String { "text/event-stream" }
    /// The most records of one element.
    private static var limit: Int64 { 1_000 }
    /// How many fruitless streams there are in a row, before the server is asked without one.
    private static var attempts: Int { 3 }
    /// After how long a stream is tried again.
    private static var patience: Duration { .seconds(300) }
    /// The least time between two requests, whatever the app's policy says.
    private static var leastPause: Duration { .milliseconds(10) }

    private var runner: CallRunner { query.source.runner }

    private var operation: BkendError.Operation {
        BkendError.Operation(method: Call.Method.get.rawValue, table: query.table)
    }

    private func delay(after outcome: RetryPolicy.Outcome, _ attempt: Int) -> Duration? {
        var policy = options.retry ?? runner.options.retry
        // An answer that can't be read, several times in a row, isn't a bkend server's.
        if case .failed(let error) = outcome, error.kind == .malformedResponse {} else { policy.maximumAttempts = .max }
        return runner.delay(after: outcome, attempt: attempt, .idempotent, by: policy, left: nil)
    }

    private func sleep(_ duration: Duration) async throws(BkendError) {
        do { try await runner.pacing.sleep(Swift.max(duration, Self.leastPause)) } catch {
            throw BkendError(.cancelled(.notSent), operation: operation)
        }
    }

    private func malformed(_ reason: String, _ kind: TransportError.Kind = .malformedResponse) -> TransportError {
        TransportError(kind: kind, delivery: .answered, replay: .idempotent, reason: reason)
    }

    private func failure(_ error: TransportError) -> RequestFailure {
        RequestFailure(error: BkendError(BkendError.Reason(error), operation: operation), outcome: .failed(error))
    }

    /// A refusal of the request, as one of the query. A server that doesn't know the route has no change feed.
    private func named(_ error: BkendError) -> BkendError {
        var error = error
        error.operation = operation
        let isUnknown =
            switch error.reason {
            case .server(let body): body.code == .routeNotFound || body.status == 405
            // A proxy that knows `/v1` alone.
            case .foreignAnswer(let status, _, _): status == 404
            default: false
            }
        guard isUnknown else { return error }
        error.reason = .unsupported("the server offers no change feed; list the records from time to time instead")
        return error
    }

    private func call(since cursor: ChangeCursor?, asStream: Bool) throws(RequestFailure) -> Call {
        func refuse(_ reason: BkendError.Reason) -> RequestFailure {
            RequestFailure(error: BkendError(reason, operation: operation))
        }
        let parts = query.parts
        guard parts.sort.isEmpty, parts.search == nil, parts.select == nil else {
            throw refuse(
                .invalidArgument("changes() follows a filter; leave out the order, the search and the selection"))
        }
        if let field = parts.filter.unwritableField {
            throw refuse(.encoding(JSONCodingError(path: field, message: "the filter has a value that isn't JSON")))
        }
        var subscription: JSONObject = [
            "name": "changes", "table": .string(query.table), "limit": .int(Self.limit),
        ]
        do throws(FilterNotExpressible) {
            let form = try parts.filter.rest()
            subscription["andFilters"] = form.andFilters.map(JSON.object)
            subscription["orFilters"] = form.orFilters.map(JSON.object)
        } catch { throw refuse(.notExpressible(error)) }
        if let cursor { subscription["since"] = .string(cursor.rawValue) }
        var call = Call(.post, extended: ["changes"], options: options)
        call.body = ["subscriptions": .array([.object(subscription)])]
        if asStream { call.accept = "\(Self.eventStream), application/json" }
        // Asking twice does no harm.
        call.isHarmless = true
        return call
    }

    /// What an answer tells.
    private func changes(_ answer: JSON, since cursor: ChangeCursor?) throws(RequestFailure) -> ChangedRecords<Model> {
        guard let page = answer["subscriptions"]?[0] else { throw failure(malformed("the answer has no page")) }
        if let error = page["error"] {
            let code = error["code"]?.stringValue ?? ""
            guard let body = ErrorBody(["error": error], status: ErrorCode(rawValue: code).status) else {
                throw failure(malformed("the change feed refused the query without a code"))
            }
            var refusal = BkendError(.server(body), operation: operation)
            refusal.retryAfter = error["retryAfter"]?.intValue.map { .seconds(Swift.min(Swift.max($0, 0), 60)) }
            throw RequestFailure(error: refusal)
        }
        guard let next = page["cursor"]?.stringValue else { throw failure(malformed("a page has no cursor")) }
        // A page is only for the state that it was made for (docs/extensions.md, "Asking").
        if let cursor, page["since"]?.stringValue != cursor.rawValue {
            throw failure(malformed("a page continues from another place than the one before it ended"))
        }
        var changes = ChangedRecords<Model>(
            records: [], removed: [], undecodable: [], cursor: ChangeCursor(rawValue: next))
        for row in page["upserts"]?.arrayValue ?? [] {
            guard let object = row.objectValue, let id = object["id"]?.stringValue else {
                throw failure(malformed("a changed record has no id"))
            }
            do throws(JSONCodingError) { changes.records.append(try Record<Model>(json: object)) } catch {
                changes.undecodable.append(UndecodableRecord(error, id: id))
            }
        }
        for row in page["removed"]?.arrayValue ?? [] {
            guard let id = row["id"]?.stringValue, let at = row["at"]?.stringValue.flatMap(Timestamp.init) else {
                throw failure(malformed("a removed record has no id, or no time"))
            }
            changes.removed.append(RemovedRecord(id: id, at: at.date))
        }
        return changes
    }
}
