import Synchronization

/// Many seeds on every core, in order.
package enum SeedRange {
    /// Runs seeds until all are done or one should be the last.
    ///
    /// - Parameters:
    ///   - onlyFiles: whether to pass over the seeds without files.
    ///   - workers: how many run side by side.
    ///   - finished: called with each run as it ends, one at a time; false to begin no further seed.
    package static func run(
        _ seeds: Range<UInt64>, length: Int, onlyFiles: Bool = false, planted: PlantedFault = .none, workers: Int,
        finished: @escaping @Sendable (SeedRun) -> Bool
    ) async {
        let turn = Turn(seeds)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    while let seed = turn.next() {
                        let plan = Plan(seed: seed, length: length)
                        if onlyFiles && plan.files == nil { continue }
                        let run = SeedRun(plan, planted: planted)
                        turn.finish { finished(run) }
                    }
                }
            }
        }
    }

    /// Hands seeds out, and lets one worker speak at a time.
    private final class Turn: Sendable {
        private let seeds: Mutex<Range<UInt64>>
        private let speaker = Mutex(())

        init(_ seeds: Range<UInt64>) { self.seeds = Mutex(seeds) }

        func next() -> UInt64? { seeds.withLock { $0.popFirst() } }

        func finish(_ goesOn: () -> Bool) {
            let goesOn = speaker.withLock { _ in goesOn() }
            if !goesOn { seeds.withLock { $0 = $0.upperBound..<$0.upperBound } }
        }
    }
}
