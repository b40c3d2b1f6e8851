#if Server
import BkendServer
import Foundation

/// How far an import is, on standard error: at most a line a second.
struct ImportProgress {
    private let isShown: Bool
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var last: ContinuousClock.Instant

    init(isShown: Bool) {
        self.isShown = isShown
        start = clock.now
        last = start
    }

    mutating func show(_ file: String, _ counts: ImportCounts, bytes: Int, of all: Int?) {
        let now = clock.now
        guard isShown, last.duration(to: now) >= .seconds(1) else { return }
        last = now
        let share = all.map { $0 > 0 ? ", \(bytes * 100 / $0) % of \(file)" : "" } ?? ", \(bytes >> 20) MiB of \(file)"
        StandardError.line("\(counts.read) records, \(rate(counts, now)) a second\(share)")
    }

    func end(_ counts: ImportCounts, rejects: String?) {
        if let rejects { StandardError.line("\(counts.rejected) records were rejected; see \(rejects)") }
        guard isShown else { return }
        let now = clock.now
        let seconds = String(format: "%.1f", start.duration(to: now) / .seconds(1))
        StandardError.line("\(counts.read) records in \(seconds) s, \(rate(counts, now)) a second")
    }

    private func rate(_ counts: ImportCounts, _ now: ContinuousClock.Instant) -> Int {
        Int(Double(counts.read) / max(0.001, start.duration(to: now) / .seconds(1)))
    }
}
#endif
