internal import Foundation

/// What a child process says to the test that started it, and hears from it, line by line.
package enum ParentProcess {
    /// Nobody reads what it says.
    package struct Gone: Error {}

    /// The lines of standard input, read on a thread that has nothing else to do. They end with the parent.
    package static func orders() -> AsyncStream<String> {
        let (lines, next) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            while let line = readLine() { next.yield(line) }
            next.finish()
        }
        return lines
    }

    /// Writes a line at once and whole.
    package static func say(_ line: String) throws {
        let bytes = Array((line.split(separator: "\n").joined(separator: " ") + "\n").utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            guard written > 0 else { throw Gone() }
            rest = rest.dropFirst(written)
        }
    }
}
