import Foundation

/// Columns of text.
enum Table {
    /// Writes a line at once: a long run is watched while it runs.
    static func show(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// A line whose first cell is wide.
    static func line(_ cells: [String]) -> String {
        cells.enumerated().map { index, cell in
            let width = index == 0 ? 20 : 11
            let padding = String(repeating: " ", count: max(0, width - cell.count))
            return index == 0 ? cell + padding : padding + cell
        }.joined()
    }

    /// Milliseconds with one digit after the point.
    static func milliseconds(_ value: Double?) -> String { value.map { "\(($0 * 10).rounded() / 10)" } ?? "-" }

    /// A ratio with two digits after the point.
    static func ratio(_ value: Double?, _ base: Double?) -> String {
        guard let value, let base, base > 0 else { return "-" }
        return "\((value / base * 100).rounded() / 100)"
    }

    /// A duration in seconds.
    static func seconds(_ duration: Duration) -> String { "\((duration / .seconds(1) * 10).rounded() / 10) s" }
}
