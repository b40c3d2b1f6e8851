import Foundation

/// How far an import is, or its look at the records before, on standard error: at most a line a second, and one at the
/// end.
struct ImportProgress {
    private let isShown: Bool
    private let verb: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var last: ContinuousClock.Instant

    /// - Parameter verb: what is done to records, `looked at` for example; empty for the import itself.
    init(isShown: Bool, verb: String = "") {
        self.isShown = isShown
        self.verb = verb.isEmpty ? "" : " \(verb)"
        start = clock.now
        last = start
    }

    mutating func show(_ file: String, _ records: Int, bytes: Int, of all: Int?) {
        let now = clock.now
        guard isShown, last.duration(to: now) >= .seconds(1) else { return }
        last = now
        let share = all.map { $0 > 0 ? ", \(bytes * 100 / $0) % of \(file)" : "" } ?? ", \(bytes >> 20) MiB of \(file)"
        StandardError.line("\(records) records\(verb), \(rate(records, now)) a second\(share)")
    }

    func end(_ records: Int) {
        guard isShown else { return }
        let now = clock.now
        let seconds = String(format: "%.1f", start.duration(to: now) / .seconds(1))
        StandardError.line("\(records) records\(verb) in \(seconds) s, \(rate(records, now)) a second")
    }

    private func rate(_ records: Int, _ now: ContinuousClock.Instant) -> Int {
        Int(Double(records) / max(0.001, start.duration(to: now) / .seconds(1)))
    }
}
