/// What became of one seed.
package struct SeedRun: Sendable {
    /// The seed.
    package let seed: UInt64
    /// The promise that was broken, nil for none.
    package let violation: Violation?
    /// The events handled.
    package let steps: Int
    /// The requests sent.
    package let requests: Int
    /// A digest of everything that was done and seen: equal for equal runs.
    package let digest: UInt64
    /// What was done and seen, when it was kept.
    package let trace: [String]
    /// The faults that struck.
    package let struck: [String]
    /// How many files the server has made of attachments.
    package let files: Int
    /// How many reports the engines made, by kind.
    package let reports: [String: Int]

    /// Runs a plan to its end.
    package init(
        _ plan: Plan, planted: PlantedFault = .none, recording: Bool = false, keeping kept: [Int]? = nil,
        sparing spared: Set<String> = [], listener: (@Sendable (String) -> Void)? = nil
    ) {
        seed = plan.seed
        var found: Violation?
        var simulation: Simulation?
        do {
            let run = try Simulation(
                plan, planted: planted, recording: recording, keeping: kept, sparing: spared, listener: listener)
            simulation = run
            try run.run()
        } catch {
            found = error as? Violation ?? Violation(.broken, "\(error)")
        }
        violation = found
        steps = simulation?.world.steps ?? 0
        requests = simulation?.world.requests ?? 0
        digest = simulation?.world.trace.digest ?? 0
        trace = simulation?.world.trace.lines ?? []
        struck = simulation?.world.struck ?? []
        files = simulation?.world.registered ?? 0
        var reports: [String: Int] = [:]
        for device in simulation?.world.devices ?? [] {
            for (kind, count) in device.observer.reportKinds { reports[kind, default: 0] += count }
        }
        self.reports = reports
    }
}
