import BkendSync
import BkendWire
import SyncSimulation
import Testing

/// sync-scenarios 1–13: answers that are lost, and requests that come late. The checker looks on all the time: nothing
/// lost, nothing twice, nothing that flickers.
@Suite struct AmbiguityScenarios {
    @Test(
        "1 · killed at any moment between mark, send, answer and rename",
        arguments: Array(stride(from: 0, to: 400, by: 15)), [true, false])
    func kill(after milliseconds: Int, uniqueKeys: Bool) throws {
        let stage = try Stage(["ann"], uniqueKeys: uniqueKeys)
        try stage.create(0, ["title": "A"])
        try stage.wait(seconds: Double(milliseconds) / 1_000)
        stage.kill(0, restartAfter: 3_000)
        try stage.settle()
        #expect(stage.rows().count == 1)
        #expect(try stage.outbox(0).isEmpty)
    }

    @Test("2 · a reused connection closes after the server committed a POST: one record", arguments: [true, false])
    func lostAnswer(uniqueKeys: Bool) throws {
        let stage = try Stage(["ann"], uniqueKeys: uniqueKeys)
        stage.next("create", .lostAfter)
        try stage.create(0, ["title": "A"])
        try stage.settle()
        #expect(stage.rows().count == 1)
        #expect(stage.shown(0).count == 1)
    }

    @Test("3 · the same for refresh: no token is used twice, other sessions survive, the outbox stays")
    func lostRefresh() throws {
        let stage = try Stage(["ann", "ann"]) { $0.server.sessions.lifetime = 100_000 }
        stage.next("refresh", of: 0, .lostAfter)
        try stage.wait(seconds: 60)
        try stage.create(0, ["title": "with what is left of the token"])
        try stage.wait(seconds: 5)
        #expect(stage.rows().count == 1)
        try stage.wait(seconds: 60)
        try stage.create(0, ["title": "signed out"])
        try stage.wait(seconds: 5)
        #expect(stage.status(0).state == .signedOut)
        #expect(try stage.outbox(0).count == 1)
        #expect(stage.status(1).state != .signedOut)
        #expect(stage.world.server.sessions.reuses == 0)
        try stage.signIn(0, as: "ann")
        try stage.settle()
        #expect(stage.rows().count == 2)
    }

    @Test("3 · where the server announces a grace a lost refresh is repeated once, and nobody is signed out")
    func repeatedRefresh() throws {
        let stage = try Stage(["ann", "ann"]) {
            $0.server.sessions.lifetime = 100_000
            $0.server.sessions.grace = 10_000
        }
        stage.next("refresh", of: 0, .lostAfter)
        try stage.wait(seconds: 130)
        try stage.create(0, ["title": "by the next pair"])
        try stage.settle()
        #expect(stage.rows().count == 1)
        #expect(stage.world.server.sessions.repetitions == 1)
        #expect(stage.world.server.sessions.reuses == 0)
        #expect(stage.status(0).state != .signedOut && stage.status(1).state != .signedOut)
    }

    @Test(
        "3 · a repetition that is lost as well is the last: the rest of the token is used, then the user is signed out")
    func repetitionLost() throws {
        let stage = try Stage(["ann", "ann"]) {
            $0.server.sessions.lifetime = 100_000
            $0.server.sessions.grace = 10_000
        }
        for _ in 0..<2 { stage.next("refresh", of: 0, .lostAfter) }
        try stage.wait(seconds: 125)
        try stage.create(0, ["title": "signed out"])
        try stage.wait(seconds: 5)
        #expect(stage.status(0).state == .signedOut)
        #expect(try stage.outbox(0).count == 1)
        #expect(stage.status(1).state != .signedOut)
        #expect(stage.world.server.sessions.reuses == 0)
        try stage.signIn(0, as: "ann")
        try stage.settle()
        #expect(stage.rows().count == 1)
    }

    @Test("4 · 504 after commit: one record")
    func gateway() throws {
        let stage = try Stage(["ann"])
        stage.next("create", .gateway)
        try stage.create(0, ["title": "A"])
        try stage.settle()
        #expect(stage.rows().count == 1)
    }

    @Test("5 · after a relaunch the pull comes before the lookup: one record, shown once")
    func pullBeforeLookup() throws {
        let stage = try Stage(["ann"])
        stage.next("create", .lostAfter)
        try stage.create(0, ["title": "A"])
        try stage.wait(seconds: 0.2)
        stage.kill(0)
        stage.next("list", inbound: 20_000, servesEntries: true)
        try stage.start(0)
        try stage.wait(seconds: 3)
        #expect(stage.shown(0).count == 1)
        try stage.settle()
        #expect(stage.rows().count == 1)
    }

    @Test("6 · a poll returns the row before the POST's answer: one visible row")
    func pollBeforeAnswer() throws {
        let stage = try Stage(["ann"])
        stage.next("create", inbound: 20_000)
        let id = try stage.create(0, ["title": "A"])
        try stage.wait(seconds: 1)
        try stage.tell(0, .syncNow)
        try stage.wait(seconds: 2)
        #expect(stage.shown(0).count == 1)
        #expect(try stage.resolve(0, id) == stage.rows().first?["id"]?.stringValue)
        try stage.settle()
        #expect(stage.rows().count == 1)
    }

    @Test(
        "7, 8 · identical creates of two devices, both ambiguous: two records, each device's own",
        arguments: ["ann", ""])
    func identical(user: String) throws {
        let stage = try Stage([user, user])
        stage.next("create", of: 0, .lostAfter)
        stage.next("create", of: 1, .lostAfter)
        let first = try stage.create(0, ["title": "same"])
        let second = try stage.create(1, ["title": "same"])
        try stage.settle()
        #expect(stage.rows().count == 2)
        #expect(try stage.resolve(0, first) != stage.resolve(1, second))
    }

    @Test("7 · the same without keys: what nobody can tell apart is left to the app, and no row is two devices' record")
    func identicalWithoutKeys() throws {
        let stage = try Stage(["ann", "ann"])
        stage.next("create", of: 0, .lostAfter)
        stage.next("create", of: 1, .lostAfter)
        let made = try (0..<2).map { try stage.create($0, ["title": "same"], withKey: false) }
        try stage.settle()
        #expect(stage.rows().count == 2)
        var taken: [String] = []
        for (device, id) in made.enumerated() {
            let isOpen = try stage.outbox(device).contains { $0.state == .unresolved }
            if !isOpen { taken.append(try stage.resolve(device, id)) }
            #expect(try stage.shown(device, id)?["title"] == "same")
        }
        #expect(Set(taken).count == taken.count)
        #expect(taken.allSatisfy { id in stage.rows().contains { $0["id"] == .string(id) } })
    }

    @Test("9 · defaults and normalised dates on an ambiguous create", arguments: [true, false])
    func defaults(withKey: Bool) throws {
        let stage = try Stage(["ann"])
        stage.next("create", .lostAfter)
        let id = try stage.create(0, ["title": "A", "when": "2026-02-15T10:00:00+01:00"], withKey: withKey)
        try stage.settle()
        #expect(stage.rows().count == 1)
        #expect(try stage.shown(0, id)?["when"] == "2026-02-15T09:00:00.000Z")
        #expect(try stage.shown(0, id)?["count"] == 0)
        #expect(try stage.outbox(0).isEmpty)
    }

    @Test("10 · an ambiguous row is edited by another before the lookup")
    func editedBeforeLookup() throws {
        let stage = try Stage(["ann"])
        stage.next("create", .lostAfter)
        let id = try stage.create(0, ["title": "A"])
        try stage.wait(seconds: 0.2)
        stage.cutNetwork(0, seconds: 20)
        try stage.remoteUpdate(try #require(stage.rows().first?["id"]?.stringValue), ["title": "B"])
        try stage.settle()
        #expect(stage.rows().count == 1)
        #expect(try stage.shown(0, id)?["title"] == "B")
    }

    @Test("10 · an ambiguous row is deleted by another before the lookup: at most one record")
    func deletedBeforeLookup() throws {
        let stage = try Stage(["ann"])
        stage.next("create", .lostAfter)
        try stage.create(0, ["title": "A"])
        try stage.wait(seconds: 0.2)
        stage.cutNetwork(0, seconds: 20)
        stage.remoteDelete(try #require(stage.rows().first?["id"]?.stringValue))
        try stage.settle()
        #expect(stage.rows().count <= 1)
        #expect(try stage.outbox(0).isEmpty)
    }

    @Test("11 · a 409 on another unique field while a create is sent again: a dead letter, nothing adopted")
    func otherUniqueField() throws {
        let stage = try Stage(["ann"])
        stage.next("create", .lostBefore)
        let id = try stage.create(0, ["title": "A", "slug": "s"])
        try stage.wait(seconds: 0.2)
        try stage.remoteCreate(["title": "B", "slug": "s"])
        try stage.settle()
        #expect(stage.rows().count == 1)
        let entry = try #require(try stage.outbox(0).first)
        #expect(entry.state == .failed)
        #expect(entry.failure?.code == "data/duplicate-value")
        #expect(try stage.shown(0, id)?["title"] == "A")
    }

    @Test("12 · the original POST arrives after it was sent again: one record", arguments: [true, false])
    func lateOriginal(uniqueKeys: Bool) throws {
        let stage = try Stage(["ann"], uniqueKeys: uniqueKeys)
        stage.next("create", .proxy, duplicateAfter: 200_000)
        try stage.create(0, ["title": "A"])
        try stage.settle()
        #expect(stage.rows().count == 1)
    }

    @Test("13 · an ambiguous create is deleted, and arrives late: no record", arguments: [true, false])
    func deletedAndLate(uniqueKeys: Bool) throws {
        let stage = try Stage(["ann"], uniqueKeys: uniqueKeys)
        stage.next("create", .proxy, duplicateAfter: 100_000)
        let id = try stage.create(0, ["title": "A"])
        try stage.wait(seconds: 1)
        try stage.delete(0, id)
        try stage.settle()
        let isReported = try stage.reports(0).contains { $0.kind.hasPrefix("twin") }
        #expect(stage.rows().isEmpty || isReported)
        #expect(stage.shown(0).count == stage.rows().count)
    }

    @Test("Records come back under new ids, while writes of them wait: none is deleted", arguments: [true, false])
    func newIDs(uniqueKeys: Bool) throws {
        let stage = try Stage(["ann", "ann", "bob"], uniqueKeys: uniqueKeys)
        let ids = try (0..<6).map { try stage.create($0 % 3, ["title": .string("\($0)")]) }
        try stage.settle()
        for device in 0..<3 { stage.cutNetwork(device, seconds: 20) }
        stage.renew()
        try stage.settle()
        #expect(stage.rows().count == 6)
        try stage.update(0, ids[0], ["title": "again"])
        try stage.settle()
        #expect(stage.rows().count { $0["title"] == "again" } == 1)
        for device in 0..<3 { #expect(stage.shown(device).count == 6) }
    }

    @Test("A proxy swaps the answers of two creates: each stays what it is", arguments: [true, false])
    func swappedAnswers(uniqueKeys: Bool) throws {
        let stage = try Stage(["ann", "ann"], uniqueKeys: uniqueKeys) {
            // Nothing that makes writes of the table go one after another.
            $0.server[table: "notes"]?.uniques.removeAll { $0 == "slug" }
        }
        stage.next("create", of: 0, .swapped)
        let ids = try ["A", "B"].map { try stage.create(0, ["title": .string($0)]) }
        try stage.settle()
        #expect(stage.rows().count == 2)
        #expect(try stage.outbox(0).isEmpty)
        for (id, title) in zip(ids, ["A", "B"]) { #expect(try stage.shown(0, id)?["title"] == .string(title)) }
    }

    /// Nothing in a refusal shows whose it is: without a key, the record can't be found before the create is repeated.
    @Test(
        "A proxy answers a create with another one's refusal: it is made once with a key, also where keys aren't unique",
        arguments: [(true, true), (true, false), (false, false)])
    func swappedRefusal(takesKeys: Bool, uniqueKeys: Bool) throws {
        let stage = try Stage(["ann"], uniqueKeys: uniqueKeys) {
            $0.server[table: "notes"]?.takesExtraFields = takesKeys
            $0.server[table: "notes"]?.uniques.removeAll { $0 == "slug" }
            $0.server.tables.append(
                ServerTable(
                    "locked", fields: [ServerField("n", .int)], access: TableAccess(user: [.read, .list])))
        }
        stage.next("create", of: 0, .swapped)
        try stage.create(0, ["title": "A"], withKey: takesKeys)
        try stage.create(0, ["n": 1], in: "locked")
        try stage.wait(seconds: 200)
        #expect(stage.rows().count == (takesKeys ? 1 : 2))
    }
}
