import BkendCurl
public import BkendTransport
import Synchronization

/// A transport on which things go wrong as a plan says: one client's view of a bad network.
///
///     let plan = FaultPlan.random(seed: 7)
///     let transport = try FaultTransport(plan)
///     let client = try BkendClient(url: server.url, key: server.publishableKey, transport: transport)
///     // … the app …
///     plan.heal()
///     // … everything must come right …
///     await transport.shutdown()
///
/// Requests that meet no fault go to the server by the transport below. A client doesn't shut down a transport that was
/// given to it: do that at the end of the test.
public final class FaultTransport: HTTPTransport {
    private let plan: FaultPlan
    private let base: any HTTPTransport
    private let swap = AnswerSwap<Buffered>()
    private let late = LateRequests()

    private struct Buffered: Sendable {
        var response: TransportResponse
        var body: [UInt8]

        var whole: TransportResponse {
            var response = response
            response.body = ResponseBody(body)
            return response
        }
    }

    /// A transport with faults.
    ///
    /// - Parameters:
    ///   - plan: which requests suffer what.
    ///   - base: what carries the others.
    public init(_ plan: FaultPlan, over base: some HTTPTransport) {
        self.plan = plan
        self.base = base
    }

    /// A transport with faults over a `CurlTransport` of its own.
    ///
    /// - Throws: what `CurlTransport` throws.
    public convenience init(_ plan: FaultPlan) throws(TransportError) {
        self.init(plan, over: try CurlTransport())
    }

    /// Sends one request, unless its fault is that it isn't sent.
    ///
    /// - Throws: ``TransportError``: what a real network would give for such a fault.
    public func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        guard let fault = plan.fault(request.head.method, request.head.path ?? "/") else {
            return try await base.send(request)
        }
        switch fault.kind {
        case .delay(let duration):
            do { try await plan.clock.sleep(for: duration) } catch {
                throw failure(request, .cancelled, .notSent, "the task was cancelled")
            }
            return try await base.send(request)
        case .refuse:
            throw failure(request, .cannotConnect, .notSent, "connection refused")
        case .dropBeforeCommit:
            throw lost(request)
        case .dropAfterCommit:
            _ = try await buffered(request)
            throw lost(request)
        case .commitLate(let duration):
            late.run(after: duration, on: plan.clock) { [base] in
                _ = try? await base.send(request).body.collect(upTo: .max)
            }
            throw lost(request)
        case .cutBody(let count):
            let answer = try await buffered(request)
            var response = answer.response
            let error = failure(request, .connectionLost, .answered, "the connection broke in the body")
            response.body = ResponseBody(CutBody(Array(answer.body.prefix(count)), error))
            return response
        case .answer(let answer, let afterCommit):
            if afterCommit { _ = try await buffered(request) }
            return answer.transportResponse
        case .swapAnswers:
            return await swap.exchange(try await buffered(request)).whole
        case .event(let body):
            do { try await body() } catch { throw lost(request) }
            return try await base.send(request)
        }
    }

    /// Returns when no request of ``Fault/commitLate(_:)`` is still to come.
    public func lateRequests() async { await late.finished() }

    /// Sends late requests at once, whatever the clock says, waits for them, and shuts the transport below down.
    public func shutdown() async {
        late.hurry()
        await late.finished()
        await base.shutdown()
    }

    private func buffered(_ request: TransportRequest) async throws(TransportError) -> Buffered {
        let response = try await base.send(request)
        return Buffered(response: response, body: try await response.body.collect(upTo: .max))
    }

    private func lost(_ request: TransportRequest) -> TransportError {
        failure(request, .connectionLost, .mayHaveReachedServer, "the connection broke before the answer")
    }

    private func failure(
        _ request: TransportRequest, _ kind: TransportError.Kind, _ delivery: TransportError.Delivery, _ reason: String
    ) -> TransportError {
        TransportError(
            kind: kind, delivery: delivery, replay: request.replay, method: request.head.method.rawValue,
            url: "\(request.head.scheme ?? "")://\(request.head.authority ?? "")\(request.head.path ?? "")",
            reason: "\(reason) (a fault that the test planned)")
    }
}

/// The beginning of a body, and then the error with which it breaks off.
private final class CutBody: ResponseBodySource {
    private let rest: Mutex<[UInt8]>
    private let error: TransportError

    init(_ bytes: [UInt8], _ error: TransportError) {
        rest = Mutex(bytes)
        self.error = error
    }

    func next() async throws(TransportError) -> [UInt8]? {
        let piece = rest.withLock { rest in
            defer { rest = [] }
            return rest
        }
        guard piece.isEmpty else { return piece }
        throw error
    }
}
