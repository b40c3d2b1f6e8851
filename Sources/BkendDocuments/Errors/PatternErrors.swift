/// A `$regex` that PCRE2 can't compile.
package struct InvalidPattern: Error, Hashable, Sendable, CustomStringConvertible {
    /// The pattern.
    package var pattern: String
    /// PCRE2's reason.
    package var reason: String
    /// Where in the pattern, in UTF-8 bytes.
    package var offset: Int

    package var description: String { "$regex can't be compiled: \(reason) at byte \(offset) of the pattern" }
}

/// A `$regex` took more steps or memory than one match may take.
package struct PatternLimitExceeded: Error, Hashable, Sendable, CustomStringConvertible {
    /// The pattern.
    package var pattern: String
    /// PCRE2's reason.
    package var reason: String

    package var description: String {
        "$regex needs more work than one match may take (\(reason)); write a pattern that backtracks less"
    }
}
