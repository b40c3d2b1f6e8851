#if Server
import BkendWire
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Guards one connection: a request that dribbles in is cut off by a deadline that no further byte extends (the idle
/// time-out restarts at each part), a client that asks `Expect: 100-continue` is told to go on, and one whose request is no
/// HTTP is told so in the shape of every other error.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private let metrics: ServerMetrics
    private var deadline: Scheduled<Void>?
    /// Why nothing more can be read from the connection.
    private var refusal: ErrorBody?

    init(limits: ServerLimits, metrics: ServerMetrics) {
        self.limits = limits
        self.metrics = metrics
    }

    func handlerAdded(context: ChannelHandlerContext) { metrics.connected() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if mayHaveBody(head) { startDeadline(context) }
            if expectsContinue(head) {
                let go = HTTPResponsePart.head(HTTPResponse(status: .continue))
                context.writeAndFlush(wrapOutboundOut(go), promise: nil)
            }
        case .body: break
        case .end: cancelDeadline()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { refusal = refusal(of: error) }
        context.fireErrorCaught(error)
    }

    /// Hummingbird answers what it can't read with an empty 400, once the requests before it are answered; that one is
    /// known by its length, since no answer of ours is empty and an error.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let refusal, case .head(let head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentLength] == "0"
        else { return context.write(data, promise: promise) }
        let answer = RouteAnswer(refusal)
        metrics.answeredUnreadable(status: answer.status.code)
        let headers: HTTPFields = [
            .contentType: "application/json; charset=utf-8", .contentLength: String(answer.body.readableBytes),
            .connection: "close",
        ]
        context.write(
            wrapOutboundOut(.head(HTTPResponse(status: answer.status, headerFields: headers))), promise: promise)
        context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
    }

    private func refusal(of error: HTTPParserError) -> ErrorBody {
        switch error {
        case .headerOverflow:
            ErrorBody(
                "common/headers-too-large",
                "the header fields may have \(limits.headerBytes) bytes in all, and be \(limits.headerFields)",
                status: 431)
        default:
            ErrorBody(
                "common/bad-request",
                "this is no request in HTTP/1.1: its first line, a header field or the framing of its body is broken",
                status: 400)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelDeadline()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        metrics.disconnected()
        cancelDeadline()
    }

    private func mayHaveBody(_ head: HTTPRequest) -> Bool {
        head.headerFields[.transferEncoding] != nil || (head.headerFields[.contentLength].map { $0 != "0" } ?? false)
    }

    private func expectsContinue(_ head: HTTPRequest) -> Bool {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        return (head.headerFields[.contentLength].flatMap { Int($0) } ?? 0) <= limits.bodyBytes
    }

    private func startDeadline(_ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.requestSeconds))) {
            channel.close(promise: nil)
        }
    }

    private func cancelDeadline() {
        deadline?.cancel()
        deadline = nil
    }
}

@available(*, unavailable)
extension RequestGuard: Sendable {}
#endif
