import SyncSimulation
import Synchronization

/// Looks for the first seed that catches each planted fault.
struct Plant {
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() async -> Bool {
        var isComplete = true
        for fault in PlantedFault.all where options.fault.map({ $0 == fault.name }) ?? true {
            let caught = Mutex<SeedRun?>(nil)
            let runs = Mutex(0)
            await SeedRange.run(options.seeds, length: options.length, planted: fault, workers: options.workers) {
                run in
                runs.withLock { $0 += 1 }
                // A seed that fails by itself says nothing about the fault.
                guard run.violation != nil,
                    SeedRun(Plan(seed: run.seed, length: options.length)).violation == nil
                else { return true }
                caught.withLock { if run.seed < $0?.seed ?? .max { $0 = run } }
                return false
            }
            let found = caught.withLock { $0 }
            isComplete = isComplete && found != nil
            let verdict = found.flatMap(\.violation).map { "\($0)" } ?? "NOT CAUGHT"
            Output.line(
                "\(fault.name): seed \(found.map { "\($0.seed)" } ?? "–") of \(runs.withLock { $0 }) runs; \(verdict)")
        }
        return isComplete
    }
}
