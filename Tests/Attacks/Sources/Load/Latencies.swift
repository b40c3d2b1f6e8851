/// Times of requests, in milliseconds.
package struct Latencies: Sendable {
    private var times: [Double] = []
    /// How many requests failed: no answer, 5xx, or one that an honest client doesn't expect.
    package private(set) var failures: [String: Int] = [:]

    package init() {}

    package var count: Int { times.count }
    package var failed: Int { failures.values.reduce(0, +) }

    package mutating func add(_ duration: Duration) { times.append(duration / .milliseconds(1)) }

    package mutating func fail(_ why: String) { failures[why, default: 0] += 1 }

    package mutating func add(_ other: Latencies) {
        times += other.times
        failures.merge(other.failures, uniquingKeysWith: +)
    }

    /// The time that so many of a hundred requests don't exceed; nil without requests.
    package func percentile(_ percent: Double) -> Double? {
        guard !times.isEmpty else { return nil }
        let sorted = times.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percent / 100))]
    }
}
