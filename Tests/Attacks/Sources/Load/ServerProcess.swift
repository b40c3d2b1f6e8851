import Foundation

/// A `bkend-server serve` under attack, with what the system says of it.
package final class ServerProcess {
    /// The keys that `init` printed.
    package struct Keys: Sendable, Decodable {
        package let publishableKey: String
        package let secretKey: String
    }

    package let port: Int
    private let process: Process

    private init(port: Int, process: Process) {
        self.port = port
        self.process = process
    }

    package var id: Int32 { process.processIdentifier }

    /// Makes a data folder with tables.
    package static func makeFolder(_ server: String, at path: String, tables: String) throws -> Keys {
        let keys = try JSONDecoder().decode(Keys.self, from: Data(try run(server, ["init", path])))
        let file = path + ".tables.json"
        try tables.write(toFile: file, atomically: true, encoding: .utf8)
        _ = try run(server, ["apply", path, file])
        return keys
    }

    /// Starts it on one core, where the system has two and `taskset`.
    package static func start(_ server: String, folder: String, core: Int?, options: [String]) throws -> ServerProcess {
        let process = Process()
        let arguments = ["serve", folder, "--port", "0"] + options
        if let core {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/taskset")
            process.arguments = ["-c", String(core), server] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: server)
            process.arguments = arguments
        }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 { line.append(byte) }
        guard let port = String(decoding: line, as: UTF8.self).split(separator: ":").last.flatMap({ Int($0) }) else {
            throw Connection.Failure(call: "serve: \(String(decoding: line, as: UTF8.self))")
        }
        return ServerProcess(port: port, process: process)
    }

    package var isRunning: Bool { process.isRunning }

    /// Asks it to stop, and tells how long that took.
    package func stop() -> Duration {
        let begun = ContinuousClock.now
        process.terminate()
        process.waitUntilExit()
        return begun.duration(to: .now)
    }

    /// How it ended.
    package var status: Int32 { process.terminationStatus }

    /// Resident memory and its peak, in MiB, and open descriptors.
    package var usage: (resident: Double, peak: Double, descriptors: Int) {
        let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
        func mebibytes(_ name: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
            return line.flatMap { Double($0.split(separator: " ").dropLast().last ?? "") }.map { $0 / 1_024 } ?? 0
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count) ?? 0
        return (mebibytes("VmRSS:"), mebibytes("VmHWM:"), files)
    }

    /// Forgets the peak so far (proc(5), `clear_refs`).
    package func forgetPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/\(id)/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }

    private static func run(_ server: String, _ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: server)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Connection.Failure(call: "\(arguments[0]): status \(process.terminationStatus)")
        }
        return Array(data)
    }
}
