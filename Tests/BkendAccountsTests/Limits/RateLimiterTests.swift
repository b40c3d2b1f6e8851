import BkendWire
import Testing

@testable import BkendAccounts

@Suite("Rate limiter")
struct RateLimiterTests {
    private func moment(_ seconds: Double) -> Timestamp {
        Timestamp(clamping: 1_790_000_000_000 + Int64(seconds * 1_000))
    }

    @Test("So many pass at once, then one each interval, and all after the whole time")
    func rhythm() {
        let limiter = RateLimiter<ExactString>(RateLimit(3, perSeconds: 30))
        func take(_ seconds: Double) -> Int? { limiter.take("a", now: moment(seconds)) }
        #expect([take(0), take(0), take(0), take(0)] == [nil, nil, nil, 10])
        #expect([take(0.5), take(9.999), take(10), take(10)] == [10, 1, nil, 10])
        #expect([take(60), take(60), take(60), take(60)] == [nil, nil, nil, 10])
        #expect(limiter.take("b", now: moment(60)) == nil)
    }

    @Test("What is given back can be taken again, and no more than that")
    func givingBack() {
        let limiter = RateLimiter<ExactString>(RateLimit(2, perSeconds: 20))
        #expect(limiter.take("a", now: moment(0)) == nil)
        limiter.giveBack("a")
        #expect((0..<3).map { _ in limiter.take("a", now: moment(0)) } == [nil, nil, 10])
        for _ in 0..<50 { limiter.giveBack("a") }
        #expect((0..<3).map { _ in limiter.take("a", now: moment(0)) } == [nil, nil, 10])
    }

    @Test("A clock that is set back locks nobody out")
    func clockSetBack() {
        let limiter = RateLimiter<ExactString>(RateLimit(2, perSeconds: 20))
        for _ in 0..<3 { _ = limiter.take("a", now: moment(0)) }
        #expect(limiter.take("a", now: moment(-86_400)) == nil)
    }

    @Test("Memory is bounded, and those that owe most are remembered")
    func eviction() {
        let limiter = RateLimiter<ExactString>(RateLimit(10, perSeconds: 1_000), capacity: 100)
        for _ in 0..<10 { _ = limiter.take("guesser", now: moment(0)) }
        for number in 0..<10_000 {
            #expect(limiter.take("address \(number)", now: moment(0)) == nil)
            #expect(limiter.count <= 100)
        }
        #expect(limiter.take("guesser", now: moment(0)) != nil)
    }

    @Test("What is left is said, and limits of many thousands a second keep their pace")
    func remaining() {
        let limiter = RateLimiter<Int>(RateLimit(3, perSeconds: 30))
        let outcomes = (0..<4).map { _ in limiter.ask(1, now: moment(0)) }
        #expect(
            outcomes == [
                .given(remaining: 2), .given(remaining: 1), .given(remaining: 0), .refused(seconds: 10),
            ])
        let fast = RateLimiter<Int>(RateLimit(50_000, perSeconds: 1))
        let given = (0..<60_000).count { _ in fast.take(1, now: moment(0)) == nil }
        #expect(given == 50_000)
        #expect((0..<1_000).count { _ in fast.take(1, now: moment(0.01)) == nil } == 500)
    }

    @Test("Keys are told apart by their bytes")
    func exactKeys() {
        let limiter = RateLimiter<ExactString>(RateLimit(1, perSeconds: 10))
        #expect(limiter.take("\u{E9}", now: moment(0)) == nil)
        #expect(limiter.take("e\u{301}", now: moment(0)) == nil)
    }
}
