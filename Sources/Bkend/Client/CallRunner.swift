import BkendTransport
import BkendWire
import Foundation
import HTTPTypes
import Logging
import Synchronization

/// Sends calls: builds the request, repeats it as the policy allows, reads the answer.
final class CallRunner: Sendable {
    let address: ServerAddress
    private let key: APIKey
    let options: ClientOptions
    private let transport: any HTTPTransport
    let pacing: Pacing
    let sessions: SessionKeeper
    let extensions = ServerExtensions()
    private let isClosed = Atomic(false)

    init(
        address: ServerAddress, key: APIKey, options: ClientOptions, transport: any HTTPTransport, pacing: Pacing,
        store: any SessionStore
    ) {
        self.address = address
        self.key = key
        self.options = options
        self.transport = transport
        self.pacing = pacing
        sessions = SessionKeeper(store: store, server: address.text, pacing: pacing, extensions: extensions)
    }

    /// The server and the key, as they tell accounts of one server apart from another's; without secrets.
    var identity: String { "\(address.text) \(key.fingerprint)" }

    /// Whether calls are refused.
    var isShutDown: Bool { isClosed.load(ordering: .relaxed) }

    /// Refuses calls from now on.
    func close() { isClosed.store(true, ordering: .relaxed) }

    /// What is left of a call's deadline from now on, for a call of several requests.
    func stopwatch(_ call: CallOptions) -> @Sendable () -> Duration? {
        let elapsed = pacing.stopwatch()
        let deadline = call.deadline ?? options.deadline
        return { deadline.map { $0 - elapsed() } }
    }

    /// Runs a call as whoever an access token belongs to, or as a guest.
    func run(
        _ call: Call, token: String?, deadline: Duration?, previousAttempts: Int = 0
    ) async throws(BkendError) -> CallAnswer {
        let elapsed = pacing.stopwatch()
        var request = try request(for: call, token: token)
        let policy = call.options.retry ?? options.retry
        var attempt = 1
        while true {
            request.timeouts.total = deadline.map { $0 - elapsed() }
            let outcome = await send(request, call, attempt: previousAttempts + attempt)
            report(outcome, call, elapsed())
            let failure: Failure
            switch outcome {
            case .success(let answer): return answer
            case .failure(let failed): failure = failed
            }
            let wait = delay(
                after: failure.outcome, attempt: attempt, call.replay, by: policy,
                left: deadline.map { $0 - elapsed() })
            guard let delay = wait else { throw failure.error }
            options.logger.info("repeating \(call.operation) after \(delay)")
            do {
                try await pacing.sleep(delay)
            } catch {
                throw BkendError(
                    .cancelled(.notSent), operation: call.operation, requestID: failure.error.requestID,
                    attempts: previousAttempts + attempt)
            }
            attempt += 1
        }
    }

    // MARK: One attempt

    private struct Failure: Error {
        var error: BkendError
        var outcome: RetryPolicy.Outcome
    }

    private func send(
        _ request: TransportRequest, _ call: Call, attempt: Int
    ) async -> Result<CallAnswer, Failure> {
        var requestID: String?
        func failure(_ reason: BkendError.Reason, _ outcome: RetryPolicy.Outcome) -> Result<CallAnswer, Failure> {
            var error = BkendError(reason, operation: call.operation, requestID: requestID, attempts: attempt)
            if case .answered(let head, _) = outcome { error.retryAfter = RetryAfter(head)?.delay(now: pacing.now()) }
            return .failure(Failure(error: error, outcome: outcome))
        }
        do throws(TransportError) {
            if isClosed.load(ordering: .relaxed), call.leavesWithin == nil {
                throw TransportError(kind: .shutDown, delivery: .notSent, reason: "the client has been shut down")
            }
            if let total = request.timeouts.total, total <= .zero {
                throw TransportError(kind: .totalTimedOut, delivery: .notSent, reason: "the deadline has passed")
            }
            let response = try await transport.send(request)
            requestID = response.head.headerFields[Self.requestIDField].map(Redaction.redact)
            let body = try await response.body.collect(upTo: options.maximumResponseBytes)
            switch AnswerReading(response.head, body) {
            case .payload(let json):
                extensions.note(success: response.head)
                return .success(CallAnswer(json: json, requestID: requestID, attempts: attempt))
            case .error(let error):
                return failure(.server(error), .answered(response.head, isFromServer: true))
            case .foreign(let detail):
                let contentType = response.head.headerFields[.contentType].map(Redaction.redact)
                let status = response.head.status.code
                var outcome = RetryPolicy.Outcome.answered(response.head, isFromServer: false)
                // What does no harm twice is asked again, past whoever has answered in the server's place.
                if call.isHarmless, status < 500, status != 408, status != 429 {
                    outcome = .failed(
                        TransportError(
                            kind: .malformedResponse, delivery: .answered, replay: call.replay, reason: detail))
                }
                return failure(.foreignAnswer(status: status, contentType: contentType, detail: detail), outcome)
            }
        } catch {
            return failure(BkendError.Reason(error), .failed(error))
        }
    }

    /// Sends a call once and gives the answer as it came, whoever gave it.
    func exchange(
        _ call: Call, token: String?, deadline: Duration
    ) async throws(TransportError) -> (head: HTTPResponse, body: [UInt8]) {
        if isClosed.load(ordering: .relaxed) {
            throw TransportError(kind: .shutDown, delivery: .notSent, reason: "the client has been shut down")
        }
        var request: TransportRequest
        do throws(BkendError) {
            request = try self.request(for: call, token: token)
        } catch {
            throw TransportError(kind: .invalidRequest, delivery: .notSent, reason: error.description)
        }
        request.timeouts.total = deadline
        let response = try await transport.send(request)
        let body = try await response.body.collect(upTo: options.maximumResponseBytes)
        if (200...299).contains(response.head.status.code), response.head.isJSON {
            extensions.note(success: response.head)
        }
        return (response.head, body)
    }

    /// Sends a request to a storage's address.
    func exchange(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        if isClosed.load(ordering: .relaxed) {
            throw TransportError(kind: .shutDown, delivery: .notSent, reason: "the client has been shut down")
        }
        if let total = request.timeouts.total, total <= .zero {
            throw TransportError(kind: .totalTimedOut, delivery: .notSent, reason: "the deadline has passed")
        }
        return try await transport.send(request)
    }

    /// How long to wait before the next attempt; nil where there is none. A wait past the deadline would end in a worse
    /// error than the one at hand.
    func delay(
        after outcome: RetryPolicy.Outcome, attempt: Int, _ replay: Replay, by policy: RetryPolicy, left: Duration?
    ) -> Duration? {
        let decision = pacing.draw { generator in
            policy.decide(attempt: attempt, outcome: outcome, replay: replay, now: Date(), using: &generator)
        }
        guard case .retry(let delay) = decision else { return nil }
        if let left, delay >= left { return nil }
        return delay
    }

    private func report(_ outcome: Result<CallAnswer, Failure>, _ call: Call, _ elapsed: Duration) {
        options.logger.debug(
            "\(call.operation)",
            metadata: {
                var metadata: Logger.Metadata = ["elapsed": "\(elapsed)"]
                switch outcome {
                case .success(let answer):
                    metadata["attempt"] = "\(answer.attempts)"
                    metadata["request"] = answer.requestID.map { "\($0)" }
                case .failure(let failure):
                    metadata["attempt"] = "\(failure.error.attempts)"
                    metadata["request"] = failure.error.requestID.map { "\($0)" }
                    metadata["error"] = "\(failure.error)"
                }
                return metadata
            }())
    }

    // MARK: The request

    private static let apiKeyField = HTTPField.Name("X-API-Key")
    private static let requestIDField = HTTPField.Name("X-Request-Id") ?? .server

    func request(for call: Call, token: String?) throws(BkendError) -> TransportRequest {
        func refuse(_ message: String) -> BkendError {
            BkendError(.invalidArgument(message), operation: call.operation)
        }
        // An empty name or id would address another resource: the list of tables, or the table itself.
        let segments: [String]
        switch call.target {
        case .records(let table, let id):
            guard !table.isEmpty else { throw refuse("the table's name is empty") }
            guard id?.isEmpty != true else { throw refuse("the record's id is empty") }
            segments = ["data", table] + (id.map { [$0] } ?? [])
        case .route(let route), .extended(let route):
            guard !route.contains("") else { throw refuse("the id is empty") }
            segments = route
        }
        for name in segments where name == "." || name == ".." {
            throw refuse("\(name) isn't a valid name; it would address another resource")
        }
        var path = if case .extended = call.target { address.extendedPath(segments) } else { address.path(segments) }
        if !call.query.isEmpty { path += "?" + QueryItem.encode(call.query) }
        var fields: HTTPFields = [.accept: call.accept]
        if let name = Self.apiKeyField { fields[name] = key.text }
        if let token { fields[.authorization] = "Bearer " + token }
        let body = call.exactBody ?? call.body?.serialized()
        if body != nil { fields[.contentType] = "application/json" }
        for headers in [options.headers, call.options.headers] {
            for (name, value) in headers {
                guard let fieldName = HTTPField.Name(name) else { throw refuse("\(name) isn't a valid header name") }
                guard HTTPField.isValidValue(value) else {
                    throw refuse("the value of header \(name) contains a line break, NUL or other forbidden byte")
                }
                fields[fieldName] = value
            }
        }
        let head = HTTPRequest(
            method: HTTPRequest.Method(call.method.rawValue) ?? .get, scheme: address.scheme,
            authority: address.authority, path: path, headerFields: fields)
        var timeouts = options.timeouts
        if let limit = call.leavesWithin { timeouts.connect = min(timeouts.connect, limit) }
        return TransportRequest(
            head: head, body: body.map { .bytes($0) } ?? .none, timeouts: timeouts,
            replay: call.replay, maximumResponseBytes: options.maximumResponseBytes)
    }
}
