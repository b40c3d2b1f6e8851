import BkendSync
import Testing

/// When nothing is sent at all, and how long waits are.
@Suite struct SendGateTests {
    private let ceiling = Duration.seconds(60)

    @Test func oneThingThatFailsForEverClosesNothing() {
        var gate = SendGate()
        var random = SyncRandom(seed: 1)
        for _ in 0..<100 { gate.failed("entry 1", .unreachable, at: .zero, ceiling: ceiling, using: &random) }
        #expect(gate.admits(at: .zero, underWay: 8))
    }

    @Test func threeThingsThatFailInARowCloseItAndAnyAnswerOpensIt() {
        var gate = SendGate()
        var random = SyncRandom(seed: 1)
        for key in ["a", "b", "c"] { gate.failed(key, .unreachable, at: .zero, ceiling: ceiling, using: &random) }
        #expect(!gate.admits(at: .zero, underWay: 0))
        let later = SyncInstant(offset: .seconds(61))
        #expect(gate.admits(at: later, underWay: 0))
        #expect(!gate.admits(at: later, underWay: 1))
        gate.succeeded(sentAt: .zero)
        #expect(gate.admits(at: .zero, underWay: 7))
    }

    @Test func patienceIsObeyedUpToACap() throws {
        var random = SyncRandom(seed: 1)
        for asked in [Duration.seconds(5), .seconds(40), .seconds(86_400)] {
            var gate = SendGate()
            gate.close(.patience, at: .zero, wait: asked, ceiling: ceiling, cap: .seconds(60), using: &random)
            let until = try #require(gate.closedUntil).offset
            #expect(until >= min(asked, .seconds(60)) && until <= .seconds(61))
        }
    }

    @Test func aRequestFromBeforeTheServersPleaOpensNothing() {
        var gate = SendGate()
        var random = SyncRandom(seed: 1)
        let asked = SyncInstant(offset: .seconds(2))
        gate.close(.patience, at: asked, wait: .seconds(40), ceiling: ceiling, cap: ceiling, using: &random)
        gate.succeeded(sentAt: .zero)
        #expect(!gate.admits(at: SyncInstant(offset: .seconds(30)), underWay: 0))
        gate.succeeded(sentAt: SyncInstant(offset: .seconds(43)))
        #expect(gate.admits(at: SyncInstant(offset: .seconds(43)), underWay: 7))
    }

    @Test func waitsGrowAreSpreadAndEnd() {
        var random = SyncRandom(seed: 1)
        for attempt in 0..<200 {
            let wait = Backoff.wait(attempt: attempt, ceiling: ceiling, using: &random)
            #expect(wait >= .seconds(1) && wait <= .seconds(60))
            if attempt <= 2 { #expect(wait <= .seconds(4)) }
        }
        let waits = Set((0..<50).map { _ in Backoff.wait(attempt: 6, ceiling: ceiling, using: &random) })
        #expect(waits.count == 50)
    }
}
