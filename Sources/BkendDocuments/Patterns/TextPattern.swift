/// Patterns outside of queries, a schema's `pattern` rule for example: compiled, cached and limited as `$regex` is.
package enum TextPattern {
    /// Checks that a pattern compiles.
    ///
    /// - Throws: `InvalidPattern` with PCRE2's reason and the offset.
    package static func check(_ pattern: String) throws(InvalidPattern) {
        _ = try PatternCache.shared.pattern(pattern, options: "")
    }

    /// Whether a text holds a match.
    ///
    /// - Parameter deadline: when to stop at the latest.
    /// - Throws: `InvalidPattern`, `PatternLimitExceeded` when the match takes more work than it may, or `QueryTimedOut`.
    package static func matches(_ pattern: String, _ text: String, by deadline: QueryDeadline? = nil) throws -> Bool {
        if let deadline, deadline.isPast { throw deadline.failure }
        let compiled = try PatternCache.shared.pattern(pattern, options: "")
        var text = text
        return try text.withUTF8 { try compiled.matches($0, using: PatternWorkspace(deadline: deadline)) }
    }
}
