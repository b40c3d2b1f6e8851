#if Server
import BkendWire
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
            let process = Process()
            process.executableURL = executable
            process.arguments = arguments
            let (output, errors) = (Pipe(), Pipe())
            process.standardOutput = output
            process.standardError = errors
            let feed = input.map { _ in Pipe() }
            process.standardInput = feed ?? FileHandle.nullDevice
            try process.run()
            let text = Mutex("")
            let reader = DispatchGroup()
            if let feed, let input {
                DispatchQueue.global().async(group: reader) {
                    // A command may end before it has read everything.
                    try? feed.fileHandleForWriting.write(contentsOf: Data(input))
                    try? feed.fileHandleForWriting.close()
                }
            }
            DispatchQueue.global().async(group: reader) {
                let data = errors.fileHandleForReading.readDataToEndOfFile()
                text.withLock { $0 = String(decoding: data, as: UTF8.self) }
            }
            let data = output.fileHandleForReading.readDataToEndOfFile()
            reader.wait()
            process.waitUntilExit()
            return CommandRun(
                output: String(decoding: data, as: UTF8.self), errors: text.withLock { $0 },
                status: process.terminationStatus)
        }
    }

    /// What it printed, as JSON.
    var json: JSON { get throws { try JSON(parsing: output) } }

    /// The executable lies beside the test bundle.
    /// `BKEND_SERVER` names another one: a release build, say.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["BKEND_SERVER"] { return URL(fileURLWithPath: path) }
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
        let folders = [bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        let found = folders.map { $0.appending(path: "bkend-server") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return found ?? folders[0].appending(path: "bkend-server")
    }()
}

/// `bkend-server serve`, running.
final class ServeProcess: Sendable {
    let url: String
    private let process: Mutex<Process>
    private let rest: @Sendable () -> String

    private init(url: String, process: sending Process, rest: @escaping @Sendable () -> String) {
        self.url = url
        self.process = Mutex(process)
        self.rest = rest
    }

    /// Starts it and waits for its line.
    static func start(_ folder: String, _ more: String...) async throws -> ServeProcess {
        try await start(folder, more)
    }

    /// Starts it and waits for its line.
    static func start(_ folder: String, _ more: [String]) async throws -> ServeProcess {
        try await blocking {
            let process = Process()
            process.executableURL = CommandRun.executable
            process.arguments = ["serve", folder, "--port", "0"] + more
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let handle = output.fileHandleForReading
            var line: [UInt8] = []
            while let byte = try handle.read(upToCount: 1)?.first, byte != 10 { line.append(byte) }
            let text = String(decoding: line, as: UTF8.self)
            guard text.hasPrefix("listening on http://") else { throw RawConnection.Failure(what: "serve: \(text)") }
            let rest: @Sendable () -> String = { String(decoding: handle.readDataToEndOfFile(), as: UTF8.self) }
            return ServeProcess(url: String(text.dropFirst(13)), process: process, rest: rest)
        }
    }

    /// Sends a signal, and gives the exit status and what else it printed.
    func end(_ signal: Int32 = SIGTERM) async throws -> (status: Int32, output: String) {
        process.withLock { _ = kill($0.processIdentifier, signal) }
        return try await blocking { [self] in
            let output = rest()
            let status = process.withLock { process -> Int32 in
                process.waitUntilExit()
                return process.terminationStatus
            }
            return (status, output)
        }
    }
}

/// A folder of the test's own, removed at its end.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "bkend-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}
#endif
