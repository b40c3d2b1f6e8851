import ArgumentParser
import Bkend
import Foundation
import Harness

/// Uploads a file and downloads it, and prints the bytes of memory before and at the most, and the milliseconds of both.
struct TransferOnce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer-once", abstract: "The client whose memory is measured.", shouldDisplay: false)

    @Argument(help: "The server's URL.") var url: String
    @Argument(help: "A secret key.") var key: String
    @Argument(help: "A folder for the file.") var folder: String
    @Argument(help: "How many MB it has.") var size: Int

    func run() async throws {
        var options = ClientOptions()
        options.logger.logLevel = .warning
        let client = try BkendClient(url: url, key: key, options: options)
        let file = URL(filePath: "\(folder)/large")
        try write(file)
        // One small file, so that what any use of the client takes isn't counted as the large one's.
        _ = try await client.files.upload(Data(repeating: 1, count: 1_000), name: "small").value
        let idle = ProcessFigures.own.peakMemory
        let clock = ContinuousClock()
        let start = clock.now
        let stored = try await client.files.upload(from: file).value
        let middle = clock.now
        _ = try await client.files.download(stored.id, to: URL(filePath: "\(folder)/copy")).value
        let end = clock.now
        guard stored.size == size * 1_000_000 else { throw ExitCode.failure }
        let (up, down) = ((middle - start) / .milliseconds(1), (end - middle) / .milliseconds(1))
        print(idle, ProcessFigures.own.peakMemory, up, down)
        await client.shutdown()
    }

    private func write(_ file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        let piece = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 / 251) })
        for _ in 0..<size { try handle.write(contentsOf: piece) }
    }
}
