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
    private let files: FileServices
    private let metrics = ServerMetrics()
    private let answers: AnswerBudget
    private let responder: APIResponder

    /// Opens the data folder.
    ///
    /// - Throws: `OperatorError` when it is none.
    package init(_ configuration: ServerConfiguration) throws {
        self.configuration = configuration
        folder = try DataFolder.open(at: configuration.folder)
        answers = AnswerBudget(bytes: configuration.limits.allAnswers)
        let metrics = metrics
        files = try FileServices(configuration, folder.control)
        var options = StoreOptions(configuration.limits, reportReads: metrics.reads.note)
        options.maximumBytes = configuration.databaseBytes
        options.clock = configuration.now
        options.reportWrites = metrics.writes.note
        options.onWriterWait = { metrics.writerWaited($0) }
        options.reportGroup = { metrics.committed($0) }
        environments = Environments(
            source: configuration.storage ?? SQLiteSource(folder: folder, options: options),
            services: try AccountServices(
                configuration, mailFailed: { metrics.mailFailed() }, mailWithheld: { metrics.mailWithheld() },
                reportHashing: metrics.hashing.note),
            files: files,
            streams: (.seconds(configuration.limits.streamSilenceSeconds), metrics.streams))
        var random = SystemRandomNumberGenerator()
        responder = APIResponder(
            services: RouteServices(
                environments: environments, keys: KeyRing(folder.control), tags: EnvironmentTags(folder.control),
                configuration: configuration, answers: answers,
                images: try configuration.images.map {
                    try ImageTransformer($0, in: configuration.folder, logger: configuration.logger)
                }),
            requestIDs: RequestIDs(using: &random), limiter: RequestLimiter(configuration.rateLimit), metrics: metrics)
    }

    /// Creates or alters tables while the server runs. In its own process this is the way: a second opening of a database
    /// would take the locks of the first.
    package func apply(_ json: JSON, to name: EnvironmentName) throws -> [TableChange] {
        try environments.environmentNow(name).store.apply(json)
    }

    /// Ends a key at once; false when no such key is alive.
    package func revoke(_ key: String) throws -> Bool { try folder.control.revoke(key, now: configuration.now()) }

    /// Disables a user at once.
    package func disableUser(_ id: String, in name: EnvironmentName) async throws {
        _ = try await environments.environment(name).accounts.disable(id)
    }

    /// Lets a disabled user sign in again.
    package func enableUser(_ id: String, in name: EnvironmentName) async throws {
        _ = try await environments.environment(name).accounts.enable(id)
    }

    /// Returns when no mail is being sent.
    package func mailed() async { await environments.mailed() }

    /// Shows that the bucket of the files, if there is one, can be written, read and emptied, and is this folder's alone.
    ///
    /// - Throws: `OperatorError` that says what fails, and what to do.
    package func proveFiles() async throws { try await files.prove() }

    /// Runs until SIGTERM or SIGINT, and then until the requests in flight are answered; see `group`.
    package func run(
        onAdminListening: @escaping @Sendable (String) -> Void = { _ in },
        onListening: @escaping @Sendable (String) -> Void
    ) async throws {
        try await group(handlesSignals: true, onAdminListening: onAdminListening, onListening: onListening).run()
    }

    /// What runs the server: until it is asked to stop, by a signal when `handlesSignals`, and then until the requests
    /// in flight are answered.
    ///
    /// - Parameters:
    ///   - onAdminListening: called once, with the admin port's URL, when there is one and it takes connections.
    ///   - onListening: called once, with the URL, when connections are taken.
    package func group(
        handlesSignals: Bool, onAdminListening: @escaping @Sendable (String) -> Void = { _ in },
        onListening: @escaping @Sendable (String) -> Void
    ) -> ServiceGroup {
        let limits = configuration.limits
        let application = application(
            InterceptedResponder(api: responder, interception: configuration.interception), host: configuration.host,
            port: configuration.port, connections: limits.connections, streams: limits.streams,
            metrics: metrics, onListening: onListening)
        var services: [any Service] = [Farewell(environments: environments, requestLog: configuration.requestLog)]
        if let port = configuration.adminPort {
            services.append(
                self.application(
                    AdminResponder(metrics: metrics, answers: answers, environments: environments),
                    host: configuration.adminHost, port: port, connections: 16, metrics: ServerMetrics(),
                    onListening: onAdminListening))
        }
        var group = ServiceGroupConfiguration(
            services: services + [application, StreamEnd(environments: environments)],
            gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [],
            logger: configuration.logger)
        group.maximumGracefulShutdownDuration = .seconds(limits.shutdownSeconds)
        return ServiceGroup(configuration: group)
    }

    /// A port with its connections. The admin port's are guarded alike, and counted apart.
    private func application<Responder: HTTPResponder>(
        _ responder: Responder, host: String, port: Int, connections: Int, streams: Int = 0, metrics: ServerMetrics,
        onListening: @escaping @Sendable (String) -> Void
    ) -> some Service where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let limits = configuration.limits
        let register = ConnectionRegister(
            limit: connections, perAddress: limits.connectionsPerAddress, streams: streams,
            proxies: configuration.trustedProxies, metrics: metrics)
        return Application(
            responder: responder,
            server: HTTPServerBuilder { responder in
                GuardedHTTPChannel(
                    responder: responder, register: register, limits: limits, metrics: metrics, rules: RouteTree.all)
            },
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                let name = host.contains(":") ? "[\(host)]" : host
                onListening("http://\(name):\(channel.localAddress?.port ?? 0)")
            },
            logger: configuration.logger)
    }
}

/// What is left to do once no request is in flight. A group stops its services from the last to the first, so that this
/// one, the first, hears of it when the server has answered everything.
private struct Farewell: Service {
    let environments: Environments
    let requestLog: RequestLog?

    func run() async throws {
        try? await gracefulShutdown()
        await environments.end()
        await requestLog?.drained()
    }
}

/// Ends the streams first, the last service to start: the application waits for every answer under way.
private struct StreamEnd: Service {
    let environments: Environments

    func run() async throws {
        try? await gracefulShutdown()
        environments.endStreams()
    }
}
