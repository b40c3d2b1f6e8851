import BkendSync
import BkendWire
import SyncSimulation
import Testing

/// sync-scenarios 28–36: updates, deletes, references and dead letters.
@Suite struct PushScenarios {
    private static func kinds(_ stage: Stage, _ device: Int = 0) throws -> [String] {
        try stage.reports(device).map(\.kind)
    }

    @Test(
        "28 · a stale page after our PATCH and after our DELETE changes nothing that is seen", arguments: [true, false])
    func stalePage(isDelete: Bool) throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A"])
        try stage.remoteCreate(["title": "B"])
        try stage.wait(seconds: 70)
        try stage.remoteCreate(["title": "C"])
        stage.next("list", inbound: 12_000, servesEntries: false)
        try stage.tell(0, .syncNow)
        try stage.wait(seconds: 0.2)
        if isDelete { try stage.delete(0, id) } else { try stage.update(0, id, ["title": "A2"]) }
        try stage.wait(seconds: 5)
        #expect(try stage.outbox(0).isEmpty)
        try stage.wait(seconds: 20)
        #expect(try stage.shown(0, id)?["title"] == (isDelete ? nil : "A2"))
        try stage.settle()
    }

    @Test("29 · a pull comes between local edit and push of the same field: the conflict is reported")
    func pullBetween() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A"])
        try stage.wait(seconds: 70)
        stage.cutNetwork(0, seconds: 10)
        try stage.update(0, id, ["title": "mine"])
        try stage.wait(seconds: 1)
        try stage.remoteUpdate(id, ["title": "theirs"])
        try stage.settle()
        #expect(try Self.kinds(stage).contains("conflict"))
        #expect(stage.row(id)?["title"] == "mine")
    }

    @Test("30 · an ambiguous PATCH, another device overwrites it, then it is tried again: reported as maybe applied")
    func ambiguousPatch() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A"])
        try stage.wait(seconds: 70)
        stage.next("update", .lostAfter)
        try stage.update(0, id, ["title": "mine"])
        try stage.wait(seconds: 0.3)
        #expect(stage.row(id)?["title"] == "mine")
        try stage.remoteUpdate(id, ["title": "theirs"])
        try stage.settle()
        #expect(try Self.kinds(stage).contains("conflict"))
        #expect(try stage.reports(0).contains { "\($0.detail)".contains("maybeApplied") })
    }

    @Test("30 · a PATCH under way when its device was killed arrives after it was sent again: a later edit stands")
    func lateAfterCrash() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A"])
        try stage.wait(seconds: 70)
        stage.next("update", outbound: 28_000)
        try stage.update(0, id, ["title": "B"])
        try stage.wait(seconds: 1)
        stage.kill(0, restartAfter: 1_000)
        try stage.wait(seconds: 5)
        #expect(stage.row(id)?["title"] == "B")
        try stage.update(0, id, ["title": "C"])
        try stage.settle()
        #expect(stage.row(id)?["title"] == "C")
        #expect(stage.shown(0).first?["title"] == "C")
    }

    @Test("Two devices change a record that was deleted; made again once, it has the changes of both")
    func madeAgainOnce() throws {
        let stage = try Stage(["ann", "ann"]) { $0.configuration.policies.deletedElsewhere = .createAgain }
        let id = try stage.remoteCreate(["title": "A", "status": "open"])
        try stage.wait(seconds: 70)
        for device in [0, 1] { stage.cutNetwork(device, seconds: 30) }
        try stage.update(0, id, ["title": "B"])
        try stage.update(1, id, ["status": "done"])
        stage.remoteDelete(id)
        try stage.settle()
        #expect(stage.rows().map { $0["title"] } == ["B"])
        #expect(stage.rows().map { $0["status"] } == ["done"])
        #expect(stage.shown(0).count == 1 && stage.shown(1).count == 1)
    }

    @Test("31 · a delete while the record changed remotely is reported")
    func deleteConflict() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A"])
        try stage.wait(seconds: 70)
        stage.cutNetwork(0, seconds: 10)
        try stage.delete(0, id)
        try stage.remoteUpdate(id, ["title": "B"])
        try stage.settle()
        #expect(try !Self.kinds(stage).isEmpty)
        #expect(stage.row(id) == nil)
    }

    @Test("32 · cyclic and self references, folded or not")
    func cycles() throws {
        let stage = try Stage(["ann"])
        stage.cutNetwork(0, seconds: 5)
        let a = try stage.create(0, ["title": "A"])
        let b = try stage.create(0, ["title": "B", "parent": .string(a)])
        try stage.update(0, a, ["parent": .string(b), "links": .object([a: 1])])
        try stage.settle()
        let (first, second) = (try stage.resolve(0, a), try stage.resolve(0, b))
        #expect(stage.row(first)?["parent"] == .string(second))
        #expect(stage.row(second)?["parent"] == .string(first))
        #expect(stage.row(first)?["links"] == .object([first: 1]))
    }

    @Test("33 · a create is deleted before it was sent: what names it fails with the reason")
    func discardedDependency() throws {
        let stage = try Stage(["ann"])
        stage.cutNetwork(0, seconds: 5)
        let a = try stage.create(0, ["title": "A"])
        try stage.create(0, ["title": "B", "parent": .string(a)])
        try stage.delete(0, a)
        try stage.settle()
        #expect(stage.rows().isEmpty)
        #expect(try stage.outbox(0).map { $0.failure?.code } == [EntryFailure.dependencyDiscarded])
    }

    @Test("33 · a rejected create blocks what names it, until it is repaired")
    func rejectedDependency() throws {
        let stage = try Stage(["ann"])
        try stage.remoteCreate(["title": "taken", "slug": "s"])
        let a = try stage.create(0, ["title": "A", "slug": "s"])
        try stage.create(0, ["title": "B", "parent": .string(a)])
        try stage.create(0, ["title": "C"])
        try stage.settle()
        #expect(try stage.outbox(0).map(\.state) == [.failed, .blocked])
        #expect(stage.rows().map { $0["title"] }.contains("C"))
        let failed = try #require(try stage.outbox(0).first).sequence
        try stage.act(0, "repairs it") {
            try $0.decisions.edit(failed, set: ["slug": "free"])
            try $0.decisions.retry(failed)
        }
        try stage.settle()
        #expect(try stage.outbox(0).isEmpty)
        #expect(stage.rows().count == 4)
    }

    @Test("34 · unique values are swapped through a temporary one; a slug is deleted and made again")
    func uniqueSwap() throws {
        let stage = try Stage(["ann"])
        let x = try stage.remoteCreate(["title": "X", "slug": "1"])
        let y = try stage.remoteCreate(["title": "Y", "slug": "2"])
        try stage.wait(seconds: 70)
        stage.cutNetwork(0, seconds: 5)
        try stage.update(0, x, ["slug": "tmp"])
        try stage.update(0, y, ["slug": "1"])
        try stage.update(0, x, ["slug": "2"])
        try stage.settle()
        #expect(stage.row(x)?["slug"] == "2")
        #expect(stage.row(y)?["slug"] == "1")
        stage.cutNetwork(0, seconds: 5)
        try stage.delete(0, x)
        let again = try stage.create(0, ["title": "X again", "slug": "2"])
        try stage.settle()
        #expect(try stage.outbox(0).isEmpty)
        #expect(stage.row(try stage.resolve(0, again))?["slug"] == "2")
    }

    @Test(
        "35 · a local id stays good after the rename: in values, as an object's key, in filters, from another process")
    func localIDs() throws {
        let stage = try Stage(["ann"])
        let a = try stage.create(0, ["title": "A"])
        try stage.wait(seconds: 5)
        let id = try stage.resolve(0, a)
        #expect(id != a)
        let b = try stage.create(0, ["title": "B", "parent": .string(a), "links": .object([a: 1])])
        try stage.update(0, a, ["title": "A2"])
        let filter = Filter.condition(Condition("parent", .equals(.string(a))))
        #expect(try stage.read(0) { try $0.documents.count(filter, in: "notes") } == 1)
        let other = try stage.secondProcess(0)
        #expect(try other.read { try $0.documents.document("notes", a) } != nil)
        try other.write { _ = try $0.writes.update("notes", a, set: ["count": 9]) }
        try stage.tell(0, .localWrite)
        try stage.settle()
        #expect(stage.row(id)?["title"] == "A2")
        #expect(stage.row(id)?["count"] == 9)
        #expect(stage.row(try stage.resolve(0, b))?["parent"] == .string(id))
        #expect(stage.row(try stage.resolve(0, b))?["links"] == .object([id: 1]))
    }

    @Test("36 · a dead letter is retried after later own writes: it sets nothing that was set again")
    func retriedLetter() throws {
        let stage = try Stage(["ann"])
        let id = try stage.remoteCreate(["title": "A"])
        try stage.wait(seconds: 70)
        try stage.update(0, id, ["title": "old", "count": "none"])
        try stage.wait(seconds: 5)
        let failed = try #require(try stage.outbox(0).first)
        #expect(failed.state == .failed)
        #expect(try stage.shown(0, id)?["title"] == "A")
        try stage.update(0, id, ["title": "new"])
        try stage.wait(seconds: 5)
        try stage.act(0, "repairs the letter") {
            try $0.decisions.edit(failed.sequence, set: ["count": 5])
            try $0.decisions.retry(failed.sequence)
        }
        try stage.settle()
        #expect(stage.row(id)?["title"] == "new")
        #expect(stage.row(id)?["count"] == 5)
    }
}
