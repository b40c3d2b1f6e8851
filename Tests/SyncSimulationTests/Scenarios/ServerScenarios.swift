import BkendSync
import BkendWire
import SyncSimulation
import Testing

/// sync-scenarios 14–27: clocks, backups, permissions and big tables on the server.
@Suite struct ServerScenarios {
    private static func ids(_ documents: [JSONObject]) -> [String] { documents.compactMap { $0["id"]?.stringValue } }

    @Test("14 · an update from a node 40 s behind")
    func nodeBehind() throws {
        let stage = try Stage(["ann"]) { $0.server.skews = [0, -40_000] }
        let id = try stage.remoteCreate(["title": "A"])
        try stage.remoteCreate(["title": "B"])
        try stage.wait(seconds: 60)
        // The cursor is here; the update's stamp lies further behind it than the overlap reaches.
        let newer = try stage.remoteCreate(["title": "C"])
        try stage.tell(0, .syncNow)
        try stage.wait(seconds: 2)
        #expect(try stage.shown(0, newer) != nil)
        try stage.remoteUpdate(id, ["title": "A2"], node: 1)
        try stage.converge()
        #expect(try stage.shown(0, id)?["title"] == "A2")
    }

    @Test("15 · a row stamped one hour ahead hides no later one")
    func rowAhead() throws {
        let stage = try Stage(["ann"]) { $0.server.skews = [0, 3_600_000] }
        let ahead = try stage.remoteCreate(["title": "ahead"], node: 1)
        try stage.wait(seconds: 70)
        let later = try stage.remoteCreate(["title": "later"])
        try stage.wait(seconds: 70)
        try stage.remoteUpdate(later, ["title": "changed"])
        try stage.wait(seconds: 70)
        #expect(try stage.shown(0, ahead) != nil)
        #expect(try stage.shown(0, later)?["title"] == "changed")
    }

    @Test("16 · the server's clock goes back ten minutes")
    func clockBack() throws {
        let stage = try Stage(["ann"])
        let old = try stage.remoteCreate(["title": "A"])
        try stage.wait(seconds: 70)
        stage.world.server.skews = [-600_000]
        let new = try stage.remoteCreate(["title": "B"])
        try stage.remoteUpdate(old, ["title": "A2"])
        try stage.wait(seconds: 130)
        #expect(try stage.shown(0, old)?["title"] == "A2")
        #expect(try stage.shown(0, new) != nil)
        try stage.converge()
    }

    @Test("17 · a backup is restored: reverted, missing and returning rows")
    func restore() throws {
        let stage = try Stage(["ann"])
        let kept = try stage.remoteCreate(["title": "before"])
        let returning = try stage.remoteCreate(["title": "returning"])
        try stage.wait(seconds: 70)
        let backup = stage.world.server.tables
        try stage.remoteUpdate(kept, ["title": "after"])
        stage.remoteDelete(returning)
        let missing = try stage.remoteCreate(["title": "missing"])
        try stage.wait(seconds: 70)
        #expect(try stage.shown(0, missing) != nil)
        #expect(try stage.shown(0, returning) == nil)
        stage.world.server.restore(backup, at: stage.world.now)
        try stage.wait(seconds: 200)
        #expect(try stage.shown(0, kept)?["title"] == "before")
        #expect(try stage.shown(0, returning) != nil)
        #expect(try stage.shown(0, missing) == nil)
        try stage.settle()
    }

    @Test("18, 19 · 10,000 rows of one moment, with inserts while they are drained; then one of them is deleted")
    func manyOfOneMoment() throws {
        let stage = try Stage(["ann"]) { $0.server.fill("notes", 10_000, at: -500_000) }
        for index in 0..<20 {
            try stage.remoteCreate(["title": .string("late \(index)")])
            try stage.wait(seconds: 0.4)
        }
        try stage.wait(seconds: 60)
        #expect(stage.shown(0).count == 10_020)
        let before = stage.requests(0)
        stage.remoteDelete(try #require(Self.ids(stage.rows()).dropFirst(5_000).first))
        try stage.wait(seconds: 130)
        #expect(stage.shown(0).count == 10_019)
        #expect(stage.requests(0) - before < 40)
    }

    @Test("20 · idle after a burst: one question an interval and another at every second, no writes")
    func idleAfterBurst() throws {
        let stage = try Stage(["ann"])
        for index in 0..<300 { try stage.remoteCreate(["title": .string("\(index)")]) }
        try stage.wait(seconds: 300)
        #expect(stage.shown(0).count == 300)
        let (requests, writes) = (stage.requests(0), try stage.writes(0))
        try stage.wait(seconds: 600)
        #expect(stage.requests(0) - requests <= 18)
        #expect(try stage.writes(0) == writes)
    }

    @Test("21 · a delete and a missed insert, equal counts")
    func equalCounts() throws {
        let stage = try Stage(["ann"]) { $0.server.skews = [0, -300_000] }
        let ids = try (0..<20).map { try stage.remoteCreate(["title": .string("\($0)")]) }
        try stage.wait(seconds: 100)
        stage.remoteDelete(ids[15])
        let missed = try stage.remoteCreate(["title": "missed"], node: 1)
        try stage.converge()
        #expect(try stage.shown(0, ids[15]) == nil)
        #expect(try stage.shown(0, missed) != nil)
    }

    @Test("22 · a row filter: the row is given to another, leaves, and all is quiet")
    func rowFilter() throws {
        let stage = try Stage(["ann"]) { $0.server[table: "notes"]?.access.rowFilter = ["owner": "$userId"] }
        let id = try stage.remoteCreate(["title": "A", "owner": "ann"])
        try stage.remoteCreate(["title": "B", "owner": "ann"])
        try stage.remoteCreate(["title": "C", "owner": "ann"])
        try stage.wait(seconds: 70)
        #expect(stage.shown(0).count == 3)
        try stage.remoteUpdate(id, ["owner": "bob"])
        try stage.settle()
        #expect(stage.shown(0).count == 2)
    }

    @Test("23, 24 · a read permission is narrowed to self, and widened again, though no row changes")
    func narrowed() throws {
        let stage = try Stage(["ann"])
        for index in 0..<3 { try stage.remoteCreate(["title": .string("\(index)")]) }
        try stage.create(0, ["title": "mine"])
        try stage.wait(seconds: 70)
        #expect(stage.shown(0).count == 4)
        stage.operate { $0.access = TableAccess(user: [.create], own: .all) }
        try stage.wait(seconds: 200)
        #expect(stage.shown(0).map { $0["title"] } == ["mine"])
        stage.operate { $0.access = TableAccess(user: .all) }
        try stage.wait(seconds: 200)
        #expect(stage.shown(0).count == 4)
        try stage.settle()
    }

    @Test("25 · a column permission is revoked, then restored; a write meanwhile doesn't lose the column")
    func column() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A", "secret": "s"])
        try stage.wait(seconds: 70)
        stage.operate { $0.access.hidden = ["secret"] }
        try stage.settle()
        #expect(try stage.shown(0, id)?["secret"] == nil)
        try stage.update(0, id, ["title": "B"])
        try stage.settle()
        stage.operate { $0.access.hidden = [] }
        try stage.settle()
        #expect(try stage.shown(0, id)?["secret"] == "s")
        #expect(try stage.shown(0, id)?["title"] == "B")
    }

    @Test("26 · overlapping subscriptions: the row leaves one and stays visible")
    func overlapping() throws {
        let stage = try Stage(["ann"], subscribed: false)
        let open = try stage.subscribe(0, where: [Condition("status", .equals("open"))])
        let many = try stage.subscribe(0, where: [Condition("count", .greaterOrEqual(3))])
        let id = try stage.remoteCreate(["title": "A", "count": 5])
        try stage.wait(seconds: 70)
        try stage.remoteUpdate(id, ["status": "done"])
        try stage.settle()
        #expect(try stage.shown(0, id) != nil)
        #expect(try stage.read(0) { try $0.members.all(of: open) }.isEmpty)
        #expect(try stage.read(0) { try $0.members.all(of: many) } == [id])
    }

    @Test("27 · `id $in` of 100 ids: the default limit of 20 makes no deletions")
    func manyIDs() throws {
        let stage = try Stage(["ann"])
        let ids = try (0..<100).map { try stage.remoteCreate(["title": .string("\($0)")]) }
        try stage.wait(seconds: 70)
        try stage.act(0, "updates 100 records") {
            for id in ids { try $0.writes.update("notes", id, set: ["count": 1]) }
        }
        try stage.settle()
        #expect(stage.rows().filter { $0["count"] == 1 }.count == 100)
        #expect(try stage.reports(0).isEmpty)
    }
}
