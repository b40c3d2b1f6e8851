import Foundation

/// What the command knows of the terminal it writes to.
struct Terminal: Sendable {
    /// The columns of a line; nil where standard output isn't a terminal, and lines may have any length.
    var columns: Int?
    /// Whether text may be highlighted: a terminal, and neither NO_COLOR nor a dumb one (no-color.org).
    var hasStyles: Bool
    /// Whether standard error is a terminal, on which progress may be shown.
    var showsProgress: Bool

    /// The terminal of this process.
    static func present(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Terminal {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var columns: Int?
        if isTerminal {
            var size = winsize()
            let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
            columns = isKnown ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80
        }
        let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
        return Terminal(
            columns: columns, hasStyles: isTerminal && !isPlain, showsProgress: isatty(STDERR_FILENO) == 1)
    }

    /// The same terminal with so many columns less.
    func narrowed(by count: Int) -> Terminal {
        var narrower = self
        narrower.columns = columns.map { max(1, $0 - count) }
        return narrower
    }

    /// A text in bold, where that can be shown.
    func bold(_ text: String) -> String { hasStyles ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
