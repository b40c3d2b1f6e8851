import ChildProcesses
import Foundation

/// A program of this package, run as a person would run it.
struct SampleProcess {
    /// What it printed, on standard output and standard error.
    var output: String
    var status: Int32

    /// Where the built programs lie: beside the test bundle.
    static let folder = ChildProcess.built("bkend-server").deletingLastPathComponent()

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
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(folder.path):\(environment["PATH"] ?? "/usr/bin:/bin")"
        let child = try ChildProcess(
            executable, arguments, errors: .output, folder: place, environment: environment)
        let output = ChildProcess.everything(from: child.descriptor)
        return SampleProcess(output: output, status: child.ending().code)
    }
}
