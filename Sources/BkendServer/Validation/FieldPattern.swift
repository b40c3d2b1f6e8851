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

}

/// The patterns of one request, which share one time limit. Texts that are not reached in time have no match.
final class RequestPatterns {
    /// The most time that all patterns of one request may take.
    static let limit = Duration.seconds(1)

    private let deadline: QueryDeadline
    /// Whether a text was not reached in time.
    private(set) var ranOut = false

    init(by deadline: QueryDeadline) { self.deadline = deadline }

    convenience init(within limit: Duration = RequestPatterns.limit) { self.init(by: QueryDeadline(after: limit)) }

    /// Whether a text holds a match.
    func matches(_ pattern: String, _ text: String) -> Bool {
        do { return try TextPattern.matches(pattern, text, by: deadline) } catch {
            if error is QueryTimedOut { ranOut = true }
            return false
        }
    }
}
