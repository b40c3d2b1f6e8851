import BkendCurl
import BkendTransport
import CCurl
import Foundation
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CompressionTests {
    /// "compressed " forty times, as `gzip -9n`, `brotli` and `zstd` write it.
    static let samples: [(encoding: String, base64: String)] = [
        ("gzip", gzip), ("deflate", deflate), ("br", brotli), ("zstd", zstd),
    ]
    static let gzip = "H4sIAAAAAAACA0vOzy0oSi0uTk1RSB5lDh0mAI2Av864AQAA"
    static let deflate = "eNpLzs8tKEotLk5NUUgeZQ4dJgCI161J"
    static let brotli = "G7cB+CXH2t6qE8IqgHi4nWcA"
    static let zstd = "KLUv/QBolQAAWGNvbXByZXNzZWQgAQCqVosX"

    @Test("A compressed answer is read", arguments: samples)
    func compressedAnswerRead(encoding: String, base64: String) async throws {
        let bytes = try #require(Data(base64Encoded: base64))
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer(Array(bytes), fields: ["Content-Encoding: \(encoding)"])
        } _: { harness async throws in
            let text = try await harness.text(harness.request())
            #expect(text == String(repeating: "compressed ", count: 40))
            let offered = harness.server.requests[0].field("accept-encoding")?.split(separator: ", ").map(String.init)
            #expect(offered?.contains(encoding) == true)
        }
    }

    static let explodes: RawServer.Script = { connection in
        _ = try connection.readRequest()
        try connection.answer(try bomb.get(), fields: ["Content-Encoding: gzip"])
    }

    @Test("A compression bomb stops at the cap and takes no memory")
    func compressionBombStops() async {
        await #expect(processExitsWith: .success) {
            _ = try Self.bomb.get()
            try await Harness.run(script: Self.explodes) { harness async throws in
                let before = Memory.resident
                let error = try await harness.failure(harness.request(maximumResponseBytes: 1 << 20))
                guard error.kind == .bodyTooLarge, error.delivery == .answered else { throw error }
                try Exceeded.check(Memory.resident - before, below: 32 << 20)
            }
        }
    }

    @Test("A bomb read in pieces is held back")
    func bombReadPieces() async {
        await #expect(processExitsWith: .success) {
            _ = try Self.bomb.get()
            try await Harness.run(script: Self.explodes) { harness async throws in
                let body = try await harness.transport.send(harness.request(maximumResponseBytes: .max)).body
                let before = Memory.resident
                var count = 0
                for try await chunk in body {
                    // A reader that takes its time at the beginning: what isn't held back comes meanwhile.
                    if count == 0 { try await Task.sleep(for: .milliseconds(500)) }
                    count += chunk.count
                    try Exceeded.check(Memory.resident - before, below: 64 << 20)
                }
                guard count == 300_000_000 else { throw Exceeded() }
            }
        }
    }

    /// 300 MB of zeros in 1.3 MB.
    private static let bomb = Result { try Zeros.gzipped(300_000_000, level: 1) }
}
