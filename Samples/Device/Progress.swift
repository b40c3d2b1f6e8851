import Foundation

/// How far something long has come, on one line of a terminal. Elsewhere it prints nothing.
package struct Progress: Sendable {
    private let what: String
    private let isShown = isatty(STDERR_FILENO) == 1

    package init(_ what: String) { self.what = what }

    /// Shows a number in place of the one before.
    package func show(_ number: Int) { write("\r\(number) \(what)\u{1B}[K") }

    /// Shows a part of a whole.
    package func show(_ number: Int, of total: Int) { write("\r\(number) of \(total) \(what)\u{1B}[K") }

    /// Removes the line.
    package func clear() { write("\r\u{1B}[K") }

    private func write(_ text: String) {
        if isShown { FileHandle.standardError.write(Data(text.utf8)) }
    }
}
