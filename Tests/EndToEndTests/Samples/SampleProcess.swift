import Foundation

/// A program of this package, run as a person would run it.
struct SampleProcess {
    /// What it printed, on standard output and standard error.
    var output: String
    var status: Int32

    /// Where the built programs lie: beside the test bundle.
    static let folder: URL = {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
        let folders = [bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        return folders.first { FileManager.default.isExecutableFile(atPath: $0.appending(path: "bkend-server").path) }
            ?? folders[0]
    }()

    /// The package's root.
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Runs one of the built programs to its end.
    static func run(_ name: String, _ arguments: [String]) async throws -> SampleProcess {
        try await run(folder.appending(path: name), arguments, in: FileManager.default.temporaryDirectory)
    }

    /// Runs a program to its end.
    static func run(_ executable: URL, _ arguments: [String], in place: URL) async throws -> SampleProcess {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try wait(for: executable, arguments, in: place) })
            }
        }
    }

    private static func wait(for executable: URL, _ arguments: [String], in place: URL) throws -> SampleProcess {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = place
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(folder.path):\(environment["PATH"] ?? "/usr/bin:/bin")"
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return SampleProcess(output: String(decoding: data, as: UTF8.self), status: process.terminationStatus)
    }
}
