import Foundation
import Testing

/// visible = base + pending, whatever happens: random sequences against a model, compared after every step.
@Suite("Random sequences")
struct PropertyTests {
    private static let length = 500
    /// 100,000 steps; `SYNC_STEPS=10000000` runs more.
    private static let seeds: [UInt64] = {
        let steps = ProcessInfo.processInfo.environment["SYNC_STEPS"].flatMap(Int.init) ?? 100_000
        let first = ProcessInfo.processInfo.environment["SYNC_FIRST"].flatMap(UInt64.init) ?? 1
        return (0..<UInt64(max(1, steps / length))).map { first + $0 }
    }()

    @Test("Every sequence leaves what the model says", arguments: [0, 1])
    func sequences(half: UInt64) async throws {
        for seed in Self.seeds where seed % 2 == half {
            // Else the tests beside it wait until it is through.
            await Task.yield()
            var random = PropertyRandom(state: seed)
            let steps = (0..<Self.length).map { _ in PropertyStep(&random) }
            guard let failure = PropertyRun.failure(of: steps) else { continue }
            // Before the trace is made short, which takes a while.
            Issue.record("seed \(seed), step \(failure.index): \(failure.reason)")
            let short = PropertyRun.shrunk(Array(steps.prefix(failure.index + 1)))
            Issue.record("seed \(seed), shrunk to \(short.count) steps:\n\(PropertyRun.trace(of: short))")
            return
        }
    }
}
