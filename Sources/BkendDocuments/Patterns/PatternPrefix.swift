/// What every string that a pattern matches begins with, read off its text: `abc` for `^abc.*d`. An index serves such a
/// pattern as a range of keys.
struct PatternPrefix {
    /// The characters, as UTF-8.
    let bytes: [UInt8]
    /// Whether every string that begins so matches, as of `^abc`.
    let isWhole: Bool

    /// Nil when the pattern isn't bound to the beginning, or no character follows there.
    init?(_ pattern: String, options: String) {
        // With `i` other strings match, with `m` other lines, and with `x` spaces mean nothing.
        guard options.utf8.allSatisfy({ $0 == 0x73 }) else { return nil }
        let scalars = Array(pattern.unicodeScalars)
        // Another branch may begin with anything; a bar that is none is rare.
        guard scalars.first == "^", !scalars.contains("|") else { return nil }
        var characters: [Unicode.Scalar] = []
        var place = 1
        while place < scalars.count {
            let scalar = scalars[place]
            if scalar == "\\" {
                // Before a punctuation mark it takes away its meaning, before a letter or digit it gives one.
                guard place + 1 < scalars.count, Self.isPunctuation(scalars[place + 1]) else { break }
                characters.append(scalars[place + 1])
                place += 2
            } else if Self.special.contains(scalar) {
                break
            } else {
                characters.append(scalar)
                place += 1
            }
        }
        if Self.mayRepeat(scalars[place...]), !characters.isEmpty {
            // It may stand there any number of times, also none.
            characters.removeLast()
        }
        guard !characters.isEmpty else { return nil }
        isWhole = place == scalars.count
        bytes = characters.flatMap { Array(String(Character($0)).utf8) }
    }

    /// Whether a quantifier for the character before may follow. The ends of a quotation and comments are passed over on
    /// the way to one (pcre2pattern(3), "Backslash" and "Comments"), so that where one stands, one may follow.
    private static func mayRepeat(_ rest: ArraySlice<Unicode.Scalar>) -> Bool {
        switch rest.first {
        case "*", "+", "?", "{": true
        default:
            rest.starts(with: "\\E".unicodeScalars) || rest.starts(with: "\\Q".unicodeScalars)
                || rest.starts(with: "(?#".unicodeScalars)
        }
    }

    /// The characters with a meaning outside of a class (pcre2pattern(3), "Characters and metacharacters").
    private static let special: Set<Unicode.Scalar> = ["\\", "^", "$", ".", "[", "|", "(", ")", "?", "*", "+", "{"]

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
