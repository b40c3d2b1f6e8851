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

    /// Runs a shell's command as the program, and gives what came of it, and what was written.
    private func run(
        _ command: String, length: Int = 5, time: Duration = .seconds(120)
    ) async throws -> (ending: ImageProcess.Ending, output: [UInt8]) {
        let output = FileManager.default.temporaryDirectory.appending(path: "bkend-image-\(UUID().uuidString)").path
        let descriptor = open(output, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer {
            close(descriptor)
            unlink(output)
        }
        let process = try ImageProcess("/bin/sh", ["-c", command], output: descriptor, time: time)
        let ending = try await process.run(on: Self.threads, length: length) { _, count in
            ByteBuffer(repeating: 0x61, count: count)
        }
        return (ending, [UInt8](try Data(contentsOf: URL(fileURLWithPath: output))))
    }

    /// Why there is no picture, where it may be there another time.
    private func failure(_ command: String, length: Int = 5, time: Duration = .seconds(120)) async throws -> String {
        guard case .failed(let reason) = try await run(command, length: length, time: time).ending else { return "" }
        return reason
    }

    @Test("It reads the original and writes the picture")
    func works() async throws {
        let (ending, output) = try await run("cat", length: 3_000_000)
        #expect(ending == .made && output.count == 3_000_000 && output.allSatisfy { $0 == 0x61 })
    }

    @Test("It ends early, says why, or says much")
    func endsEarly() async throws {
        #expect(try await run("exit 0", length: 20_000_000).ending == .made)
        let none = try await run("echo no such thing >&2; exit 65", length: 20_000_000).ending
        #expect(none == .noPicture("no such thing"))
        #expect(try await failure("echo disk full >&2; exit 70") == "disk full")
        #expect(try await failure("exit 3").contains("status"))
        #expect(try await failure("kill -9 $$").contains("status"))
        let loud = try await failure("i=0; while [ $i -lt 5000 ]; do echo many words >&2; i=$((i+1)); done; exit 1")
        #expect(!loud.isEmpty && loud.utf8.count < 2_000)
    }

    @Test("It hangs: with its standard error open, and without; reading nothing, and reading all")
    func hangs() async throws {
        #expect(try await failure("exec sleep 600", time: .milliseconds(300)).contains("longer"))
        #expect(try await failure("exec sleep 600", length: 20_000_000, time: .milliseconds(300)).contains("longer"))
        #expect(try await !failure("exec 2>&-; exec sleep 600", time: .milliseconds(300)).isEmpty)
        // Somebody else keeps its standard error open.
        #expect(try await failure("sleep 3 & exec sleep 600", time: .milliseconds(300)).contains("longer"))
    }

    @Test("The original can't be read, ends early, or doesn't come")
    func unread() async throws {
        func reading(_ read: @escaping @Sendable (Int, Int) async throws -> ByteBuffer) async throws {
            let process = try ImageProcess("/bin/cat", [], output: 2, time: .milliseconds(500))
            let ending = try await process.run(on: Self.threads, length: 10, read)
            if case .failed(let reason) = ending { throw ObjectFailure(description: reason) }
        }
        struct Lost: Error {}
        await #expect(throws: Lost.self) { try await reading { _, _ in throw Lost() } }
        await #expect(throws: ObjectFailure.self) { try await reading { _, _ in ByteBuffer() } }
        let error = await #expect(throws: ObjectFailure.self) {
            try await reading { _, _ in
                try await Task.sleep(for: .seconds(600))
                return ByteBuffer()
            }
        }
        #expect(error?.description.contains("longer") == true)
    }

    @Test("It isn't there, or knows nothing of the server's environment")
    func environment() async throws {
        setenv("BKEND_TEST_SECRET", "secret", 1)
        defer { unsetenv("BKEND_TEST_SECRET") }
        let (ending, output) = try await run("env")
        #expect(ending == .made && !String(decoding: output, as: UTF8.self).contains("secret"))
        #expect(throws: (any Error).self) {
            try ImageProcess("/nowhere/bkend-images", [], output: 1, time: .seconds(1))
        }
    }
}
