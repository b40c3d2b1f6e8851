import CPCRE2

/// Looks at the time while a pattern is matched, and stops the match when it is up.
final class PatternWatch {
    private let deadline: QueryDeadline?
    private var steps = 0
    private var start: ContinuousClock.Instant?
    private var missedDeadline = false

    /// How long one match may take. Where there is no deadline, as for a schema's `pattern` rule, this alone ends it.
    static let limit = Duration.seconds(1)
    /// How many items of a pattern are tried between two looks at the time. One item may read the whole text, so that
    /// this many take some ten milliseconds on a megabyte.
    private static let stride = 64

    init(deadline: QueryDeadline?) { self.deadline = deadline }

    /// A match begins.
    func begin() {
        steps = 0
        start = nil
    }

    /// The next item of the pattern is about to be tried. What isn't 0 ends the match.
    func step() -> Int32 {
        steps &+= 1
        guard steps.isMultiple(of: Self.stride) else { return 0 }
        missedDeadline = deadline?.isPast ?? false
        if missedDeadline { return PCRE2_ERROR_CALLOUT }
        let now = ContinuousClock.now
        guard let start else {
            start = now
            return 0
        }
        return start.duration(to: now) > Self.limit ? PCRE2_ERROR_CALLOUT : 0
    }

    /// Why a match was ended.
    func failure(_ pattern: String) -> any Error {
        if missedDeadline, let deadline { return deadline.failure }
        return PatternLimitExceeded(pattern: pattern, reason: "it ran for longer than a second")
    }
}
