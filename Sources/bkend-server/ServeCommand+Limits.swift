#if Server
import ArgumentParser
import BkendServer

/// What one client, request or database may take.
struct LimitOptions: ParsableArguments {
    @Option(help: "Requests of one client with one key.")
    var rateLimit = RateOption.limit(30_000, perSeconds: 60)
    @Option(
        help: ArgumentHelp(
            "A proxy whose X-Forwarded-For tells the client, 10.0.0.0/8; may be repeated.", valueName: "range"))
    var trustedProxy: [AddressRange] = []
    @Option(help: "The largest body.")
    var bodyLimit = SizeOption(bytes: 1 << 20)
    @Option(help: "Connections at once.")
    var connectionLimit = 1_024
    @Option(help: "Connections of one address, but a trusted proxy's; requests in flight of one client behind a proxy.")
    var connectionsPerAddress = 256
    @Option(help: "Milliseconds that a query may run.")
    var queryTimeout = 5_000
    @Option(help: "Seconds that a connection may be idle, or a request's header unfinished.")
    var idleTimeout = 60
    @Option(help: "Seconds from a request's header to the end of its body.")
    var bodyTimeout = 30
    @Option(help: "Seconds that a client may take nothing of its answer, or less than 1 KiB for each.")
    var answerTimeout = 30
    @Option(help: "Seconds that a stopping server waits for requests in flight.")
    var shutdownTimeout = 30
    @Option(help: "Tables that --dynamic may make in an environment; past it a first POST is answered 403.")
    var dynamicLimit = 1_000
    @Option(help: "The largest database of an environment; writes past it are answered 507.")
    var maxDatabaseSize: SizeOption?

    func validate() throws {
        let counts = [
            ("connection-limit", connectionLimit), ("query-timeout", queryTimeout), ("idle-timeout", idleTimeout),
            ("body-timeout", bodyTimeout), ("shutdown-timeout", shutdownTimeout), ("answer-timeout", answerTimeout),
            ("connections-per-address", connectionsPerAddress), ("dynamic-limit", dynamicLimit),
        ]
        for (name, count) in counts where !(1...1_000_000).contains(count) {
            throw ValidationError("--\(name) is a number from 1 to 1000000")
        }
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.rateLimit = rateLimit.limit
        configuration.trustedProxies = TrustedProxies(trustedProxy)
        configuration.databaseBytes = maxDatabaseSize?.bytes
        configuration.limits.bodyBytes = bodyLimit.bytes
        configuration.limits.connections = connectionLimit
        configuration.limits.dynamicTables = dynamicLimit
        configuration.limits.queryMilliseconds = queryTimeout
        configuration.limits.idleSeconds = idleTimeout
        configuration.limits.requestSeconds = bodyTimeout
        configuration.limits.connectionsPerAddress = connectionsPerAddress
        configuration.limits.progressSeconds = answerTimeout
        configuration.limits.shutdownSeconds = shutdownTimeout
    }
}

extension AddressRange: ExpressibleByArgument {
    /// A range as it is written on the command line.
    public init?(argument: String) { self.init(argument) }
}
#endif
