import BkendTransport
import BkendWire
import HTTPTypes

extension CallRunner {
    /// How long an answer that stays open may be silent: three times as long as a server is (docs/extensions.md).
    private static let silence = Duration.seconds(45)
    /// The most bytes of a refusal.
    private static let refusalBytes = 1 << 20

    /// Opens an answer that is read while it comes, as the user who is signed in.
    ///
    /// - Returns: an answer with a status of 200 to 299. Its body may never end.
    /// - Throws: `OpeningFailure`, also for every other status.
    func open(_ call: Call) async throws(OpeningFailure) -> TransportResponse {
        let session: Session?
        do { session = try await self.session(for: call) } catch { throw OpeningFailure(error: error) }
        do { return try await open(call, token: session?.accessToken) } catch {
            guard let session, let refusal = RefreshDecision.concerns(error.error) else { throw error }
            let next: Session?
            do throws(BkendError) {
                next = try await outcome(of: renewed(after: session, refusal: refusal), call, within: nil)
            } catch { throw OpeningFailure(error: error, outcome: Self.outcome(ofRenewal: error)) }
            guard let next else { throw error }
            return try await open(call, token: next.accessToken)
        }
    }

    /// What a session that wasn't renewed counts as: without a network, or beside a busy server, it may be later.
    private static func outcome(ofRenewal error: BkendError) -> RetryPolicy.Outcome? {
        func answered(_ status: Int, isFromServer: Bool) -> RetryPolicy.Outcome? {
            guard status == 429 || status >= 500 else { return nil }
            return .answered(HTTPResponse(status: HTTPResponse.Status(code: status)), isFromServer: isFromServer)
        }
        return switch error.reason {
        case .transport(let failure): .failed(failure)
        case .server(let body): answered(body.status, isFromServer: true)
        case .foreignAnswer(let status, _, _): answered(max(status, 500), isFromServer: false)
        default: nil
        }
    }

    /// Refuses whatever is still open of a client that was shut down.
    func checkIsOpen() throws(TransportError) {
        guard isShutDown else { return }
        throw TransportError(kind: .shutDown, delivery: .answered, reason: "the client has been shut down")
    }

    /// Why an answer didn't begin.
    struct OpeningFailure: Error {
        let error: BkendError
        /// Whether it may be tried again is for the retry policy to say; nil where nothing was sent.
        var outcome: RetryPolicy.Outcome?
    }

    private func open(_ call: Call, token: String?) async throws(OpeningFailure) -> TransportResponse {
        var request: TransportRequest
        do { request = try self.request(for: call, token: token) } catch { throw OpeningFailure(error: error) }
        request.timeouts.idle = Self.silence
        request.timeouts.total = nil
        request.maximumResponseBytes = .max
        let (head, body): (HTTPResponse, [UInt8])
        do throws(TransportError) {
            let response = try await exchange(request)
            guard !(200...299).contains(response.head.status.code) else {
                if response.head.isJSON || response.head.isEventStream { extensions.note(success: response.head) }
                return response
            }
            (head, body) = (response.head, try await response.body.collect(upTo: Self.refusalBytes))
        } catch {
            throw OpeningFailure(
                error: BkendError(BkendError.Reason(error), operation: call.operation), outcome: .failed(error))
        }
        throw Self.failure(head, body, call)
    }

    private static func failure(_ head: HTTPResponse, _ body: [UInt8], _ call: Call) -> OpeningFailure {
        switch AnswerReading(head, body) {
        case .error(let error):
            return OpeningFailure(
                error: BkendError(.server(error), operation: call.operation),
                outcome: .answered(head, isFromServer: true))
        case .payload:
            return OpeningFailure(
                error: BkendError(
                    .foreignAnswer(
                        status: head.status.code,
                        contentType: head.headerFields[.contentType].map(Redaction.redact),
                        detail: "a refusal with the body of a success"),
                    operation: call.operation))
        case .foreign(let detail):
            let error = BkendError(
                .foreignAnswer(
                    status: head.status.code, contentType: head.headerFields[.contentType].map(Redaction.redact),
                    detail: detail), operation: call.operation)
            return OpeningFailure(error: error, outcome: .answered(head, isFromServer: false))
        }
    }
}

extension HTTPResponse {
    /// Whether the body is a sequence of events.
    var isEventStream: Bool {
        headerFields[.contentType]?.lowercased().hasPrefix("text/event-stream") ?? false
    }
}
