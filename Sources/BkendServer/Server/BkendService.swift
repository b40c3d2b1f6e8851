#if Server
import BkendWire
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// A server over one data folder.
package struct BkendService: Sendable {
    private let configuration: ServerConfiguration
    private let folder: DataFolder
    private let environments: Environments
    private let responder: APIResponder

    /// Opens the data folder.
    ///
    /// - Throws: `OperatorError` when it is none.
    package init(_ configuration: ServerConfiguration) throws {
        self.configuration = configuration
        folder = try DataFolder.open(at: configuration.folder)
        environments = Environments(folder: folder, services: try AccountServices(configuration))
        var random = SystemRandomNumberGenerator()
        responder = APIResponder(
            environments: environments, keys: try KeyRing(folder.control),
            configuration: configuration, requestIDs: RequestIDs(using: &random))
    }

    /// Creates or alters tables while the server runs. In its own process this is the way: a second opening of a database
    /// would take the locks of the first.
    package func apply(_ json: JSON, to name: EnvironmentName) throws -> [TableChange] {
        try environments.environment(name).store.apply(json, now: configuration.now())
    }

    /// Ends a key at once; false when no such key is alive.
    package func revoke(_ key: String) throws -> Bool { try folder.control.revoke(key, now: configuration.now()) }

    /// Runs until SIGTERM or SIGINT, and then until the requests in flight are answered; see `group`.
    package func run(onListening: @escaping @Sendable (String) -> Void) async throws {
        try await group(handlesSignals: true, onListening: onListening).run()
    }

    /// What runs the server: until it is asked to stop, by a signal when `handlesSignals`, and then until the requests
    /// in flight are answered.
    ///
    /// - Parameter onListening: called once, with the URL, when connections are taken.
    package func group(handlesSignals: Bool, onListening: @escaping @Sendable (String) -> Void) -> ServiceGroup {
        let limits = configuration.limits
        let host = configuration.host
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [RequestGuard(limits: limits)],
                    idleTimeout: .seconds(Int64(limits.idleSeconds)),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                        maxHeaderFieldCount: limits.headerFields))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    limits.connections, logger: configuration.logger)),
            onServerRunning: { channel in
                let name = host.contains(":") ? "[\(host)]" : host
                onListening("http://\(name):\(channel.localAddress?.port ?? 0)")
            },
            logger: configuration.logger)
        var group = ServiceGroupConfiguration(
            services: [Farewell(environments: environments), application],
            gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [],
            logger: configuration.logger)
        group.maximumGracefulShutdownDuration = .seconds(limits.shutdownSeconds)
        return ServiceGroup(configuration: group)
    }
}

/// What is left to do once no request is in flight. A group stops its services from the last to the first, so that this
/// one, the first, hears of it when the server has answered everything.
private struct Farewell: Service {
    let environments: Environments

    func run() async throws {
        try? await gracefulShutdown()
        await environments.drained()
    }
}
#endif
