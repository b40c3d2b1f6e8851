import NIOCore
import Testing

@testable import BkendServer

/// When a connection has kept the server waiting for too long, without a socket and without waiting.
@Suite struct ConnectionWatchTests {
    /// A watch, and the seconds since it was made.
    private struct Bench {
        var watch: ConnectionWatch
        private var time: Int64 = 0
        private var now: NIODeadline { .uptimeNanoseconds(1) + .seconds(time) }

        init() {
            var limits = ServerLimits()
            (limits.idleSeconds, limits.requestSeconds, limits.progressSeconds) = (60, 30, 30)
            watch = ConnectionWatch(limits: limits, now: .uptimeNanoseconds(1))
        }

        mutating func at(_ second: Int64, _ event: (inout ConnectionWatch, NIODeadline) -> Void) {
            time = second
            event(&watch, now)
        }

        mutating func overdue(at second: Int64) -> ConnectionEnd? {
            time = second
            return watch.overdue(now: now)
        }

        /// The first second at which it is overdue, when a client takes so many bytes each second from `start` on.
        mutating func cut(from start: Int64, to end: Int64, taking bytes: (Int64) -> Int) -> Int64? {
            for second in start...end {
                at(second) { $0.answerWaits(taken: bytes(second), now: $1) }
                if overdue(at: second) != nil { return second }
            }
            return nil
        }
    }

    @Test("A connection without a request is closed after the idle time, counted from the last answer")
    func idle() {
        var bench = Bench()
        #expect(bench.overdue(at: 59) == nil)
        #expect(bench.overdue(at: 60) == .idle)
        bench.at(60) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        #expect(bench.overdue(at: 1_000) == nil)
        bench.at(1_000) { $0.requestEnded(now: $1) }
        #expect(bench.overdue(at: 2_000) == nil)
        bench.at(2_000) { $0.answerEnded(now: $1) }
        #expect(bench.overdue(at: 2_059) == nil)
        #expect(bench.overdue(at: 2_060) == .idle)
    }

    @Test("A body has its time as a whole, and no byte extends it")
    func wholeBody() {
        var bench = Bench()
        bench.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: true, now: $1) }
        for second in 1..<30 {
            bench.at(Int64(second)) { $0.received(100_000, now: $1) }
            #expect(bench.overdue(at: Int64(second)) == nil)
        }
        #expect(bench.overdue(at: 30) == .request)
    }

    @Test("A body that goes by progress may take hours, and no pause; one without a deadline may pause")
    func pacedBody() {
        var paced = Bench()
        paced.at(0) { $0.requestBegan(.progress, awaitsBody: true, now: $1) }
        for second in 1...10_000 {
            paced.at(Int64(second)) { $0.received(2_000, now: $1) }
            #expect(paced.overdue(at: Int64(second)) == nil)
        }
        #expect(paced.overdue(at: 10_010) == nil)
        #expect(paced.overdue(at: 10_030) == .request)
        var open = Bench()
        open.at(0) { $0.requestBegan(.none, awaitsBody: true, now: $1) }
        #expect(open.overdue(at: 100_000) == nil)
    }

    @Test("A reader of 130 kB a second is served for hours; one that takes nothing is cut after 30 s")
    func slowReader() {
        var honest = Bench()
        honest.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        #expect(honest.cut(from: 1, to: 10_000) { _ in 130_000 } == nil)
        var stalled = Bench()
        stalled.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        #expect(stalled.cut(from: 1, to: 100) { $0 < 10 ? 130_000 : 0 } == 39)
        // An answer that waits for nobody: a stream without news, a query that runs.
        var quiet = Bench()
        quiet.at(0) { $0.requestBegan(.none, awaitsBody: false, now: $1) }
        quiet.at(1) { $0.answerWaits(taken: 0, now: $1) }
        quiet.at(2) { watch, _ in watch.answerTaken() }
        #expect(quiet.overdue(at: 100_000) == nil)
    }

    @Test("A reader that takes a byte now and then is cut as well: 1 KiB for each second is asked for")
    func trickle() {
        var bench = Bench()
        bench.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        #expect(bench.cut(from: 1, to: 100) { _ in 1_000 } == 31)
        var enough = Bench()
        enough.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        #expect(enough.cut(from: 1, to: 1_000) { _ in 1_100 } == nil)
    }

    @Test("While the server stops, 3 s without progress end a connection; a reader that goes on is served")
    func stopping() {
        var stalled = Bench()
        stalled.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        stalled.at(1) { $0.answerWaits(taken: 0, now: $1) }
        stalled.at(10) { $0.stopping(now: $1) }
        #expect(stalled.overdue(at: 12) == nil)
        #expect(stalled.overdue(at: 13) == .answer)
        var body = Bench()
        body.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: true, now: $1) }
        body.at(10) { $0.stopping(now: $1) }
        body.at(12) { $0.received(10_000, now: $1) }
        #expect(body.overdue(at: 13) == nil)
        #expect(body.overdue(at: 16) == .request)
        var honest = Bench()
        honest.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        honest.at(10) { $0.stopping(now: $1) }
        #expect(honest.cut(from: 11, to: 40) { _ in 130_000 } == nil)
        // At work for the client: that is waited for as long as the server's own limit allows.
        var working = Bench()
        working.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        working.at(1) { $0.stopping(now: $1) }
        #expect(working.overdue(at: 100) == nil)
    }

    @Test("A refused connection has 5 s, and one that got its last answer 2 s")
    func ends() {
        var refused = Bench()
        refused.at(0) { $0.refused(now: $1) }
        #expect(refused.overdue(at: 4) == nil)
        #expect(refused.overdue(at: 5) == .refused)
        var closing = Bench()
        closing.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: false, now: $1) }
        closing.at(1) { $0.answerEnded(now: $1) }
        closing.at(1) { $0.closing(now: $1) }
        #expect(closing.overdue(at: 2) == nil)
        #expect(closing.overdue(at: 3) == .closing)
    }

    @Test("The next look comes no later than the deadline")
    func looks() {
        var bench = Bench()
        bench.at(0) { #expect($0.nextLook(now: $1) == $1 + .seconds(60)) }
        bench.at(0) { $0.requestBegan(.whole(seconds: 30), awaitsBody: true, now: $1) }
        bench.at(0) { #expect($0.nextLook(now: $1) == $1 + .seconds(30)) }
        bench.at(0) { $0.requestEnded(now: $1) }
        bench.at(0) { #expect($0.nextLook(now: $1) == nil) }
        bench.at(0) { $0.answerWaits(taken: 0, now: $1) }
        bench.at(0) { #expect($0.nextLook(now: $1) == $1 + .seconds(1)) }
    }

    @Test("A newcomer may take the place of who makes the server wait, never of who waits for it")
    func places() {
        var bench = Bench()
        bench.at(0) { #expect($0.yieldsAt == $1 + .seconds(1)) }
        bench.at(2) { $0.requestBegan(.whole(seconds: 30), awaitsBody: true, now: $1) }
        bench.at(2) { #expect($0.yieldsAt == $1 + .seconds(5)) }
        bench.at(3) { $0.received(1, now: $1) }
        bench.at(3) { #expect($0.yieldsAt == $1 + .seconds(5)) }
        bench.at(4) { $0.requestEnded(now: $1) }
        bench.at(4) { watch, _ in #expect(watch.yieldsAt == nil) }
        bench.at(5) { $0.answerWaits(taken: 0, now: $1) }
        bench.at(5) { #expect($0.yieldsAt == $1 + .seconds(5)) }
        bench.at(6) { $0.answerEnded(now: $1) }
        bench.at(6) { #expect($0.yieldsAt == $1) }
    }
}
