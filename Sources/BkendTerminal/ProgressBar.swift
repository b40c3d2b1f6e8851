import Foundation

/// How far a long command is, on standard error while that is a terminal: nothing in the first second, then at most five
/// times a second. It has no colours.
package struct ProgressBar {
    private let isShown: Bool
    private let now: () -> ContinuousClock.Instant
    private let write: (String) -> Void
    private var next: ContinuousClock.Instant
    private var isDrawn = false

    /// - Parameters:
    ///   - isShown: whether there is a terminal that can show it; see `Terminal.showsProgress`.
    ///   - now: the time.
    ///   - write: where it is drawn.
    package init(
        isShown: Bool, now: @escaping () -> ContinuousClock.Instant = { ContinuousClock().now },
        write: @escaping (String) -> Void = { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) }
    ) {
        self.isShown = isShown
        self.now = now
        self.write = write
        next = now() + .seconds(1)
    }

    /// Shows a number, behind a bar where the number of all is known.
    package mutating func show(_ done: Int, of all: Int?, _ what: String) {
        show(
            share: done, of: all,
            all.map { $0 > 0 ? "\(done) of \($0) \(what)" : "\(done) \(what)" } ?? "\(done) \(what)")
    }

    /// Shows a text, behind a bar where the number of all is known.
    package mutating func show(share done: Int, of all: Int?, _ text: @autoclosure () -> String) {
        guard isShown, now() >= next else { return }
        next = now() + .milliseconds(200)
        isDrawn = true
        var line = text()
        if let all, all > 0 {
            let filled = max(0, min(20, done * 20 / all))
            line = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled) + " " + line
        }
        draw(line)
    }

    /// Takes the bar away.
    package mutating func end() {
        if isDrawn { draw("") }
        isDrawn = false
    }

    private func draw(_ text: String) {
        // A line that wraps couldn't be taken away.
        let columns = Terminal.errorColumns.map { $0 - 1 }
        let line = columns.map { TextWidth.of(text) > $0 ? TextWidth.fitted(text, to: max(1, $0)) : text } ?? text
        write("\r\u{1B}[K\(line)")
    }
}
