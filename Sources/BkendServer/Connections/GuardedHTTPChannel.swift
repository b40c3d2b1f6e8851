import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection of HTTP/1.1 with the guards of this server: Hummingbird's own has none at the socket, and none that
/// sees what a request's head says before it is translated.
struct GuardedHTTPChannel: ServerChildChannel, HTTPChannelHandler {
    /// One connection.
    struct Value: ServerChildChannelValue {
        let parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let connection: Connection
        var channel: any Channel { parts.channel }
    }

    let responder: HTTPChannelHandler.Responder
    let register: ConnectionRegister
    let limits: ServerLimits
    let metrics: ServerMetrics
    let rules: any RequestRules

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            if let options = channel.syncOptions {
                // One read of the socket at a time, so that what nobody asked for yet stays with the kernel.
                try options.setOption(.maxMessagesPerRead, value: 1)
                // A kernel without the option only holds more.
                try? options.setOption(Self.unsent, value: SocketOptionValue(ConnectionBounds.unsent))
                try? options.setOption(Self.userTimeout, value: SocketOptionValue(ConnectionBounds.unacknowledged))
            }
            let connection = Connection(channel, in: register)
            let connectionGuard = ConnectionGuard(connection, limits: limits, metrics: metrics)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(connectionGuard)
            try pipeline.addHandler(ByteValve(connectionGuard, limits: limits))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: parserLimits)
            try pipeline.addHandler(
                RequestGuard(connectionGuard, limits: limits, metrics: metrics, rules: rules))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return Value(
                parts: try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)),
                connection: connection)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await Connection.$current.withValue(value.connection) {
            await handleHTTP(asyncChannel: value.parts, logger: logger)
        }
    }

    private var parserLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = self.limits.headerBytes
        limits.maxHeaderListSize = self.limits.headerBytes
        limits.maxHeaderFieldCount = self.limits.headerFields
        return limits
    }

    /// `TCP_USER_TIMEOUT` (tcp(7)).
    private static let userTimeout = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 18))

    /// `TCP_NOTSENT_LOWAT` (tcp(7)).
    private static let unsent = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 25))
}
