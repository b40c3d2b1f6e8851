import BkendSync
import BkendWire
import SyncSimulation
import Testing

/// Counters, whose conflicts a policy merges by sums (docs/offline.md): no step counts twice.
@Suite struct CounterScenarios {
    /// The recipe of the guide.
    private static let sum = ConflictPolicy.merge { conflict in
        let (mine, theirs) = (conflict.mine.intValue ?? 0, conflict.theirs?.intValue ?? 0)
        if conflict.maybeApplied { return .int(theirs) }
        return .int(theirs + mine - (conflict.before?.intValue ?? 0))
    }

    private func counter() throws -> (Stage, String) {
        let stage = try Stage(["ann"]) { $0.configuration.policies.conflictByTable["notes"] = Self.sum }
        let id = try stage.remoteCreate(["title": "visits"])
        try stage.tell(0, .syncNow)
        try stage.wait(seconds: 3)
        return (stage, id)
    }

    @Test("An update whose answer was lost, and another's step: both count once")
    func lostAnswer() throws {
        let (stage, id) = try counter()
        stage.next("update", .lostAfter)
        try stage.update(0, id, ["count": 1])
        while stage.row(id)?["count"] != 1 { try stage.wait(seconds: 0.01) }
        try stage.remoteUpdate(id, ["count": 2])
        try stage.settle()
        #expect(stage.row(id)?["count"] == 2)
    }

    @Test("An update that was lost, sent again and refused arrives all the same: it counts once")
    func refusedMeanwhile() throws {
        let (stage, id) = try counter()
        // Past the request's deadline: it counts as lost, and is on its way all the same.
        stage.next("update", outbound: 100_000)
        for _ in 0..<40 { stage.next("update", .tooMany) }
        try stage.update(0, id, ["count": 1])
        var waits = 0
        while stage.row(id)?["count"] != 1, waits < 20_000 {
            try stage.wait(seconds: 0.01)
            waits += 1
        }
        try #require(stage.row(id)?["count"] == 1)
        try stage.remoteUpdate(id, ["count": 2])
        stage.world.script = []
        try stage.settle()
        #expect(stage.row(id)?["count"] == 2)
    }
}
