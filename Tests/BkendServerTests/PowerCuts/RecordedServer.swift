import ChildProcesses
import Foundation

@testable import BkendServer

/// `ServingProcess` over a data folder in a recorded one.
final class RecordedServer: Sendable {
    /// Where it listens; nil when it has ended before it did.
    let url: String?
    /// The secret key of a folder that it has made, and how long the log was when it told it.
    let made: (key: String, position: Int)?
    private let child: ChildProcess

    private init(url: String?, made: (key: String, position: Int)?, child: ChildProcess) {
        (self.url, self.made, self.child) = (url, made, child)
    }

    /// Starts it and waits for its line.
    ///
    /// - Parameter calls: after how many recorded calls it is killed; nil for never.
    static func start(
        _ folder: String, recording root: String, to log: CallLog, endingAfter calls: Int? = nil
    ) async throws -> RecordedServer {
        try await blocking {
            var environment = ProcessInfo.processInfo.environment
            environment["BKEND_RECORDED_FOLDER"] = root
            environment["BKEND_RECORDED_LOG"] = log.path
            environment["BKEND_RECORDED_END"] = calls.map { "\($0)" }
            let child = try ChildProcess(
                ChildProcess.built("ServingProcess"), [folder], input: .pipe, environment: environment)
            var made: (key: String, position: Int)?
            while let line = child.line() {
                if line.hasPrefix("http://") { return RecordedServer(url: line, made: made, child: child) }
                made = (line, log.length)
            }
            return RecordedServer(url: nil, made: made, child: child)
        }
    }

    /// Moves its clock.
    func later(seconds: Int) async throws {
        try await blocking { [child] in
            child.write(Array("later \(seconds)\n".utf8))
            guard child.line() == "later \(seconds)" else { throw ChildProcess.Failure(what: "the server is gone") }
        }
    }

    /// Stops it as a signal does, and gives its exit code.
    func end() async throws -> Int32 {
        try await blocking { [child] in
            close(child.input)
            return child.ending().code
        }
    }
}

/// The log of a recorded process.
struct CallLog: Sendable {
    let path: String

    /// How long it is now: the calls up to there had taken effect.
    var length: Int { FileStatus.bytes(of: path) }
}
