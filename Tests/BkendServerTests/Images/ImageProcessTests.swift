import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import BkendServer

/// What becomes of a program that doesn't do as it should.
@Suite struct ImageProcessTests {
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 16)
        threads.start()
        return threads
    }()

    /// Runs a shell's command as the program, and gives why there is no picture, and what was written.
    private func run(
        _ command: String, length: Int = 5, time: Duration = .seconds(20)
    ) async throws -> (failure: String?, output: [UInt8]) {
        let output = FileManager.default.temporaryDirectory.appending(path: "bkend-image-\(UUID().uuidString)").path
        let descriptor = open(output, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer {
            close(descriptor)
            unlink(output)
        }
        let process = try ImageProcess("/bin/sh", ["-c", command], output: descriptor, time: time)
        let failure = try await process.run(on: Self.threads, length: length) { _, count in
            ByteBuffer(repeating: 0x61, count: count)
        }
        return (failure, [UInt8](try Data(contentsOf: URL(fileURLWithPath: output))))
    }

    @Test("It reads the original and writes the picture")
    func works() async throws {
        let (failure, output) = try await run("cat", length: 3_000_000)
        #expect(failure == nil && output.count == 3_000_000 && output.allSatisfy { $0 == 0x61 })
    }

    @Test("It ends early, says why, or says much")
    func endsEarly() async throws {
        #expect(try await run("exit 0", length: 20_000_000).failure == nil)
        #expect(try await run("echo no such thing >&2; exit 65", length: 20_000_000).failure == "no such thing")
        #expect(try await run("exit 3").failure?.contains("status") == true)
        #expect(try await run("kill -9 $$").failure?.contains("status") == true)
        let loud = try await run("i=0; while [ $i -lt 5000 ]; do echo many words >&2; i=$((i+1)); done; exit 1")
        #expect((loud.failure?.utf8.count ?? 0) < 2_000)
    }

    @Test("It hangs: with its standard error open, and without; reading nothing, and reading all")
    func hangs() async throws {
        #expect(try await run("exec sleep 600", time: .milliseconds(300)).failure?.contains("longer") == true)
        #expect(
            try await run("exec sleep 600", length: 20_000_000, time: .milliseconds(300)).failure?.contains("longer")
                == true
        )
        #expect(
            try await run("exec 2>&-; exec sleep 600", time: .milliseconds(300)).failure?.contains("status") == true)
    }

    @Test("It isn't there, or knows nothing of the server's environment")
    func environment() async throws {
        setenv("BKEND_TEST_SECRET", "secret", 1)
        defer { unsetenv("BKEND_TEST_SECRET") }
        let (failure, output) = try await run("env")
        #expect(failure == nil && !String(decoding: output, as: UTF8.self).contains("secret"))
        #expect(throws: (any Error).self) {
            try ImageProcess("/nowhere/bkend-images", [], output: 1, time: .seconds(1))
        }
    }
}
