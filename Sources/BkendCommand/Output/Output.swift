import BkendTerminal
import BkendWire
import Foundation
import Synchronization

/// What the command prints: results on standard output, everything else on standard error.
struct Output {
    /// The terminal.
    let terminal: Terminal
    /// Whether results are JSON, one value a line.
    let isJSON: Bool

    /// Writes a line to standard output. Ends the process if nobody reads it any more, or it can't be written.
    func line(_ text: String) { self.text(text + "\n") }

    /// Writes a text as it is; see `line`.
    func text(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { Self.fail(errno) }
            rest = rest.dropFirst(count)
        }
    }

    private static let endings = Mutex<[@Sendable () -> Void]>([])

    /// Has something done before the process ends because its output can't be written.
    static func beforeEnding(_ work: @escaping @Sendable () -> Void) { endings.withLock { $0.append(work) } }

    private static func fail(_ code: Int32) -> Never {
        for work in endings.withLock({ $0 }) { work() }
        if code == EPIPE {
            // As other commands end when `head` has seen enough.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        note("bkend: standard output can't be written: \(String(cString: strerror(code)))")
        exit(ExitStatus.output.rawValue)
    }

    /// Writes a value as one line of JSON.
    ///
    /// JSON escapes the controls of ASCII; here those of Unicode are escaped as well, which some terminals obey.
    func json(_ value: JSON) {
        var text = ""
        for scalar in value.description.unicodeScalars {
            if scalar.isTerminalControl {
                let code = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - code.count) + code
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        line(text)
    }

    /// Writes a record: its fields below each other, or one line of JSON.
    func record(_ record: JSONObject) {
        if isJSON { return json(.object(record)) }
        let width = record.map { TextWidth.of(RecordTable.shown($0.key)) }.max() ?? 0
        for (field, value) in record {
            let name = TextWidth.fitted(RecordTable.shown(field), to: width)
            line("\(terminal.bold(name))  \(RecordTable.cell(value))")
        }
    }

    /// Writes rows as a table; nothing for none.
    func table(_ rows: [JSONObject], fields: [String]? = nil) {
        if rows.isEmpty { return }
        let table = RecordTable(rows, fields: fields, terminal: terminal)
        line(table.heading)
        for row in rows { line(table.line(row)) }
        if !table.hidden.isEmpty { Output.note("no room for \(table.hidden.joined(separator: ", ")); use --json") }
    }

    /// Writes lines to standard error, without what would speak to the terminal: they may quote a server.
    static func note(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { RecordTable.shown(String($0)) }
        try? FileHandle.standardError.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
    }
}
