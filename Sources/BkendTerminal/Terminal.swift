import Foundation

/// What a command knows of the terminal it writes to.
package struct Terminal: Sendable {
    /// The columns of a line; nil where standard output isn't a terminal, and lines may have any length.
    package var columns: Int?
    /// Whether text may be highlighted: a terminal, and neither NO_COLOR nor a dumb one (no-color.org).
    package var hasStyles: Bool
    /// Whether standard error is a terminal on which progress may be shown: not a dumb one.
    package var showsProgress: Bool

    /// A terminal of a command that is told what it can do.
    package init(columns: Int?, hasStyles: Bool, showsProgress: Bool) {
        self.columns = columns
        self.hasStyles = hasStyles
        self.showsProgress = showsProgress
    }

    /// The terminal of this process.
    package static func present(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Terminal {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var columns: Int?
        if isTerminal { columns = width(STDOUT_FILENO) ?? environment["COLUMNS"].flatMap { Int($0) } ?? 80 }
        let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
        let showsProgress = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        return Terminal(columns: columns, hasStyles: isTerminal && !isPlain, showsProgress: showsProgress)
    }

    /// The columns of the terminal that standard error is; nil where they aren't known, or there is none.
    static var errorColumns: Int? { width(STDERR_FILENO) }

    private static func width(_ descriptor: Int32) -> Int? {
        var size = winsize()
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
    }

    /// The same terminal with so many columns less.
    package func narrowed(by count: Int) -> Terminal {
        var narrower = self
        narrower.columns = columns.map { max(1, $0 - count) }
        return narrower
    }

    /// A text in bold, where that can be shown.
    package func bold(_ text: String) -> String { hasStyles ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
