import Foundation
import SyncSimulation
import Synchronization

/// Runs a range of seeds, and shrinks the first one that fails; of others it tells what they broke.
struct SeedHunt {
    private struct Progress {
        var done: Set<UInt64> = []
        var next: UInt64
        var runs = 0
        var steps = 0
        var requests = 0
        var files = 0
        var reports: [String: Int] = [:]
        var failures: [SeedRun] = []
        var lastSaid = ContinuousClock.now
    }

    private let options: Options
    private let first: UInt64
    private let began = ContinuousClock.now

    init(_ options: Options) {
        self.options = options
        // A state file of this range says which seed is next.
        let words = options.state.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }?.split(separator: " ")
        let next = words?.first.flatMap { UInt64($0) } ?? options.first
        first = options.seeds.contains(next) ? next : options.first
    }

    func run() async -> Bool {
        let seeds = first..<options.seeds.upperBound
        Output.line("seeds \(seeds.lowerBound) to \(seeds.upperBound - 1), \(options.length) operations each")
        let progress = Mutex(Progress(next: first))
        let limit = options.minutes.map { Duration.seconds($0 * 60) }
        await SeedRange.run(
            seeds, length: options.length, onlyFiles: options.onlyFiles, workers: options.workers
        ) { run in
            progress.withLock { progress in
                note(run, in: &progress)
                if progress.failures.count >= options.failures { return false }
                return limit.map { began.duration(to: .now) < $0 } ?? true
            }
        }
        let end = progress.withLock { $0 }
        say(end)
        for run in end.failures.prefix(1) { explain(run) }
        return end.failures.isEmpty
    }

    private func note(_ run: SeedRun, in progress: inout Progress) {
        progress.done.insert(run.seed)
        progress.runs += 1
        progress.steps += run.steps
        progress.requests += run.requests
        progress.files += run.files
        progress.reports.merge(run.reports, uniquingKeysWith: +)
        if let violation = run.violation {
            progress.failures.append(run)
            Output.line("seed \(run.seed): \(violation)")
        }
        while progress.done.remove(progress.next) != nil || isPassedOver(progress.next) { progress.next += 1 }
        if progress.lastSaid.duration(to: .now) > .seconds(10) {
            progress.lastSaid = .now
            save(progress)
            say(progress)
        }
    }

    /// Whether the range passes over a seed, since it has no files.
    private func isPassedOver(_ seed: UInt64) -> Bool {
        options.onlyFiles && options.seeds.contains(seed) && Plan(seed: seed, length: options.length).files == nil
    }

    private func save(_ progress: Progress) {
        guard let state = options.state else { return }
        try? "\(progress.next) \(progress.steps)\n".write(toFile: state, atomically: true, encoding: .utf8)
    }

    private func say(_ progress: Progress) {
        save(progress)
        let seconds = began.duration(to: .now) / .seconds(1)
        let rate = Int(Double(progress.steps) / max(seconds, 0.001))
        let reports = progress.reports.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        Output.line(
            "\(progress.runs) seeds, \(progress.steps) steps, \(progress.requests) requests, \(progress.files) files, "
                + "\(Int(seconds)) s, \(rate) steps/s; done up to seed \(progress.next - 1); reports: \(reports.joined(separator: ", "))"
        )
    }

    private func explain(_ run: SeedRun) {
        guard let violation = run.violation else { return }
        let shrunk = Shrinking(Plan(seed: run.seed, length: options.length), failing: violation)
        let small = shrunk.run()
        for line in small.trace { Output.line(line) }
        Output.line(
            """
            seed \(run.seed), length \(options.length), shrunk in \(shrunk.runs) runs
            keeping: \(shrunk.kept)
            sparing: \(shrunk.spared.sorted())
            \(small.violation.map { "\($0)" } ?? "")
            """)
    }
}
