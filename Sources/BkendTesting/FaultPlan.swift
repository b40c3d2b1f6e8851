public import HTTPTypes
import Synchronization

/// Which requests suffer which faults: written down by the test, or drawn by a seed.
///
///     let plan = FaultPlan()
///         .on(.post, "/v1/data/notes", .dropAfterCommit)
///         .on(nil, "/v1/data/notes*", .answer(.status(503)), times: 3)
///     let transport = try FaultTransport(plan)
///
/// A plan is asked about each request, in turn, and gives at most one fault: the first rule that fits and has not been
/// used up. Whatever it gave stands in ``log``; write the plan into a test's messages (`#expect(…, "\(plan)")`) and a
/// failure tells what went wrong on the network.
///
/// A drawn plan gives the same faults for the same seed: the n-th request of a method to a route, ids left out, meets the
/// same fault in each run, however requests to different routes interleave.
public final class FaultPlan: Sendable, CustomStringConvertible {
    private struct Rule {
        var method: HTTPRequest.Method?
        var path: PathPattern
        var fault: Fault
        var skips: Int
        var times: Int
    }

    private struct State {
        var rules: [Rule] = []
        var counts: [String: UInt64] = [:]
        var requests = 0
        var log: [String] = []
        var isHealed = false
    }

    private struct Draw {
        var seed: UInt64
        var rate: Double
        var faults: [Fault]
    }

    /// What delays are measured by.
    let clock: any Clock<Duration>
    private let draw: Draw?
    private let state = Mutex(State())

    /// A plan without faults; add them with ``on(_:_:_:times:after:)``.
    ///
    /// - Parameter clock: by which delays and late commits are measured; a ``TestClock`` to decide when they end.
    public convenience init(clock: any Clock<Duration> = ContinuousClock()) { self.init(nil, clock) }

    private init(_ draw: Draw?, _ clock: any Clock<Duration>) {
        self.draw = draw
        self.clock = clock
    }

    /// A plan that gives some requests a fault, drawn by a seed. Rules that are added come before.
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same faults.
    ///   - rate: the share of requests that meet a fault, 0 to 1.
    ///   - faults: what is drawn from.
    ///   - clock: by which delays are measured.
    public static func random(
        seed: UInt64, rate: Double = 0.2, of faults: [Fault] = Fault.network,
        clock: any Clock<Duration> = ContinuousClock()
    ) -> FaultPlan {
        FaultPlan(Draw(seed: seed, rate: min(max(rate, 0), 1), faults: faults), clock)
    }

    /// Adds a rule.
    ///
    /// - Parameters:
    ///   - method: nil for any.
    ///   - path: the path without its query: `/v1/data/notes`. A `*` stands for any characters.
    ///   - fault: what happens.
    ///   - times: how many requests meet it.
    ///   - skipped: how many that fit are let through before.
    /// - Returns: the plan itself.
    @discardableResult
    public func on(
        _ method: HTTPRequest.Method?, _ path: String, _ fault: Fault, times: Int = 1, after skipped: Int = 0
    ) -> FaultPlan {
        let rule = Rule(method: method, path: PathPattern(path), fault: fault, skips: skipped, times: times)
        state.withLock { $0.rules.append(rule) }
        return self
    }

    /// Ends all faults: from here on the network is sound. Late commits still happen.
    public func heal() { state.withLock { $0.isHealed = true } }

    /// The faults that requests met, in the order in which they met them: `3 POST /v1/data/notes: refuse`, where the
    /// number counts all requests that the plan was asked about.
    public var log: [String] { state.withLock { $0.log } }

    /// Whether every rule has been used up. A test that planned a fault that never happened tests nothing.
    public var isUsedUp: Bool { state.withLock { $0.rules.allSatisfy { $0.times <= 0 } } }

    /// Seed and log.
    public var description: String {
        let log = log
        let head = draw.map { "faults of seed \($0.seed)" } ?? "planned faults"
        return log.isEmpty ? "\(head): none happened" : "\(head):\n  " + log.joined(separator: "\n  ")
    }

    /// Runs a test, and adds the plan to an error that it throws.
    @discardableResult
    public func explaining<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result {
        do { return try await body() } catch { throw FailedUnderFaults(underlying: error, plan: description) }
    }

    /// The fault of the next request, which counts as having met it.
    func fault(_ method: HTTPRequest.Method, _ target: String) -> Fault? {
        let path = target.prefix { $0 != "?" }
        return state.withLock { state in
            state.requests += 1
            // Counted whoever decides: what is drawn for a request depends on its own route alone.
            let route = "\(method.rawValue) \(PathPattern.route(of: path))"
            let turn = state.counts[route, default: 0]
            state.counts[route] = turn + 1
            guard !state.isHealed, let fault = planned(method, path, &state) ?? drawn(route, turn) else {
                return nil
            }
            state.log.append("\(state.requests) \(method.rawValue) \(path): \(fault)")
            return fault
        }
    }

    private func planned(_ method: HTTPRequest.Method, _ path: Substring, _ state: inout State) -> Fault? {
        for index in state.rules.indices {
            let rule = state.rules[index]
            guard rule.times > 0, rule.method == nil || rule.method == method, rule.path.matches(path) else { continue }
            if rule.skips > 0 {
                state.rules[index].skips -= 1
                continue
            }
            state.rules[index].times -= 1
            return rule.fault
        }
        return nil
    }

    private func drawn(_ route: String, _ turn: UInt64) -> Fault? {
        guard let draw, !draw.faults.isEmpty else { return nil }
        var random = SeededRandom(draw.seed, route, turn)
        guard Double.random(in: 0..<1, using: &random) < draw.rate else { return nil }
        return draw.faults.randomElement(using: &random)
    }
}

/// What a test threw, and which faults it had met before.
public struct FailedUnderFaults: Error, CustomStringConvertible {
    /// What was thrown.
    public let underlying: any Error
    /// The plan's description: seed and log.
    public let plan: String

    /// Both.
    public var description: String { "\(underlying)\n\(plan)" }
}
