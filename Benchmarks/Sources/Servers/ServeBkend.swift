package import ArgumentParser
import BkendServer
import Logging

/// The server, on a free port.
package struct ServeBkend: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve-bkend", abstract: "The server under measurement.", shouldDisplay: false)

    @Argument(help: "The data folder.") var folder: String
    @Option(help: "The most bytes of a file.") var fileBytes: Int?
    @Flag(help: "Give each write a transaction of its own.") var alone = false

    package init() {}

    package func run() async throws {
        Parent.endWithIt()
        var logger = Logger(label: "bkend-server")
        logger.logLevel = .warning
        var configuration = ServerConfiguration(folder: folder, logger: logger)
        configuration.port = 0
        configuration.rateLimit = nil
        if alone { configuration.limits.writesPerTransaction = 1 }
        if let fileBytes { configuration.limits.fileBytes = fileBytes }
        try await BkendService(configuration).run { url in
            Parent.tell(url.split(separator: ":").last.flatMap { Int($0) } ?? 0)
        }
    }
}
