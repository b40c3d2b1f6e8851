import BkendWire
import ChildProcesses
import Foundation
import Synchronization

/// The built `bkend-server`, run as a process.
struct CommandRun: Sendable {
    var output: String
    var errors: String
    var status: Int32

    /// Runs a command to its end.
    static func run(_ arguments: String...) async throws -> CommandRun { try await run(arguments) }

    /// Runs a command that reads `input`.
    static func run(_ arguments: [String], input: [UInt8]? = nil) async throws -> CommandRun {
        try await blocking {
            let child = try ChildProcess(executable, arguments, input: input == nil ? .nothing : .pipe, errors: .pipe)
            let text = Mutex("")
            let others = DispatchGroup()
            if let input {
                DispatchQueue.global().async(group: others) {
                    child.write(input)
                    close(child.input)
                }
            }
            DispatchQueue.global().async(group: others) {
                let errors = ChildProcess.everything(from: child.errors)
                text.withLock { $0 = errors }
            }
            let output = ChildProcess.everything(from: child.descriptor)
            others.wait()
            return CommandRun(output: output, errors: text.withLock { $0 }, status: child.ending().code)
        }
    }

    /// What it printed, as JSON.
    var json: JSON { get throws { try JSON(parsing: output) } }

    /// The executable that was built with the tests. `BKEND_SERVER` names another one: a release build, say.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["BKEND_SERVER"] { return URL(fileURLWithPath: path) }
        return ChildProcess.built("bkend-server")
    }()
}

/// `bkend-server serve`, running.
final class ServeProcess: Sendable {
    let url: String
    var pid: pid_t { child.pid }
    private let child: ChildProcess
    /// How it ended; nil as long as it runs.
    private let ending = Mutex<(status: Int32, output: String)?>(nil)

    private init(url: String, child: ChildProcess) {
        self.url = url
        self.child = child
    }

    /// Starts it and waits for its line.
    static func start(_ folder: String, _ more: String...) async throws -> ServeProcess {
        try await start(folder, more)
    }

    /// Starts it and waits for its line.
    static func start(_ folder: String, _ more: [String]) async throws -> ServeProcess {
        try await blocking {
            let child = try ChildProcess(
                CommandRun.executable, ["serve", folder, "--port", "0"] + more, errors: .nothing)
            guard let line = child.line(), line.hasPrefix("listening on http://") else {
                child.kill()
                _ = child.ending()
                throw RawConnection.Failure(what: "serve didn't begin")
            }
            return ServeProcess(url: String(line.dropFirst(13)), child: child)
        }
    }

    /// Sends a signal, and gives the exit status, or the signal's number, and what else it printed.
    func end(_ signal: Int32 = SIGTERM) async throws -> (status: Int32, output: String) {
        try await blocking { [self] in
            ending.withLock { ending in
                if let ending { return ending }
                _ = kill(child.pid, signal)
                let output = ChildProcess.everything(from: child.descriptor)
                let end = (status: child.ending().code, output: output)
                ending = end
                return end
            }
        }
    }
}

/// A folder of the test's own, removed at its end.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "bkend-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}
