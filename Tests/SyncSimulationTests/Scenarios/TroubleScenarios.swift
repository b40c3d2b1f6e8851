import BkendSync
import BkendWire
import SyncSimulation
import Testing

/// sync-scenarios 37–40: proxies, users, keys, disks, leaders, and values that are equal.
@Suite struct TroubleScenarios {
    @Test("37 · proxy 404, missing table and wrong scope with 1,000 queued updates: nothing becomes a dead letter")
    func notTheirFault() throws {
        let stage = try Stage(["ann"]) { $0.server.fill("notes", 1_000, at: -5_000, apart: 1) }
        try stage.wait(seconds: 20)
        let ids = stage.shown(0).compactMap { $0["id"]?.stringValue }
        #expect(ids.count == 1_000)
        // Each update is one request, and one more that looks at the record before.
        stage.world.requestLimit = 2_200
        stage.world.inspectionInterval = 100
        stage.strike(.proxy, 1)
        try stage.act(0, "updates 1,000 records") {
            for id in ids { try $0.writes.update("notes", id, set: ["count": 1]) }
        }
        try stage.wait(seconds: 60)
        stage.strike(.proxy, 0)
        let table = try #require(stage.world.server[table: "notes"])
        stage.world.server[table: "notes"] = nil
        try stage.wait(seconds: 90)
        stage.world.server.tables = [table]
        stage.world.server.refusedScopes = ["notes"]
        try stage.wait(seconds: 90)
        #expect(try stage.outbox(0).count == 1_000)
        stage.world.server.refusedScopes = []
        try stage.world.heal(for: 400_000)
        #expect(try stage.outbox(0).isEmpty)
        #expect(stage.rows().filter { $0["count"] == 1 }.count == 1_000)
        #expect(try stage.reports(0).isEmpty)
    }

    @Test("38 · the user changes with requests in flight: nothing goes out as another")
    func userSwitch() throws {
        let stage = try Stage(["ann"])
        for index in 0..<20 { try stage.create(0, ["title": .string("\(index)")]) }
        try stage.wait(seconds: 0.06)
        try stage.signIn(0, as: "mallory")
        try stage.wait(seconds: 100)
        #expect(stage.status(0).state == .paused(.otherUser))
        try stage.signIn(0, as: "ann")
        try stage.settle()
        #expect(stage.rows().count == 20)
        #expect(stage.rows().allSatisfy { $0["createdBy"] == "ann" })
    }

    @Test("38 · the key is revoked and replaced with a full outbox")
    func keyRotation() throws {
        let stage = try Stage(["ann"])
        stage.world.server.refusesKey = true
        for index in 0..<20 { try stage.create(0, ["title": .string("\(index)")]) }
        try stage.wait(seconds: 100)
        #expect(try stage.outbox(0).allSatisfy { $0.state == .queued })
        #expect(stage.status(0).state == .paused(.refused(.invalidAPIKey)))
        stage.world.server.refusesKey = false
        try stage.settle()
        #expect(stage.rows().count == 20)
    }

    @Test("39 · the disk is full when a 2xx comes: the write stays ambiguous, one record in the end")
    func diskFull() throws {
        let stage = try Stage(["ann"])
        try stage.create(0, ["title": "A", "body": .string(String(repeating: "x", count: 20_000))])
        try stage.wait(seconds: 0.055)
        try stage.fillDisk(0, true)
        try stage.wait(seconds: 20)
        try stage.fillDisk(0, false)
        try stage.settle()
        #expect(stage.rows().count == 1)
        #expect(try stage.outbox(0).isEmpty)
    }

    @Test("39 · the leader is replaced with requests in flight: one record", arguments: [0.0, 0.055, 0.1, 0.2])
    func leaderReplaced(after seconds: Double) throws {
        let stage = try Stage(["ann"])
        try stage.create(0, ["title": "A"])
        try stage.wait(seconds: seconds)
        try stage.usurp(0)
        try stage.settle()
        #expect(stage.rows().count == 1)
    }

    @Test(
        "40 · 1 against 1.0, another key order: no spurious PATCH; 2^53+1 and null against missing: no dropped change")
    func equality() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate([
            "title": "A", "count": 1, "big": 9_007_199_254_740_992, "map": ["a": 1, "b": 2],
        ])
        try stage.wait(seconds: 70)
        try stage.update(0, id, ["count": 1.0, "map": ["b": 2, "a": 1]])
        #expect(try stage.outbox(0).isEmpty)
        try stage.update(0, id, ["big": 9_007_199_254_740_993, "note": .null])
        try stage.settle()
        #expect(stage.row(id)?["big"] == 9_007_199_254_740_993)
        #expect(stage.row(id)?["note"] == .null)
        #expect(try stage.shown(0, id)?["big"] == 9_007_199_254_740_993)
    }
}
