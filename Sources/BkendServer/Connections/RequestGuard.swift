import BkendWire
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Guards the requests of one connection: what is no request, or one that this connection may not make, is answered here
/// and never reaches the server; a client that asks `Expect: 100-continue` is told to go on; the connection ends after
/// the answer where the request says so; and an answer counts as given once the client has taken it, so that the next
/// request begins no earlier.
final class RequestGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: ConnectionGuard
    private let limits: ServerLimits
    private let metrics: ServerMetrics
    private let rules: any RequestRules
    /// The request that is being answered.
    private var head: HTTPRequestHead?
    /// Whether more of it is to come; it may be answered before.
    private var isReading = false
    private var hasAnswerHead = false
    private var endsAfterAnswer = false
    /// The end of an answer that the client hasn't taken yet.
    private var heldEnd: (part: NIOAny, promise: EventLoopPromise<Void>?)?
    private var awaitsTaking = false
    private var dropsRequests = false
    private var dropsAnswers = false
    private var hasClosedOutput = false

    init(
        _ connection: ConnectionGuard, limits: ServerLimits, metrics: ServerMetrics, rules: any RequestRules
    ) {
        self.connection = connection
        self.limits = limits
        self.metrics = metrics
        self.rules = rules
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !dropsRequests else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            connection.received(bytes.readableBytes)
            context.fireChannelRead(data)
        case .end:
            isReading = false
            connection.requestEnded()
            context.fireChannelRead(data)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        if let refusal = connection.refusal, !head.asksForHealth {
            return refuse(refusal.body, retryAfter: 1, context)
        }
        if let flaw = head.flaw {
            metrics.answeredUnreadable(status: 400)
            return refuse(ErrorBody("common/bad-request", flaw, status: 400), context)
        }
        var head = head
        endsAfterAnswer = !head.leavesOpen || connection.refusal != nil
        connection.expectedBody = head.expectedBody
        if head.expectsContinue {
            if (head.contentLength ?? 0) <= rules.bodyBytes(head.uri, head.method.rawValue, limits) {
                let go = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
            } else {
                // Whether the body comes all the same is the client's choice: what follows can't be told from it.
                endsAfterAnswer = true
            }
        }
        let deadline = rules.deadline(head.uri, head.method.rawValue, limits)
        // Past what the route reads nothing is of use, and where only a pause ends a body it might never end.
        if deadline == .progress, (head.contentLength ?? .max) > rules.bodyBytes(head.uri, head.method.rawValue, limits)
        {
            endsAfterAnswer = true
        }
        self.head = head
        isReading = true
        connection.requestBegan(deadline)
        // The server behind looks for this one word.
        if endsAfterAnswer { head.headers.replaceOrAdd(name: "connection", value: "close") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        guard !dropsRequests else { return }
        dropsRequests = true
        endsAfterAnswer = true
        // Who reads the body has to know that it won't be whole, and know it before the connection ends: a body that
        // ends with its connection looks like one that is there.
        context.fireErrorCaught(error)
        let refusal = Self.refusal(of: error, limits)
        if error != .invalidEOFState { metrics.answeredUnreadable(status: refusal.status) }
        if isReading, head == nil {
            // The request was answered before its body was there.
            closeOutput(context, promise: nil)
        } else if !hasAnswerHead, isReading || error != .invalidEOFState {
            refuse(refusal, context)
        }
    }

    private static func refusal(of error: HTTPParserError, _ limits: ServerLimits) -> ErrorBody {
        switch error {
        case .headerOverflow:
            ErrorBody(
                "common/headers-too-large",
                "the header fields may have \(limits.headerBytes) bytes in all, and be \(limits.headerFields)",
                status: 431)
        case .invalidEOFState:
            ErrorBody("common/bad-request", "the connection was closed before the request was whole", status: 400)
        default:
            ErrorBody(
                "common/bad-request",
                "this is no request in HTTP/1.1: its first line, a header field or the framing of its body is broken",
                status: 400)
        }
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !dropsAnswers else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var answer) where (200...).contains(answer.status.code):
            hasAnswerHead = true
            // What streams is the last on its connection.
            if answer.headers["connection"].contains("close") { endsAfterAnswer = true }
            // Such a client knows no chunks: the answer ends with the connection (RFC 9112 §6.1).
            if head?.version == .http1_0, !answer.headers.contains(name: "content-length") {
                answer.version = .http1_0
                endsAfterAnswer = true
            }
            if endsAfterAnswer {
                answer.headers.replaceOrAdd(name: "connection", value: "close")
            } else if head?.version == .http1_0 {
                answer.headers.replaceOrAdd(name: "connection", value: "keep-alive")
            }
            context.write(wrapOutboundOut(.head(answer)), promise: promise)
        case .head, .body: context.write(data, promise: promise)
        case .end: heldEnd = (data, promise)
        }
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        guard heldEnd != nil else { return }
        if connection.isTaken {
            end(context)
        } else if !awaitsTaking {
            awaitsTaking = true
            connection.whenTaken {
                self.awaitsTaking = false
                self.end(context)
            }
        }
    }

    /// The answer was taken: lets the next request in.
    private func end(_ context: ChannelHandlerContext) {
        guard let (part, promise) = heldEnd else { return }
        (heldEnd, head, hasAnswerHead) = (nil, nil, false)
        connection.answerEnded()
        let isLast = endsAfterAnswer
        if isLast {
            dropsRequests = true
            dropsAnswers = true
        }
        // The handlers before this one hand on the next request while they hear of this.
        context.write(part, promise: promise)
        context.flush()
        if isLast { closeOutput(context, promise: nil) }
    }

    /// Answers in the server's place; nothing follows.
    private func refuse(_ error: ErrorBody, retryAfter seconds: Int? = nil, _ context: ChannelHandlerContext) {
        dropsRequests = true
        dropsAnswers = true
        endsAfterAnswer = true
        guard context.channel.isActive else { return }
        let body = ByteBuffer(bytes: error.json.serialized())
        var headers: HTTPHeaders = [
            "content-type": "application/json; charset=utf-8", "content-length": String(body.readableBytes),
            "connection": "close",
            // A page is to see what it is told, and when to come again.
            "access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After",
        ]
        if let seconds { headers.add(name: "retry-after", value: String(seconds)) }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: error.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        heldEnd = (wrapOutboundOut(.end(nil)), nil)
        flush(context: context)
    }

    // MARK: The end

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output where heldEnd != nil:
            // With its input closed already the socket would be closed whole, and the rest of the answer lost.
            endsAfterAnswer = true
            promise?.succeed()
        case .output: closeOutput(context, promise: promise)
        default: context.close(mode: mode, promise: promise)
        }
    }

    private func closeOutput(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard !hasClosedOutput else {
            promise?.succeed()
            return
        }
        hasClosedOutput = true
        dropsRequests = true
        connection.closing()
        context.close(mode: .output, promise: promise)
    }
}

@available(*, unavailable)
extension RequestGuard: Sendable {}
