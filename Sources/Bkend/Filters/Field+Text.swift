public import BkendWire

/// The letters of `$options` (rest-api.md §5).
public struct PatternOptions: OptionSet, Hashable, Sendable {
    /// The options as bits.
    public let rawValue: Int

    /// Creates options from their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `i`: ignores case.
    public static let caseInsensitive = PatternOptions(rawValue: 1)
    /// `m`: `^` and `$` match at every line.
    public static let multiline = PatternOptions(rawValue: 2)
    /// `s`: `.` also matches line ends.
    public static let dotMatchesLineEnds = PatternOptions(rawValue: 4)
    /// `x`: ignores white space and comments in the pattern.
    public static let extended = PatternOptions(rawValue: 8)

    /// The letters, in the order `imsx`.
    var letters: String {
        zip("imsx", [.caseInsensitive, .multiline, .dotMatchesLineEnds, .extended] as [PatternOptions])
            .reduce(into: "") { if contains($1.1) { $0.append($1.0) } }
    }
}

extension Field where Value: TextValue {
    /// `$regex`: contains a match of the PCRE pattern, anywhere unless the pattern is anchored.
    ///
    /// ```swift
    /// let found = try await posts.where { $0.title.matches("^off", .caseInsensitive) }.page()
    /// ```
    public func matches(_ pattern: String, _ options: PatternOptions = []) -> Condition {
        Condition(fieldPath, .regex(pattern: pattern, options: options.letters))
    }

    /// `$contains`: contains the text, ignoring case.
    public func contains(_ text: String) -> Condition { Condition(fieldPath, .contains(.string(text))) }

    /// Begins with exactly this text; sent as a `$regex` anchored at the start.
    public func hasPrefix(_ prefix: String) -> Condition { matches("^" + Self.literal(prefix)) }

    /// The pattern that matches a text as it is: PCRE2 takes a backslash before anything but letters and digits as
    /// "this very character" (pcre2pattern(3), Backslash).
    static func literal(_ text: String) -> String {
        var pattern = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": pattern.append(scalar)
            case "\0": pattern.append(contentsOf: "\\x00".unicodeScalars)
            default:
                if scalar.isASCII { pattern.append("\\") }
                pattern.append(scalar)
            }
        }
        return String(pattern)
    }
}
