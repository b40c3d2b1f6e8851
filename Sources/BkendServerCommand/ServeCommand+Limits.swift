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
    var bodyLimit = SizeOption(bytes: defaults.bodyBytes)
    @Option(
        help: ArgumentHelp(
            "The largest record, whatever makes it so large; from --body-limit to 16M; 4M, or as much as a body.",
            valueName: "size"))
    var recordLimit: SizeOption?
    @Option(
        help: ArgumentHelp(
            "The largest page of a list, at least 20 times --body-limit; 24M, or as much as that when left out.",
            valueName: "size"))
    var pageLimit: SizeOption?
    @Option(
        help: ArgumentHelp(
            "The memory of all large answers under way, at least 4 times --page-limit; 256M, or as much as that.",
            valueName: "size"))
    var answerMemory: SizeOption?
    @Option(help: "Connections at once.")
    var connectionLimit = defaults.connections
    @Option(help: "Connections of one address, but a trusted proxy's; requests in flight of one client behind a proxy.")
    var connectionsPerAddress = defaults.connectionsPerAddress
    @Option(help: "Streams of the change feed at once, besides of the connections; 0 for none.")
    var streamLimit = defaults.streams
    @Option(help: "Milliseconds that a query may run.")
    var queryTimeout = defaults.queryMilliseconds
    @Option(help: "Seconds that a connection may be idle, or a request's header unfinished.")
    var idleTimeout = defaults.idleSeconds
    @Option(help: "Seconds from a request's header to the end of its body.")
    var bodyTimeout = defaults.requestSeconds
    @Option(help: "Seconds that a client may take nothing of its answer, or less than some 2 KiB for each.")
    var answerTimeout = defaults.progressSeconds
    @Option(help: "Seconds that a stopping server waits for requests in flight.")
    var shutdownTimeout = defaults.shutdownSeconds
    @Option(help: "Tables that --dynamic may make in an environment; past it a first POST is answered 403.")
    var dynamicLimit = defaults.dynamicTables
    @Option(help: "The largest database of an environment; writes past it are answered 507.")
    var maxDatabaseSize: SizeOption?

    /// What a server has without options.
    private static let defaults = ServerLimits()

    func validate() throws {
        let limits = limits
        if let recordLimit,
            recordLimit.bytes > ServerLimits.anyRecord || limits.largestRecord > recordLimit.bytes
        {
            throw ValidationError("--record-limit is at least --body-limit, and at most 16M")
        }
        if let pageLimit, pageLimit.bytes < ServerLimits.bodiesPerPage * bodyLimit.bytes {
            throw ValidationError("--page-limit is at least \(ServerLimits.bodiesPerPage) times --body-limit")
        }
        let largestPage = pageLimit?.bytes ?? limits.largestPage
        if let answerMemory, answerMemory.bytes < ServerLimits.pagesAtOnce * largestPage {
            throw ValidationError("--answer-memory is at least \(ServerLimits.pagesAtOnce) times --page-limit")
        }
        let counts = [
            ("connection-limit", connectionLimit), ("query-timeout", queryTimeout), ("idle-timeout", idleTimeout),
            ("body-timeout", bodyTimeout), ("shutdown-timeout", shutdownTimeout), ("answer-timeout", answerTimeout),
            ("connections-per-address", connectionsPerAddress), ("dynamic-limit", dynamicLimit),
        ]
        guard (0...1_000_000).contains(streamLimit) else {
            throw ValidationError("--stream-limit is a number from 0 to 1000000")
        }
        for (name, count) in counts where !(1...1_000_000).contains(count) {
            throw ValidationError("--\(name) is a number from 1 to 1000000")
        }
    }

    /// The sizes.
    private var limits: ServerLimits {
        var limits = ServerLimits()
        limits.bodyBytes = bodyLimit.bytes
        if let recordLimit { limits.recordBytes = recordLimit.bytes }
        if let pageLimit { limits.pageBytes = pageLimit.bytes }
        if let answerMemory { limits.answerBytes = answerMemory.bytes }
        return limits
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.rateLimit = rateLimit.limit
        configuration.trustedProxies = TrustedProxies(trustedProxy)
        configuration.databaseBytes = maxDatabaseSize?.bytes
        configuration.limits = limits
        configuration.limits.connections = connectionLimit
        configuration.limits.streams = streamLimit
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
