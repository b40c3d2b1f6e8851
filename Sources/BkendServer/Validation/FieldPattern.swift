#if Server
import BkendDocuments

/// The `pattern` rule of a field: PCRE2 in UTF mode, as `$regex` has it. Patterns come from the operator's schema; the
/// match limit stops one that would backtrack for ever over a hostile text.
enum FieldPattern {
    /// What is wrong with a pattern, nil when it compiles.
    static func flaw(in pattern: String) -> String? {
        do throws(InvalidPattern) {
            try TextPattern.check(pattern)
            return nil
        } catch { return "can't be compiled: \(error.reason) at byte \(error.offset)" }
    }

    /// Whether a text holds a match. A text that the match limit stops has none.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        (try? TextPattern.matches(pattern, text)) ?? false
    }

    /// The same for all texts of one request together, since other writes wait meanwhile. Texts that are not reached in
    /// time have no match.
    static func matcher(within limit: Duration = .seconds(1)) -> (_ pattern: String, _ text: String) -> Bool {
        matcher(by: QueryDeadline(after: limit))
    }

    static func matcher(by deadline: QueryDeadline) -> (_ pattern: String, _ text: String) -> Bool {
        { (try? TextPattern.matches($0, $1, by: deadline)) ?? false }
    }
}
#endif
