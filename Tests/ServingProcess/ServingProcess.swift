import BkendServer
import BkendWire
import CRecordedCalls
import ChildProcesses
import Foundation
import Logging
import Synchronization

/// The server on a free port, with each of its calls that change a folder in a log; see `recorded_calls.h`.
///
/// `ServingProcess <data folder>` makes the folder, if it isn't one yet, and tells its secret key on a line. Then it serves,
/// and tells its address. The line `later SECONDS` moves its clock; it is told back. The end of standard input stops it.
@main enum ServingProcess {
    static func main() async throws {
        let folder = CommandLine.arguments[1]
        if access(folder + "/control.sqlite", F_OK) != 0 {
            let name = try EnvironmentName(project: "default", environment: "dev")
            let made = try DataFolder.create(at: folder, name: name, now: .systemNow)
            try ParentProcess.say(made.secretKey)
        }
        var logger = Logger(label: "bkend-server")
        logger.logLevel = .critical
        let ahead = Ahead()
        var configuration = ServerConfiguration(folder: folder, logger: logger) { ahead.now }
        configuration.port = 0
        configuration.rateLimit = nil
        let group = try BkendService(configuration).group(handlesSignals: false) { try? ParentProcess.say($0) }
        async let end: Void = group.run()
        for await order in ParentProcess.orders() {
            let words = order.split(separator: " ")
            guard words.count == 2, words[0] == "later", let seconds = Int64(words[1]) else { continue }
            ahead.advance(seconds)
            try ParentProcess.say(order)
        }
        await group.triggerGracefulShutdown()
        try await end
        recorded_calls_exit(0)
    }
}

/// A clock that goes ahead of the system's.
private final class Ahead: Sendable {
    private let seconds = Mutex<Int64>(0)

    var now: Timestamp {
        Timestamp(clamping: Timestamp.systemNow.milliseconds + seconds.withLock { $0 } * 1_000)
    }

    func advance(_ more: Int64) { seconds.withLock { $0 += more } }
}
