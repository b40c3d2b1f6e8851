/// How many columns of a terminal a text takes.
package enum TextWidth {
    /// The columns of a text: two for a wide character of East Asia or an emoji, one for any other.
    package static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + of($1) } }

    /// The columns of a character.
    package static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.isASCII { return 1 }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        return wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// The blocks that Unicode's East Asian Width calls wide or full-width (UAX #11).
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD,
    ]

    /// The text in exactly so many columns: cut with an ellipsis, or padded.
    package static func fitted(_ text: String, to columns: Int, isRight: Bool = false) -> String {
        let width = of(text)
        if width <= columns {
            let space = String(repeating: " ", count: columns - width)
            return isRight ? space + text : text + space
        }
        var (kept, used) = ("", 0)
        for character in text {
            let next = of(character)
            if used + next > columns - 1 { break }
            kept.append(character)
            used += next
        }
        return kept + "…" + String(repeating: " ", count: max(0, columns - used - 1))
    }
}
