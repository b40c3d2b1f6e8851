import NIOCore

/// Hands the parser no more bytes than somebody asks for. The parser reads as many requests as a piece holds, and keeps
/// them; from small pieces it can't read far ahead of the request that is being answered.
final class ByteValve: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let connection: ConnectionGuard
    private let limits: ServerLimits
    private var held = ByteBuffer()
    private var isAsked = true
    private var isDelivering = false
    /// The client has closed its side, and the handlers after this one don't know yet.
    private var hasEnd = false

    init(_ connection: ConnectionGuard, limits: ServerLimits) {
        self.connection = connection
        self.limits = limits
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if held.readableBytes == 0 { held = bytes } else { held.writeBuffer(&bytes) }
        if held.readableBytes > most { connection.closeAhead() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if held.readableBytes == 0 { context.fireChannelReadComplete() } else { deliver(context) }
    }

    func read(context: ChannelHandlerContext) {
        isAsked = true
        if held.readableBytes == 0 {
            context.read()
        } else if !isDelivering {
            // Who asks may be in the middle of a write.
            context.eventLoop.assumeIsolated().execute { self.deliver(context) }
        }
    }

    private func deliver(_ context: ChannelHandlerContext) {
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        while isAsked, let piece = held.readSlice(length: min(held.readableBytes, slice)), piece.readableBytes > 0 {
            isAsked = false
            context.fireChannelRead(wrapInboundOut(piece))
            context.fireChannelReadComplete()
            if connection.isClosing { held.clear() }
            // Asks for the next piece, past everybody who may want to wait.
            context.channel.read()
        }
        guard held.readableBytes == 0, context.channel.isActive else { return }
        held = ByteBuffer()
        if hasEnd {
            hasEnd = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    /// How many bytes the parser gets at once.
    private var slice: Int {
        switch connection.expectedBody {
        case .none: ConnectionBounds.slice
        case .bytes(let left): left
        case .chunked: ConnectionBounds.chunkedSlice
        }
    }

    /// The most bytes that are held.
    private var most: Int {
        if case .none = connection.expectedBody { return ConnectionBounds.unparsed }
        return ConnectionBounds.unparsed + limits.bodyBytes
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event, held.readableBytes > 0 {
            hasEnd = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        held = ByteBuffer()
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension ByteValve: Sendable {}
