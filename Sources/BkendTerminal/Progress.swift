import Foundation

/// How far a long command is, on standard error while that is a terminal: nothing in the first second, then at most five
/// times a second.
package struct Progress {
    private let isShown: Bool
    private let clock = ContinuousClock()
    private var next: ContinuousClock.Instant
    private var isDrawn = false

    package init(isShown: Bool) {
        self.isShown = isShown
        next = clock.now + .seconds(1)
    }

    /// Shows a bar, where the number of all is known.
    package mutating func show(_ done: Int, of all: Int?, _ what: String) {
        guard isShown, clock.now >= next else { return }
        next = clock.now + .milliseconds(200)
        isDrawn = true
        var text = "\(done) \(what)"
        if let all, all > 0 {
            let filled = min(20, done * 20 / all)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
            text = "\(bar) \(done) of \(all) \(what)"
        }
        draw(text)
    }

    /// Takes the bar away.
    package mutating func end() {
        if isDrawn { draw("") }
        isDrawn = false
    }

    private func draw(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }
}
