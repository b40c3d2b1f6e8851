import Foundation
import Load

/// Honest and hostile clients at one server for a long time. Each attack has its turn, two at once, and when they are
/// through they begin again. Memory, descriptors, log, database and the honest clients' latency must end where they were
/// after the first round.
struct Soak {
    let server: ServerProcess
    let target: Target
    let options: Options
    let folder: String

    private struct Sample {
        var resident: Double
        var descriptors: Int
        var log: Int
        var database: Int
        var p50: Double?
        var p99: Double?
        var failed: Int
    }

    /// Seconds of a turn.
    private static let turn = 30

    func run() -> Bool {
        let attacks = Attack.all
        let honest = HonestClients.start(at: target, signIns: true)
        Table.show(
            Table.line([
                "beside", "seconds", "RSS MiB", "files", "log MiB", "data MiB", "p50 ms", "p99 ms", "failed",
            ]))
        let begun = ContinuousClock.now
        var samples: [Sample] = []
        var turn = 0
        while begun.duration(to: .now) < .seconds(options.seconds), server.isRunning {
            // Pairs that differ from round to round.
            let first = attacks[turn % attacks.count]
            let second = attacks[(turn + 1 + turn / attacks.count) % attacks.count]
            let crowds = [first, second].map { $0.start(at: target) }
            sleep(UInt32(Self.turn - 4))
            for crowd in crowds { crowd.stop() }
            sleep(4)
            turn += 1
            let sample = sample(honest)
            samples.append(sample)
            let elapsed = Int(begun.duration(to: .now) / .seconds(1))
            Table.show(
                Table.line([
                    "\(first.name.prefix(12)), \(second.name.prefix(5))", "\(elapsed)", "\(Int(sample.resident))",
                    "\(sample.descriptors)", "\(sample.log >> 20)", "\(sample.database >> 20)",
                    Table.milliseconds(sample.p50), Table.milliseconds(sample.p99), "\(sample.failed)",
                ]))
        }
        honest.stop()
        return judge(samples)
    }

    private func sample(_ honest: HonestClients) -> Sample {
        let (requests, signIns) = honest.take()
        for (why, count) in requests.failures.merging(signIns.failures, uniquingKeysWith: +) {
            Table.show("    \(count) × \(why)")
        }
        let usage = server.usage
        let database = folder + "/environments/default/dev.sqlite"
        func bytes(_ path: String) -> Int {
            (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        }
        return Sample(
            resident: usage.resident, descriptors: usage.descriptors, log: bytes(database + "-wal"),
            database: bytes(database), p50: requests.percentile(50), p99: requests.percentile(99),
            failed: requests.failed + signIns.failed)
    }

    /// Compares the second half with the first, by the middle sample of each: what grows without end has doubled.
    private func judge(_ samples: [Sample]) -> Bool {
        guard server.isRunning else {
            Table.show("THE SERVER DIED")
            return false
        }
        guard samples.count >= 8 else {
            Table.show("too short to judge: \(samples.count) samples")
            return samples.allSatisfy { $0.failed == 0 }
        }
        let (early, late) = (samples.prefix(samples.count / 2), samples.suffix(samples.count / 2))
        func middle(_ samples: ArraySlice<Sample>, _ value: (Sample) -> Double) -> Double {
            samples.map(value).sorted()[samples.count / 2]
        }
        var isWell = true
        func check(_ name: String, growsAtMost ratio: Double, plus slack: Double, _ value: (Sample) -> Double) {
            let (before, after) = (middle(early, value), middle(late, value))
            let isFlat = after <= before * ratio + slack
            Table.show(
                "\(name): \(Int(before)) in the first half, \(Int(after)) in the second\(isFlat ? "" : ", GROWS")")
            isWell = isWell && isFlat
        }
        check("memory, MiB", growsAtMost: 1.15, plus: 16) { $0.resident }
        check("descriptors", growsAtMost: 1.1, plus: 8) { Double($0.descriptors) }
        check("log, KiB", growsAtMost: 1.25, plus: 4_096) { Double($0.log) / 1_024 }
        check("database, KiB", growsAtMost: 1.1, plus: 4_096) { Double($0.database) / 1_024 }
        check("p50, µs", growsAtMost: 1.5, plus: 500) { ($0.p50 ?? 0) * 1_000 }
        check("p99, µs", growsAtMost: 2, plus: 5_000) { ($0.p99 ?? 0) * 1_000 }
        let failed = samples.reduce(0) { $0 + $1.failed }
        if failed > 0 { Table.show("\(failed) honest requests failed") }
        return isWell && failed == 0
    }
}
