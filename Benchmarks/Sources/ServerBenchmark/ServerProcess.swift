import Foundation
import Harness

/// A server that this program runs as another process of itself.
final class ServerProcess {
    private let process = Process()
    /// The child ends when this end is closed, however this process ends.
    private let life = Pipe()
    /// Where it listens on 127.0.0.1.
    let port: Int

    /// Starts one, and waits until it says where it listens.
    init(_ arguments: [String]) throws {
        let output = Pipe()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardInput = life
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = line.split(separator: "\n").first.flatMap({ Int($0) }) else {
            throw BenchmarkFailure("\(arguments[0]) did not start")
        }
        self.port = port
    }

    /// What Linux says about it.
    var figures: ProcessFigures { ProcessFigures(process: process.processIdentifier) }

    /// The most memory it ever had.
    var peakMemory: Int { figures.peakMemory }

    /// Ends it.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}

/// What a server process tells and asks the one that started it.
enum Parent {
    /// Tells the port.
    static func tell(_ port: Int) { FileHandle.standardOutput.write(Data("\(port)\n".utf8)) }

    /// Ends this process as soon as the parent is gone.
    static func endWithIt() {
        Thread.detachNewThread {
            while !FileHandle.standardInput.availableData.isEmpty {}
            exit(0)
        }
    }
}
