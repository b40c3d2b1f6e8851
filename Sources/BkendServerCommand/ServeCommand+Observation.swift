import ArgumentParser
import BkendServer

/// What an operator can see of a running server.
struct ObservationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write one line of JSON for each request to a file; - is standard error.", valueName: "file")
    )
    var requestLog: String?
    @Option(help: "The port of /metrics and /health without keys; 0 takes a free one. None unless given.")
    var adminPort: Int?
    @Option(help: "The address of the admin port.")
    var adminHost = "127.0.0.1"

    func validate() throws {
        if let adminPort, !(0...65_535).contains(adminPort) {
            throw ValidationError("--admin-port is a number from 0 to 65535")
        }
    }

    func apply(to configuration: inout ServerConfiguration) throws {
        configuration.adminPort = adminPort
        configuration.adminHost = adminHost
        switch requestLog {
        case "-": configuration.requestLog = RequestLog(descriptor: 2)
        case let path?: configuration.requestLog = try RequestLog(path: path)
        case nil: break
        }
    }
}
