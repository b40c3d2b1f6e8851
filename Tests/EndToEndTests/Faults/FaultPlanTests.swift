import BkendTesting
import BkendTransport
import Foundation
import HTTPTypes
import Synchronization
import Testing

/// What a plan gives to which request, and what a client sees of it.
@Suite(.timeLimit(.minutes(10))) struct FaultPlanTests {
    /// Answers each request with its path, and counts them.
    private final class Echo: HTTPTransport {
        let paths = Mutex<[String]>([])

        func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
            let path = request.head.path ?? ""
            paths.withLock { $0.append(path) }
            return TransportResponse(head: HTTPResponse(status: .ok), body: ResponseBody(Array(path.utf8)))
        }

        func shutdown() async {}
    }

    private func request(_ path: String, _ method: HTTPRequest.Method = .get) -> TransportRequest {
        TransportRequest(head: HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path))
    }

    private func outcome(_ transport: FaultTransport, _ request: TransportRequest) async -> String {
        do {
            let response = try await transport.send(request)
            let body = try await response.body.collect(upTo: .max)
            return "\(response.head.status.code) \(String(decoding: body, as: UTF8.self))"
        } catch {
            return "\(error.kind.rawValue) \(error.delivery)"
        }
    }

    @Test("A rule counts, skips and ends")
    func rules() async {
        let echo = Echo()
        let plan = FaultPlan().on(.get, "/a/*", .refuse, times: 2, after: 1)
        let transport = FaultTransport(plan, over: echo)
        var seen: [String] = []
        for path in ["/a/1", "/a/2?x=1", "/b", "/a/3", "/a/4"] { seen.append(await outcome(transport, request(path))) }
        #expect(seen == ["200 /a/1", "cannot-connect notSent", "200 /b", "cannot-connect notSent", "200 /a/4"])
        #expect(plan.log == ["2 GET /a/2: refuse", "4 GET /a/3: refuse"])
        #expect(plan.isUsedUp)
        #expect(plan.description == "planned faults:\n  2 GET /a/2: refuse\n  4 GET /a/3: refuse")
    }

    @Test("A client sees of each fault what a network would show it")
    func views() async {
        let clock = TestClock()
        let echo = Echo()
        func see(_ fault: Fault) async -> (outcome: String, sent: Int) {
            let before = echo.paths.withLock { $0.count }
            let transport = FaultTransport(FaultPlan(clock: clock).on(nil, "*", fault), over: echo)
            let seen = await clock.running { await outcome(transport, request("/path", .post)) }
            return (seen, echo.paths.withLock { $0.count } - before)
        }
        #expect(await see(.delay(.seconds(60))) == ("200 /path", 1))
        #expect(await see(.refuse) == ("cannot-connect notSent", 0))
        #expect(await see(.dropBeforeCommit) == ("connection-lost mayHaveReachedServer", 0))
        #expect(await see(.dropAfterCommit) == ("connection-lost mayHaveReachedServer", 1))
        #expect(await see(.cutBody(after: 2)) == ("connection-lost answered", 1))
        #expect(await see(.answer(.status(503))) == ("503 status 503", 0))
        #expect(await see(.answer(.status(502), afterCommit: true)) == ("502 status 502", 1))
        #expect(await see(.event("nothing") {}) == ("200 /path", 1))
        struct Failed: Error {}
        #expect(await see(.event("fails") { throw Failed() }) == ("connection-lost mayHaveReachedServer", 0))
    }

    @Test("A late commit reaches the server when the clock has come so far")
    func late() async {
        let (clock, echo) = (TestClock(), Echo())
        let transport = FaultTransport(FaultPlan(clock: clock).on(nil, "*", .commitLate(.seconds(9))), over: echo)
        #expect(await outcome(transport, request("/late", .post)) == "connection-lost mayHaveReachedServer")
        #expect(echo.paths.withLock { $0 } == [])
        await clock.running { await transport.lateRequests() }
        #expect(echo.paths.withLock { $0 } == ["/late"])
    }

    @Test("Two requests change answers; one alone keeps its own")
    func swap() async {
        let transport = FaultTransport(FaultPlan().on(nil, "*", .swapAnswers, times: 3), over: Echo())
        async let first = outcome(transport, request("/first"))
        async let second = outcome(transport, request("/second"))
        #expect(await [first, second] == ["200 /second", "200 /first"])
        #expect(await outcome(transport, request("/third")) == "200 /third")
    }

    @Test("The same seed gives each route the same faults, in whatever order the routes are asked")
    func seeds() async {
        func log(_ seed: UInt64, _ paths: [String]) async -> [String] {
            let plan = FaultPlan.random(seed: seed, rate: 0.5, of: [.refuse, .dropBeforeCommit])
            let transport = FaultTransport(plan, over: Echo())
            for path in paths { _ = await outcome(transport, request(path)) }
            return plan.log.map { String($0.drop { $0 != " " }) }.sorted()
        }
        let apart = (0..<40).map { $0 < 20 ? "/a" : "/b" }
        let mixed = (0..<40).map { $0 % 2 == 0 ? "/a" : "/b" }
        #expect(await log(7, apart) == log(7, mixed))
        #expect(await log(7, apart) != log(8, apart))
        #expect(await (10..<30).contains(log(7, apart).count))
    }

    @Test("A healed plan lets everything through")
    func healed() async {
        let plan = FaultPlan.random(seed: 1, rate: 1)
        plan.heal()
        #expect(await outcome(FaultTransport(plan, over: Echo()), request("/a")) == "200 /a")
        #expect(plan.description == "faults of seed 1: none happened")
    }

    /// In which order waits have ended.
    private final class Order: Sendable { let numbers = Mutex<[Int]>([]) }

    @Test("A clock ends waits in order, and cancelled ones at once")
    func clock() async throws {
        let clock = TestClock()
        let order = Order()
        let tasks = [3, 1, 2].map { number in
            Task {
                try await clock.sleep(for: .seconds(number))
                order.numbers.withLock { $0.append(number) }
            }
        }
        while clock.sleepers < 3 { await Task.yield() }
        let date = clock.date
        for _ in 0..<3 {
            let waiting = clock.sleepers
            clock.advance(by: .seconds(1))
            while order.numbers.withLock({ $0.count }) < 4 - waiting { await Task.yield() }
        }
        for task in tasks { try await task.value }
        #expect(order.numbers.withLock { $0 } == [1, 2, 3])
        #expect(clock.date == date + 3)
        clock.skew(by: .seconds(-10))
        #expect(clock.date == date - 7 && clock.sleepers == 0)
        let cancelled = Task { try await clock.sleep(for: .seconds(1)) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(clock.sleepers == 0)
    }
}
