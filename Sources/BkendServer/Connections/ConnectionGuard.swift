import Foundation
import NIOCore

/// Guards one connection at its socket: whether it is taken at all, how its bytes pass, and when it is closed.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// How much of a body is still to come.
    enum ExpectedBody {
        case none
        case bytes(Int)
        case chunked
    }

    private let connection: Connection
    private let limits: ServerLimits
    private let metrics: ServerMetrics
    private var watch: ConnectionWatch?
    private var context: ChannelHandlerContext?
    private var look: (task: Scheduled<Void>, at: NIODeadline)?
    /// Bytes of answers that were handed to the channel since it was asked last.
    private var written = 0
    /// Bytes of answers that wait in the channel.
    private var waiting = 0
    private(set) var isClosing = false
    /// Why nothing but `/health` is answered.
    private(set) var refusal: ConnectionRefusal?
    /// What the parser has to expect.
    var expectedBody = ExpectedBody.none

    init(_ connection: Connection, limits: ServerLimits, metrics: ServerMetrics) {
        self.connection = connection
        self.limits = limits
        self.metrics = metrics
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(context)
        context.fireChannelActive()
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard watch == nil else { return }
        let now = NIODeadline.now()
        watch = ConnectionWatch(limits: limits, now: now)
        switch connection.enter().answer {
        case .taken: break
        case .refused(let refusal):
            self.refusal = refusal
            watch?.refused(now: now)
        case .dropped:
            context.close(promise: nil)
            return
        }
        note(now)
    }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // After the last answer what comes is read, so that the socket can be closed cleanly, and dropped.
        if !isClosing { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        note(.now())
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        written += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        count(.now())
    }

    /// Whether no byte of an answer waits for the client.
    var isTaken: Bool { waiting == 0 }

    /// Runs `work` once every byte that was written is taken; not at all when the connection ends before.
    func whenTaken(_ work: @escaping () -> Void) {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            self.count(.now())
            work()
        }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: promise)
    }

    /// Counts what the client took.
    private func count(_ now: NIODeadline) {
        guard let context else { return }
        let before = waiting + written
        // The option exists on every socket; without it nothing would ever count as waiting.
        waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        written = 0
        if waiting > 0 { watch?.answerWaits(taken: before - waiting, now: now) } else { watch?.answerTaken() }
        if waiting > 0 { note(now) }
    }

    // MARK: What the requests say

    /// A request's head is there.
    func requestBegan(_ deadline: RouteDeadline) {
        var awaitsBody = true
        if case .none = expectedBody { awaitsBody = false }
        watch?.requestBegan(deadline, awaitsBody: awaitsBody, now: .now())
        connection.yields(at: watch?.yieldsAt)
    }

    /// Bytes of its body came.
    func received(_ bytes: Int) {
        if case .bytes(let left) = expectedBody { expectedBody = .bytes(max(1, left - bytes)) }
        watch?.received(bytes, now: .now())
    }

    /// The request is there as a whole.
    func requestEnded() {
        expectedBody = .none
        watch?.requestEnded(now: .now())
        connection.yields(at: watch?.yieldsAt)
    }

    /// Its answer was taken as a whole.
    func answerEnded() {
        connection.endRequest()
        let now = NIODeadline.now()
        watch?.answerEnded(now: now)
        note(now)
    }

    /// The last answer was taken.
    func closing() {
        guard !isClosing else { return }
        isClosing = true
        let now = NIODeadline.now()
        watch?.closing(now: now)
        note(now)
    }

    // MARK: Time

    /// Sees to it that the next deadline is noticed. A task that is set already may fire early, never late.
    private func note(_ now: NIODeadline) {
        guard let watch, let context, context.channel.isActive else { return }
        connection.yields(at: watch.yieldsAt)
        guard let next = watch.nextLook(now: now), look.map({ next < $0.at }) ?? true else { return }
        look?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.lookAround() }
        look = (task, next)
    }

    private func lookAround() {
        look = nil
        guard let context else { return }
        let now = NIODeadline.now()
        count(now)
        if let overdue = watch?.overdue(now: now) { close(context, overdue) } else { note(now) }
    }

    private func close(_ context: ChannelHandlerContext, _ overdue: ConnectionEnd) {
        metrics.closedConnection(overdue)
        // The kernel would keep the rest of an answer for a client that takes nothing.
        if waiting > 0, let socket = context.channel as? any SocketOptionProvider {
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
        }
        context.close(promise: nil)
    }

    /// Closes the connection since its client sent too far ahead.
    func closeAhead() {
        if let context { close(context, .ahead) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is Connection.Displaced:
            let now = NIODeadline.now()
            // A request may have come in the meantime: then it stays, and another one goes.
            if let time = watch?.yieldsAt, time <= now {
                close(context, .displaced)
            } else {
                connection.yields(at: watch?.yieldsAt)
                connection.stay()
            }
        case is Connection.Dropped: close(context, .answer)
        case is ChannelShouldQuiesceEvent:
            let now = NIODeadline.now()
            watch?.stopping(now: now)
            context.fireUserInboundEventTriggered(event)
            note(now)
        case ChannelEvent.inputClosed:
            // The end of what a client sends counts as its leaving, even if it could still read: closing a connection
            // looks no different from this side, and HTTP clients close only what they don't wait for (RFC 9112 §9.6).
            // What needs no wait is answered all the same.
            connection.departure.happen()
            if isClosing { context.close(promise: nil) } else { context.fireUserInboundEventTriggered(event) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    private func end() {
        look?.task.cancel()
        look = nil
        connection.leave()
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
