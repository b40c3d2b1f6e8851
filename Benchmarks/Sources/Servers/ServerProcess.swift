import Foundation

/// A server that a program runs as another process of itself.
package final class ServerProcess {
    private let process = Process()
    /// The child ends when this end is closed, however this process ends.
    private let life = Pipe()
    /// Where it listens on 127.0.0.1.
    package let port: Int

    /// Starts one, and waits until it says where it listens.
    package init(_ arguments: [String]) throws {
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

    /// Its number.
    package var identifier: Int32 { process.processIdentifier }

    /// Ends it.
    package func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}

/// What a server process tells and asks the one that started it.
package enum Parent {
    /// Tells the port.
    package static func tell(_ port: Int) { FileHandle.standardOutput.write(Data("\(port)\n".utf8)) }

    /// Ends this process as soon as the parent is gone.
    package static func endWithIt() {
        Thread.detachNewThread {
            while !FileHandle.standardInput.availableData.isEmpty {}
            exit(0)
        }
    }
}
