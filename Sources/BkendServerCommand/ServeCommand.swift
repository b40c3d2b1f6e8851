import ArgumentParser
import BkendServer
import Logging

/// `bkend-server serve DIR`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a data folder over HTTP.",
        discussion: """
            Prints one line, listening on http://HOST:PORT, when ready. SIGTERM and SIGINT let requests in flight finish.
            Rates are a count and the time in which as many come back: 100/second, 50/minute, 10/90s, 5/15m, or off.
            Sizes are bytes, or with K, M or G.
            """)

    @Argument(help: "The data folder.")
    var directory: String
    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "The port; 0 takes a free one.")
    var port = 8420
    @Flag(help: "Let a first POST create its table.")
    var dynamic = false
    @Flag(help: "Tell how lists find their records: admins in X-Bkend-Explain, and slow ones in the log at debug.")
    var explain = false
    @Flag(help: "Don't offer the change feed.")
    var noChanges = false
    @Option(
        help: ArgumentHelp(
            "Wrap this project's answers in {\"success\":true,\"data\":…}; may be repeated.", valueName: "project"))
    var wrap: [String] = []
    @Option(help: "What the log on standard error holds: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "warning"
    @OptionGroup(title: "Observation")
    var observation: ObservationOptions
    @OptionGroup(title: "Limits")
    var limits: LimitOptions
    @OptionGroup(title: "Files")
    var files: FileOptions
    @OptionGroup(title: "Accounts")
    var accounts: AccountOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is a number from 0 to 65535") }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level is trace, debug, info, notice, warning, error or critical")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "bkend-server")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
        try await reportingFailure {
            var configuration = ServerConfiguration(folder: directory, logger: logger)
            configuration.host = host
            configuration.port = port
            configuration.isDynamic = dynamic
            configuration.explainsQueries = explain
            configuration.offersChanges = !noChanges
            configuration.wrappedProjects = Set(wrap)
            limits.apply(to: &configuration)
            let streams = DescriptorLimit.streams(
                configuration.limits.streams, besides: configuration.limits.connections)
            if streams < configuration.limits.streams {
                logger.warning(
                    "the limit of open files leaves room for fewer streams than --stream-limit; raise it (ulimit -n)",
                    metadata: ["streams": "\(streams)"])
                configuration.limits.streams = streams
            }
            files.apply(to: &configuration)
            accounts.apply(to: &configuration)
            try observation.apply(to: &configuration)
            let service = try BkendService(configuration)
            try await service.proveFiles()
            try await service.run(
                onAdminListening: { url in StandardOutput.line("metrics at \(url)/metrics") },
                onListening: { url in StandardOutput.line("listening on \(url)") })
        }
    }
}
