import Foundation
import Load

/// Honest clients beside one attack after the other: the median may double, the 99th percentile may be ten times what it
/// was without.
struct Beside {
    let server: ServerProcess
    let target: Target
    let options: Options

    func run() -> Bool {
        let attacks = Attack.all.filter { options.names.isEmpty || options.names.contains($0.name) }
        Table.show(
            Table.line(["attack", "p50 ms", "p99 ms", "p50 ratio", "p99 ratio", "requests", "failed", "peak MiB"]))
        var isWell = true
        var (alone, aloneSigning) = measure("alone", nil, signIns: true)
        // The first seconds of a server are its slowest.
        (alone, aloneSigning) = measure("alone, again", nil, signIns: true)
        show("alone, again", alone, against: alone)
        show("sign-in alone", aloneSigning, against: aloneSigning)
        for attack in attacks {
            let (requests, signIns) = measure(attack.name, attack, signIns: attack.isOnSignIn)
            let measured = attack.isOnSignIn ? signIns : requests
            let base = attack.isOnSignIn ? aloneSigning : alone
            show(attack.name, measured, against: base)
            isWell = isWithin(measured, base) && server.isRunning && isWell
            if attack.isOnSignIn { show("  requests beside", requests, against: alone) }
        }
        Table.show(isWell ? "within bounds" : "OUT OF BOUNDS: p50 may be 2 times, p99 10 times what it is alone")
        return isWell
    }

    private func measure(_ name: String, _ attack: Attack?, signIns: Bool) -> (Latencies, Latencies) {
        server.forgetPeak()
        let crowd = attack?.start(at: target)
        if crowd != nil { sleep(2) }
        let honest = HonestClients.start(at: target, signIns: signIns)
        sleep(UInt32(options.seconds))
        let measured = honest.take()
        // Who waits for an answer when the time is up has waited as well.
        honest.stop()
        crowd?.stop()
        sleep(1)
        return (measured.requests, measured.signIns)
    }

    private func show(_ name: String, _ measured: Latencies, against base: Latencies) {
        let (p50, p99) = (measured.percentile(50), measured.percentile(99))
        Table.show(
            Table.line([
                name, Table.milliseconds(p50), Table.milliseconds(p99), Table.ratio(p50, base.percentile(50)),
                Table.ratio(p99, base.percentile(99)), "\(measured.count)", "\(measured.failed)",
                "\(Int(server.usage.peak))",
            ]))
        for (why, count) in measured.failures.sorted(by: { $0.value > $1.value }).prefix(3) {
            Table.show("    \(count) × \(why)")
        }
    }

    private func isWithin(_ measured: Latencies, _ base: Latencies) -> Bool {
        guard let p50 = measured.percentile(50), let p99 = measured.percentile(99), let base50 = base.percentile(50),
            let base99 = base.percentile(99)
        else { return false }
        return p50 <= base50 * 2 && p99 <= base99 * 10 && measured.failed == 0
    }
}
