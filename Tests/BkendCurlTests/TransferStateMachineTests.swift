import BkendTransport
import Testing

@testable import BkendCurl

/// `#expect` cannot call a mutating function of a variable.
private func check<Value: Equatable>(
    _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == expected, sourceLocation: sourceLocation)
}

struct TransferStateMachineTests {
    var machine = TransferStateMachine(replay: .never, maximumBodyBytes: 1 << 30)

    @Test("A transfer goes from queued to ended")
    mutating func transferGoesFrom() {
        #expect(machine.delivery(hasSentBytes: false) == .notSent)
        check(machine.requestLeaves(hasSentBytes: false), .send)
        #expect(machine.delivery(hasSentBytes: false) == .notSent)
        #expect(machine.delivery(hasSentBytes: true) == .mayHaveReachedServer)
        check(machine.bodyWanted(), .wait)
        machine.headArrived()
        #expect(machine.hasHead)
        #expect(machine.delivery(hasSentBytes: true) == .answered)
        check(machine.bodyArrived(10), .accept)
        check(machine.bodyWanted(), .take(resume: false))
        check(machine.bodyWanted(), .wait)
        machine.ended(failed: false)
        check(machine.bodyWanted(), .finish)
    }

    @Test("A write whose bytes have left is not sent again")
    mutating func writeWhoseBytes() {
        check(machine.requestLeaves(hasSentBytes: false), .send)
        check(machine.requestLeaves(hasSentBytes: false), .send)
        check(machine.requestLeaves(hasSentBytes: true), .refuse)
    }

    @Test("A read is sent again until it is answered")
    mutating func readSentAgain() {
        machine = TransferStateMachine(replay: .idempotent, maximumBodyBytes: 10)
        check(machine.requestLeaves(hasSentBytes: false), .send)
        check(machine.requestLeaves(hasSentBytes: true), .send)
        machine.headArrived()
        check(machine.requestLeaves(hasSentBytes: true), .refuse)
    }

    @Test("A full buffer pauses once and taking it resumes")
    mutating func fullBufferPauses() {
        machine.headArrived()
        check(machine.bodyArrived(TransferStateMachine.pauseThreshold - 1), .accept)
        check(machine.bodyArrived(1), .acceptThenPause)
        check(machine.bodyArrived(1), .accept)
        check(machine.bodyWanted(), .take(resume: true))
        check(machine.bodyArrived(1), .accept)
        check(machine.bodyWanted(), .take(resume: false))
    }

    @Test("A buffer beyond measure takes no more until it is taken")
    mutating func bufferBeyondMeasure() {
        machine.headArrived()
        check(machine.bodyArrived(TransferStateMachine.refuseThreshold), .acceptThenPause)
        check(machine.bodyArrived(5), .pause)
        check(machine.bodyWanted(), .take(resume: true))
        check(machine.bodyArrived(5), .accept)
    }

    @Test("The cap counts what was taken as well")
    mutating func capCountsWhat() {
        machine = TransferStateMachine(replay: .never, maximumBodyBytes: 10)
        machine.headArrived()
        check(machine.bodyArrived(6), .accept)
        check(machine.bodyWanted(), .take(resume: false))
        check(machine.bodyArrived(5), .refuseTooLarge)
        check(machine.bodyArrived(4), .accept)
    }

    @Test("What arrived before a failure is handed over first")
    mutating func whatArrivedBefore() {
        machine.headArrived()
        check(machine.bodyArrived(3), .accept)
        machine.ended(failed: true)
        check(machine.bodyWanted(), .take(resume: false))
        check(machine.bodyWanted(), .fail)
    }

    @Test("Nothing happens after the end")
    mutating func nothingHappensAfter() {
        machine.ended(failed: true)
        machine.ended(failed: false)
        machine.headArrived()
        #expect(!machine.hasHead)
        check(machine.requestLeaves(hasSentBytes: false), .refuse)
        check(machine.bodyArrived(1), .refuse)
        check(machine.bodyWanted(), .fail)
    }

    @Test("A body before a head is refused")
    mutating func bodyBeforeHead() {
        check(machine.bodyArrived(1), .refuse)
    }
}

struct TransferDeadlineTests {
    static let second: UInt64 = 1_000_000_000

    @Test("Silence counts from the moment the request leaves, and from each sign of life")
    func silenceCountsFrom() {
        var deadline = TransferDeadline(idle: .seconds(1), total: nil, now: 0)
        #expect(deadline.next(isWaitingForUs: false) == .max)
        deadline.sawActivity(now: 5)
        #expect(deadline.next(isWaitingForUs: false) == .max)
        deadline.requestLeaves(now: 10)
        #expect(deadline.next(isWaitingForUs: false) == Self.second + 10)
        deadline.sawActivity(now: 20)
        #expect(deadline.expiry(now: Self.second + 19, isWaitingForUs: false) == nil)
        #expect(deadline.expiry(now: Self.second + 20, isWaitingForUs: false) == .idle)
        #expect(deadline.expiry(now: Self.second + 20, isWaitingForUs: true) == nil)
    }

    @Test("The total runs from the start, whatever happens")
    func totalRunsFrom() {
        var deadline = TransferDeadline(idle: nil, total: .seconds(2), now: 7)
        deadline.requestLeaves(now: 8)
        #expect(deadline.next(isWaitingForUs: true) == 2 * Self.second + 7)
        #expect(deadline.expiry(now: 2 * Self.second + 6, isWaitingForUs: false) == nil)
        #expect(deadline.expiry(now: 2 * Self.second + 7, isWaitingForUs: true) == .total)
    }

    @Test("Endless and negative durations do no harm")
    func endlessNegativeDurations() {
        let endless = TransferDeadline(idle: .seconds(Int64.max), total: .seconds(Int64.max), now: 1)
        #expect(endless.expiry(now: 1_000 * Self.second, isWaitingForUs: false) == nil)
        #expect(Duration.seconds(-5).clampedMilliseconds == 0)
        #expect(Duration.seconds(Int64.max).clampedMilliseconds == Int(Int32.max))
    }
}

struct AttendanceTests {
    @Test("Waiting in vain stops it, but for a probe now and then")
    func waitingVainStops() {
        var attendance = Attendance()
        check(attendance.isWorthwhile(), true)
        attendance.waited(answered: false)
        let occasions = (1...128).filter { _ in attendance.isWorthwhile() }
        #expect(occasions == [64, 128])
    }

    @Test("A wait that paid brings it back")
    func waitPaidBrings() {
        var attendance = Attendance()
        attendance.waited(answered: false)
        attendance.waited(answered: true)
        check(attendance.isWorthwhile(), true)
    }
}
