import Foundation

/// The `bkend-server` command, run as a person would run it in a terminal.
struct ServerProcess {
    /// Where the server listens.
    let url: String
    private let process: Process

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a subcommand to its end and gives what it printed.
    static func run(_ arguments: [String]) throws -> Data {
        let (process, output) = try launch(arguments)
        let data = output.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "bkend-server \(arguments[0]) ended with status \(process.terminationStatus)")
        }
        return data
    }

    /// Starts `bkend-server serve` on a port, a free one for 0, and returns once it listens.
    static func serve(folder: String, port: Int = 0) throws -> ServerProcess {
        let (process, output) = try launch(["serve", folder, "--port", String(port)])
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let more = output.availableData
            guard !more.isEmpty else { throw Failure(description: "the server ended before it was ready") }
            line += more
        }
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let url = text.split(separator: " ").last, text.hasPrefix("listening on ") else {
            throw Failure(description: "the server said: \(text)")
        }
        return ServerProcess(url: String(url), process: process)
    }

    /// The port it listens on.
    var port: Int { URL(string: url)?.port ?? 0 }

    /// Asks the server to finish what it is doing and end, and gives its exit status.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends a server that is still running when something went wrong.
    func kill() { if process.isRunning { process.terminate() } }

    /// The command lies beside this program.
    private static func launch(_ arguments: [String]) throws -> (Process, FileHandle) {
        let here = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let process = Process()
        let pipe = Pipe()
        process.executableURL = here.appendingPathComponent("bkend-server")
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        return (process, pipe.fileHandleForReading)
    }
}
