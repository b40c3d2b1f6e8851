import CPCRE2
import Foundation

/// Looks at the time while a pattern is matched, and stops the match when it is up.
final class PatternWatch {
    /// The clocks that are looked at.
    struct Clocks {
        /// The time.
        var now: () -> ContinuousClock.Instant = { .now }
        /// How long this thread has had a processor.
        var worked: () -> Duration = {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
        }
    }

    private let deadline: QueryDeadline?
    private let clocks: Clocks
    private var steps = 0
    private var start: (now: ContinuousClock.Instant, worked: Duration)?
    private var missedDeadline = false

    /// How long one match may work. Where there is no deadline, as for a schema's `pattern` rule, this alone ends it. The
    /// time that a thread waits for a processor doesn't count: on a busy machine one that stands back behind others may
    /// wait for longer than this in the middle of a harmless match.
    static let limit = Duration.seconds(1)
    /// How many items of a pattern are tried between two looks at the time. One item may read the whole text, so that
    /// this many take some ten milliseconds on a megabyte.
    private static let stride = 64

    init(deadline: QueryDeadline?, clocks: Clocks = Clocks()) {
        self.deadline = deadline
        self.clocks = clocks
    }

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
        let now = clocks.now()
        guard let start else {
            start = (now, clocks.worked())
            return 0
        }
        // The time is cheaper to look at, and never behind the work.
        guard start.now.duration(to: now) > Self.limit else { return 0 }
        return clocks.worked() - start.worked > Self.limit ? PCRE2_ERROR_CALLOUT : 0
    }

    /// Why a match was ended.
    func failure(_ pattern: String) -> any Error {
        if missedDeadline, let deadline { return deadline.failure }
        return PatternLimitExceeded(pattern: pattern, reason: "it ran for longer than a second")
    }
}
