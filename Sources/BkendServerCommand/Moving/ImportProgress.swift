import BkendTerminal
import Foundation

/// How far an import is, or its look at the records before, on a terminal; and one line at the end, wherever standard error
/// goes.
final class ImportProgress {
    private let isShown: Bool
    private let verb: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var progress: ProgressBar

    /// - Parameter verb: what is done to records, `looked at` for example; empty for the import itself.
    init(isShown: Bool, verb: String = "") {
        self.isShown = isShown
        self.verb = verb.isEmpty ? "" : " \(verb)"
        start = clock.now
        progress = ProgressBar(isShown: isShown && Terminal.present().showsProgress)
    }

    /// Shows how much of a file was read.
    func show(_ file: String, _ records: Int, bytes: Int, of all: Int?) {
        progress.show(
            share: bytes, of: all,
            "\(records) records\(verb), \(rate(records, clock.now)) a second, \(bytes >> 20) MiB of \(file)")
    }

    /// Makes room for a line.
    func clear() { progress.end() }

    /// Shows the line at the end.
    func end(_ records: Int) {
        progress.end()
        guard isShown else { return }
        let now = clock.now
        let seconds = String(format: "%.1f", start.duration(to: now) / .seconds(1))
        StandardError.line("\(records) records\(verb) in \(seconds) s, \(rate(records, now)) a second")
    }

    private func rate(_ records: Int, _ now: ContinuousClock.Instant) -> Int {
        Int(Double(records) / max(0.001, start.duration(to: now) / .seconds(1)))
    }
}
