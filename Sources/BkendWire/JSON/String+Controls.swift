extension Unicode.Scalar {
    /// Whether it controls a terminal, ends a line, or turns the direction of text.
    package var isTerminalControl: Bool {
        properties.generalCategory == .control || (0x2028...0x202E).contains(value)
            || (0x2066...0x2069).contains(value)
    }
}

extension String {
    /// The text on one line, without what would move a terminal's cursor or speak to the terminal.
    package var withEscapedControls: String {
        var shown = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case "\r": shown += "\\r"
            case _ where scalar.isTerminalControl: shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
