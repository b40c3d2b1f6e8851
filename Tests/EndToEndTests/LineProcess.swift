import Foundation
import Synchronization

/// A child process that is spoken to line by line. Its lines are read on a thread of their own, so that waiting for one
/// holds no thread that tests need.
final class LineProcess: Sendable {
    struct Failure: Error { var what: String }

    private let process: Mutex<Process>
    private let input: FileHandle
    private let lines: AsyncStream<String>

    /// Starts an executable that was built with the tests: it lies beside the test bundle.
    init(_ name: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = Self.built(name)
        process.arguments = arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let (lines, next) = AsyncStream<String>.makeStream()
        let reading = output.fileHandleForReading
        Thread.detachNewThread {
            var rest: [UInt8] = []
            while true {
                // Gives what is there, where `read(upToCount:)` waits for all of the count.
                let bytes = reading.availableData
                if bytes.isEmpty { break }
                rest += bytes
                while let end = rest.firstIndex(of: 10) {
                    next.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeFirst(end + 1)
                }
            }
            next.finish()
        }
        self.input = input.fileHandleForWriting
        self.lines = lines
        self.process = Mutex(process)
    }

    /// Writes a line to its standard input.
    func tell(_ line: String) throws { try input.write(contentsOf: Data("\(line)\n".utf8)) }

    /// The next line that it wrote.
    ///
    /// - Throws: `Failure` when it has ended instead.
    func line() async throws -> String {
        for await line in lines { return line }
        throw Failure(what: "the process has ended")
    }

    /// Ends it: it has nothing to bring to an end.
    func end() {
        process.withLock { process in
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    private static func built(_ name: String) -> URL {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
        let folders = [bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        let found = folders.map { $0.appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return found ?? folders[0].appending(path: name)
    }
}
