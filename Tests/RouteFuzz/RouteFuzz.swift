import BkendAccounts
import BkendServer
import BkendTesting
import BkendWire
import Foundation

/// Valid and spoilt requests to every route of a server in this process. Whatever is asked, the answer is no 500, is
/// JSON, and stays within the budget of its route, in bytes and in memory.
package enum RouteFuzz {
    /// How long a run goes on.
    package enum Length: Sendable {
        /// So many requests.
        case requests(Int)
        /// So long, and longer while a route lacks answers, up to twice the time.
        case time(Duration)
    }

    /// Runs.
    ///
    /// - Parameters:
    ///   - least: how many answers below 300, and how many from 400 to 499, each route must get.
    ///   - isAlone: whether nothing else runs in this process, so that its memory is the server's.
    package static func run(
        seed: UInt64, _ length: Length, atLeast least: Int, isAlone: Bool,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> FuzzReport {
        var unlimited = AccountLimits()
        unlimited.signInPerClientAndAddress = nil
        unlimited.signInPerAddress = nil
        unlimited.signInPerClient = nil
        unlimited.signUpPerClient = nil
        unlimited.refreshPerClient = nil
        unlimited.resetPerClientAndAddress = nil
        unlimited.resetPerClient = nil
        unlimited.confirmPerClient = nil
        unlimited.resetMailsPerAccount = nil
        let server = try await TestServer.start(tables: FuzzWorld.definitions) { [unlimited] in
            $0.rateLimit = nil
            $0.accountLimits = unlimited
        }
        let world = FuzzWorld(
            publishableKey: server.publishableKey, secretKey: server.secretKey, mails: server.folder + "/mail")
        let port = Int(server.url.split(separator: ":").last ?? "") ?? 0
        let limits = ServerLimits()
        let report = try await onThread {
            var run = Run(world: world, port: port, limits: limits, seed: seed, least: least, isAlone: isAlone)
            try run.go(length, progress: progress)
            return run.report
        }
        try await server.stop()
        return report
    }

    private struct Run {
        var world: FuzzWorld
        var random: FuzzRandom
        var report: FuzzReport
        let limits: ServerLimits
        let isAlone: Bool
        let connection: FuzzConnection

        init(world: FuzzWorld, port: Int, limits: ServerLimits, seed: UInt64, least: Int, isAlone: Bool) {
            self.isAlone = isAlone
            self.world = world
            random = FuzzRandom(seed: seed)
            report = FuzzReport(least: least)
            self.limits = limits
            connection = FuzzConnection(port: port)
        }

        /// Requests between two looks at the memory.
        private static let batch = 50

        mutating func go(_ length: Length, progress: @Sendable (String) -> Void) throws {
            let begun = ContinuousClock.now
            var told = begun
            while !isOver(length, after: begun.duration(to: .now)) {
                let now = ContinuousClock.now
                MemoryGauge.forget()
                let before = MemoryGauge.now?.resident ?? 0
                var allowed = 0
                var costliest: FuzzRequest?
                for _ in 0..<Self.batch {
                    let (request, budget) = try step()
                    if budget.memoryBytes > allowed { (allowed, costliest) = (budget.memoryBytes, request) }
                }
                let growth = max(0, (MemoryGauge.now?.peak ?? 0) - before)
                report.growth = max(report.growth, growth)
                if isAlone, growth > allowed + Self.own, let costliest {
                    report.fault("memory grew by \(growth) bytes in \(Self.batch) requests, the costliest:", costliest)
                }
                if told.duration(to: now) > .seconds(30) {
                    told = now
                    progress("\(report.requests) requests, \(report.hungry.count) routes need more answers")
                }
            }
        }

        private func isOver(_ length: Length, after time: Duration) -> Bool {
            switch length {
            case .requests(let count): report.requests >= count
            case .time(let limit): time >= limit && (report.hungry.isEmpty || time >= limit * 2)
            }
        }

        /// What the fuzzer itself, which lives in the same process, takes for a request and its answer; and what the
        /// allocator keeps.
        private static let own = 96 << 20

        private mutating func step() throws -> (FuzzRequest, RouteBudget) {
            random.begin()
            // Half of the time a route that lacks answers, of the kind that it lacks.
            let hungry = report.hungry
            let wanted = (random.once(in: 2) ? random.pick(hungry) : nil) ?? random.pick(FuzzedRoute.all)
            let asked = wanted ?? FuzzedRoute.all[0]
            var (route, request) = world.valid(asked, &random)
            let wantsGood = hungry.contains(asked) && !report.hasEnough(asked, good: true)
            if route == asked, wantsGood ? random.once(in: 4) : !random.once(in: 4) {
                request = Spoiler.spoil(request, &random)
            }
            let budget = RouteBudget.of(route.pattern, route.method, limits)
            let answer: FuzzConnection.Answer
            do { answer = try connection.ask(request.bytes, mayRepeat: request.method == route.method) } catch {
                report.fault("no answer: \(error)", request)
                return (request, budget)
            }
            report.add(route, answer)
            check(answer, request, budget)
            if request.method == route.method { world.learn(route, request, answer) }
            return (request, budget)
        }

        private mutating func check(_ answer: FuzzConnection.Answer, _ request: FuzzRequest, _ budget: RouteBudget) {
            if answer.body.count > budget.answerBytes {
                report.fault("\(answer.body.count) bytes are more than \(budget.answerBytes)", request)
            }
            // 503 is an answer of a server that is busy, and says so.
            let isBusy = answer.status == 503 && answer.hasRetryAfter
            if answer.status >= 500, !isBusy { report.fault("answered \(answer.status)", request) }
            guard answer.status >= 400, request.method != "HEAD" else { return }
            let error = answer.json["error"]
            if error?["code"]?.stringValue == nil || error?["message"]?.stringValue == nil {
                report.fault("\(answer.status) is not in the shape of an error", request)
            }
            if answer.body.count > RouteBudget.errorBytes {
                report.fault("an error of \(answer.body.count) bytes", request)
            }
        }
    }

    private static func onThread<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Swift.Result { try work() }) }.start()
        }
    }
}
