import BkendTerminal
import BkendWire

/// What is wrong with a filter's text, and where. Its description shows the text with a mark below the place:
///
/// ```
/// expected a value: a number, text in quotes, true, false, null, a list or an object
///   views >=
///           ^
/// ```
struct FilterSyntaxError: Error, Hashable, CustomStringConvertible {
    /// The filter's text.
    let text: String
    /// How many characters stand before the place.
    let offset: Int
    /// What is wrong, or what could stand there.
    let message: String

    init(_ message: String, in text: String, at place: String.Index) {
        self.text = text
        self.message = message
        offset = text.distance(from: text.startIndex, to: place)
    }

    /// How much of a long text is shown on each side of the place.
    private static let context = 50

    var description: String {
        if text.isEmpty { return message }
        // Tabs and line ends would move the mark, and other controls speak to the terminal.
        let shown = text.map { $0.unicodeScalars.contains(where: \.isTerminalControl) ? " " : $0 }
        let start = max(0, offset - Self.context)
        let end = min(shown.count, offset + Self.context)
        let before = (start > 0 ? "…" : "") + String(shown[start..<offset])
        let after = String(shown[offset..<end]) + (end < shown.count ? "…" : "")
        let margin = String(repeating: " ", count: TextWidth.of(before))
        return "\(message)\n  \(before)\(after)\n  \(margin)^"
    }
}
