import Foundation
import SyncSimulation
import Synchronization
import Testing

/// Random runs. `make simulate SEEDS=…` does many more.
@Suite struct SeedTests {
    /// Operations of a short run: more than 200 events, each checked.
    static let length = 12

    @Test("400 seeds keep every promise")
    func seeds() async {
        let failures = Mutex<[SeedRun]>([])
        let steps = Mutex(0)
        let files = Mutex(0)
        let workers = ProcessInfo.processInfo.activeProcessorCount
        await SeedRange.run(1..<401, length: Self.length, workers: workers) { run in
            steps.withLock { $0 += run.steps }
            files.withLock { $0 += run.files }
            guard run.violation != nil else { return true }
            failures.withLock { $0.append(run) }
            return false
        }
        #expect(steps.withLock { $0 } > 400 * 200)
        #expect(files.withLock { $0 } > 200)
        for run in failures.withLock({ $0 }) {
            guard let violation = run.violation else { continue }
            let shrunk = Shrinking(Plan(seed: run.seed, length: Self.length), failing: violation, limit: 100)
            let small = shrunk.run()
            Issue.record(
                """
                seed \(run.seed): \(violation)
                \(small.trace.joined(separator: "\n"))
                keeping \(shrunk.kept), sparing \(shrunk.spared.sorted())
                """)
        }
    }

    @Test("20 seeds do the same in another process")
    func anotherProcess() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("simulate")
        process.arguments = ["--digests", "--first", "1", "--seeds", "20", "--length", "\(Self.length)"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let theirs = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let ours = (UInt64(1)...20).map { seed in
            let run = SeedRun(Plan(seed: seed, length: Self.length))
            return "\(run.seed) \(run.steps) \(String(run.digest, radix: 16))\n"
        }
        #expect(theirs == ours.joined())
    }
}
