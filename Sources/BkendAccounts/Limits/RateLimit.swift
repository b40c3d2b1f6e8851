/// So many at once, and the same number again over a time: `RateLimit(10, perSeconds: 300)` lets ten pass in a row, and
/// one more each thirty seconds.
package struct RateLimit: Hashable, Sendable, CustomStringConvertible {
    /// How many may come at once.
    package var count: Int
    /// The seconds in which as many come back.
    package var seconds: Int

    /// A limit.
    package init(_ count: Int, perSeconds seconds: Int) {
        self.count = max(1, count)
        self.seconds = max(1, seconds)
    }

    /// A limit as operators write it: a count, and the time in which as many come back, `100/second`, `50/minute`,
    /// `5/hour`, `10/90s`, `10/15m`. Nil when the text is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (1...Self.mostCount).contains(count) else { return nil }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600]
        let seconds: Int
        switch parts[1] {
        case "second": seconds = 1
        case "minute": seconds = 60
        case "hour": seconds = 3_600
        default:
            guard let unit = parts[1].last.flatMap({ units[$0] }), let number = Int(parts[1].dropLast()),
                (1...86_400).contains(number)
            else { return nil }
            seconds = number * unit
        }
        self.init(count, perSeconds: seconds)
    }

    /// `50/60s`
    package var description: String { "\(count)/\(seconds)s" }

    private static let mostCount = 1_000_000
}
