import Foundation

/// Prints figures as a table for people, and adds them to a file as lines of JSON for programs.
package struct Report {
    private let file: String?

    /// Prints the title, the machine and the heads of the columns.
    package init(_ title: String, _ options: ReportOptions) {
        file = options.json
        Self.line("== \(title) (\(Machine.line))")
        Self.line(
            Self.row(
                "figure", "against", "ratio", "least", "most", "goal", "", "ours µs", "theirs µs", "CPU µs", "CPU µs"))
    }

    /// Prints a figure as soon as it is there: minutes may pass until the next.
    package func add(_ figure: Figure) throws {
        let verdict = figure.isMet.map { $0 ? "met" : "MISSED" } ?? ""
        Self.line(
            Self.row(
                figure.name, figure.reference, Self.number(figure.ratio), Self.number(figure.ratioMinimum),
                Self.number(figure.ratioMaximum), figure.goal ?? "", verdict, Self.number(figure.subjectMicroseconds),
                Self.number(figure.referenceMicroseconds), Self.number(figure.subjectProcessorMicroseconds),
                Self.number(figure.referenceProcessorMicroseconds)))
        try Self.add([figure], to: file)
    }

    /// Prints a line of its own below the table's last.
    package func note(_ text: String) { Self.line("   \(text)") }

    private static func row(_ columns: String...) -> String {
        let widths = [38, 20, 7, 7, 7, 7, 7, 11, 11, 11, 11]
        return zip(columns, widths).enumerated().map { position, cell in
            let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return position < 2 ? cell.0 + space : space + cell.0
        }.joined(separator: " ")
    }

    /// A number with as many digits as tell something.
    package static func number(_ value: Double) -> String {
        String(format: value >= 1_000 ? "%.0f" : "%.2f", value)
    }

    /// Adds figures to a file of lines of JSON.
    package static func add(_ figures: [Figure], to path: String?) throws {
        guard let path else { return }
        if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(try figures.map { try $0.json + "\n" }.joined().utf8))
    }

    /// Prints a line.
    package static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}
