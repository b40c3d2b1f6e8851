import Foundation
import SyncSimulation
import Synchronization

/// `make simulate SEEDS=… [FIRST=…]`: runs seeds on every core until all are done or one breaks a promise.
///
/// The state file says how far a range has come, so that a run that was stopped goes on where it was.
@main
struct Simulate {
    static func main() async {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            switch options.action {
            case .range: exit(await SeedHunt(options).run() ? 0 : 1)
            case .digests: for seed in options.seeds { Output.line(Self.digest(of: seed, options.length)) }
            case .trace: Self.trace(options)
            case .plant: exit(await Plant(options).run() ? 0 : 1)
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(2)
        }
    }

    /// A seed's digest as a line.
    static func digest(of seed: UInt64, _ length: Int) -> String {
        let run = SeedRun(Plan(seed: seed, length: length))
        return "\(seed) \(run.steps) \(String(run.digest, radix: 16))"
    }

    private static func trace(_ options: Options) {
        for seed in options.seeds {
            let run = SeedRun(Plan(seed: seed, length: options.length), listener: { Output.line($0) })
            Output.line("seed \(seed): \(run.steps) steps, \(run.violation.map { "\($0)" } ?? "every promise kept")")
        }
    }
}
