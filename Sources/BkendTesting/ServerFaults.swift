import BkendServer
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// Faults of a server: what a plan says becomes of a request between the socket and the API.
final class ServerFaults: Sendable {
    private let plan: FaultPlan
    private let swap = AnswerSwap<Buffered>()
    private let late = LateRequests()

    private struct Buffered: Sendable {
        var response: Response
        var body: ByteBuffer

        var whole: Response {
            Response(status: response.status, headers: response.headers, body: ResponseBody(byteBuffer: body))
        }
    }

    /// The connection was broken on purpose.
    private struct Broken: Error {}

    init(_ plan: FaultPlan) { self.plan = plan }

    /// What stands before the API.
    var interception: Interception {
        { [self] request, drop, next in
            guard let fault = plan.fault(request.method, request.head.path ?? "/") else {
                return try await next(request)
            }
            return try await respond(fault, request, drop, next)
        }
    }

    /// Returns when no request of `Fault.commitLate` is still to come.
    func lateRequests() async { await late.finished() }

    /// Has them come at once.
    func hurry() { late.hurry() }

    private func respond(
        _ fault: Fault, _ request: Request, _ drop: @escaping @Sendable () -> Void,
        _ next: @escaping @Sendable (Request) async throws -> Response
    ) async throws -> Response {
        var request = request
        switch fault.kind {
        case .delay(let duration):
            try await plan.clock.sleep(for: duration)
            return try await next(request)
        case .refuse, .dropBeforeCommit:
            drop()
            throw Broken()
        case .dropAfterCommit:
            _ = try await next(request)
            drop()
            throw Broken()
        case .commitLate(let duration):
            _ = try await request.collectBody(upTo: 16 << 20)
            late.run(after: duration, on: plan.clock) { [request] in
                _ = try? await withoutConnection { try await next(request) }
            }
            drop()
            throw Broken()
        case .cutBody(let count):
            let answer = try await buffered(next(request))
            let beginning = answer.body.getSlice(
                at: answer.body.readerIndex, length: min(count, answer.body.readableBytes))
            var response = answer.response
            response.body = ResponseBody(contentLength: answer.body.readableBytes) { writer in
                if let beginning { try await writer.write(beginning) }
                throw Broken()  // which closes the connection after what was written
            }
            return response
        case .answer(let answer, let afterCommit):
            if afterCommit { _ = try await next(request) }
            let body = ByteBuffer(string: answer.body)
            var headers = answer.head.headerFields
            headers[.contentLength] = "\(body.readableBytes)"
            return Response(status: answer.head.status, headers: headers, body: ResponseBody(byteBuffer: body))
        case .swapAnswers:
            return await swap.exchange(try await buffered(next(request))).whole
        case .event(let body):
            do { try await body() } catch {
                drop()
                throw error
            }
            return try await next(request)
        }
    }

    private func buffered(_ response: Response) async throws -> Buffered {
        let writer = Collector()
        try await response.body.write(writer)
        return Buffered(response: response, body: writer.bytes.withLock { $0 })
    }
}

/// Keeps what is written.
private final class Collector: ResponseBodyWriter {
    let bytes = Mutex(ByteBuffer())

    func write(_ buffer: ByteBuffer) { bytes.withLock { _ = $0.writeImmutableBuffer(buffer) } }
    func finish(_ trailingHeaders: HTTPFields?) {}
}
