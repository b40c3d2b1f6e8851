/// Finds the fewest steps and faults that still break the promise (delta debugging, Zeller and Hildebrandt 2002).
package struct Shrinking {
    /// The plan.
    package let plan: Plan
    /// The steps that are left.
    package private(set) var kept: [Int]
    /// The faults that are left out.
    package private(set) var spared: Set<String> = []
    /// How many runs it took.
    package private(set) var runs = 0
    private let promise: Violation.Promise
    private let planted: PlantedFault
    private let limit: Int

    /// Shrinks a run that fails; at most so many runs.
    package init(_ plan: Plan, failing violation: Violation, planted: PlantedFault = .none, limit: Int = 400) {
        self.plan = plan
        promise = violation.promise
        self.planted = planted
        self.limit = limit
        kept = Array(plan.steps.indices)
        shrinkSteps()
        shrinkFaults()
        shrinkSteps()
    }

    /// The shrunk run, with its trace.
    package func run() -> SeedRun {
        SeedRun(plan, planted: planted, recording: true, keeping: kept, sparing: spared)
    }

    private mutating func fails(_ kept: [Int], _ spared: Set<String>) -> [String]? {
        runs += 1
        let run = SeedRun(plan, planted: planted, keeping: kept, sparing: spared)
        return run.violation?.promise == promise ? run.struck : nil
    }

    private mutating func shrinkSteps() {
        var size = max(1, kept.count / 2)
        while !kept.isEmpty && runs < limit {
            var isSmaller = false
            var start = 0
            while start < kept.count && runs < limit {
                let rest = Array(kept[..<start]) + kept[min(start + size, kept.count)...]
                if fails(rest, spared) != nil {
                    kept = rest
                    isSmaller = true
                } else {
                    start += size
                }
            }
            if size == 1 && !isSmaller { return }
            size = max(1, size / 2)
        }
    }

    private mutating func shrinkFaults() {
        guard let struck = fails(kept, spared) else { return }
        var open = struck
        var size = max(1, open.count / 2)
        while !open.isEmpty && runs < limit {
            var start = 0
            var isSmaller = false
            while start < open.count && runs < limit {
                let left = Set(open[start..<min(start + size, open.count)])
                if fails(kept, spared.union(left)) != nil {
                    spared.formUnion(left)
                    open.removeAll { left.contains($0) }
                    isSmaller = true
                } else {
                    start += size
                }
            }
            if size == 1 && !isSmaller { return }
            size = max(1, size / 2)
        }
    }
}
