import BkendDocuments
import BkendSync
import BkendWire
import Testing

@Suite("Entries on their way")
struct SendingTests {
    @Test("A new leader finds what the old one had in flight ambiguous, and the old one can't go on")
    func epochs() throws {
        let fixture = try StoreFixture()
        let first = try fixture.store.write { try $0.sending.lead() }
        let sent = try fixture.send(fixture.create(["n": 1]))
        let second = try fixture.store.write { try $0.sending.lead() }
        #expect(try fixture.store.read { try $0.outbox.entry(sent.sequence)?.state } == .ambiguous)
        #expect(refusal { try fixture.store.write(epoch: first) { _ in } } == .notLeader(epoch: second))
        let other = try fixture.create(["n": 2])
        let entry = try fixture.lane(other)[0].sequence
        let reason = refusal {
            try fixture.store.write { try $0.sending.markInFlight(entry, body: [], epoch: first, user: "") }
        }
        #expect(reason == .notLeader(epoch: second))
    }

    @Test("An entry is sent as no one but the user who made it")
    func otherUser() throws {
        let fixture = try StoreFixture()
        let id = try fixture.create(["n": 1])
        let entry = try fixture.lane(id)[0].sequence
        let reason = refusal {
            try fixture.store.write { try $0.sending.markInFlight(entry, body: [], epoch: 0, user: "u") }
        }
        #expect(reason == .otherUser(entry))
    }

    @Test("Only the head of a lane may go, and nothing that names a record the server doesn't have")
    func notReady() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["n": 1])
        try fixture.update(a, ["n": 2])
        let b = try fixture.create(["parent": .string(a)])
        for entry in [try fixture.lane(a)[1], try fixture.lane(b)[0]] {
            let reason = refusal {
                try fixture.store.write { try $0.sending.markInFlight(entry.sequence, body: [], epoch: 0, user: "") }
            }
            #expect(reason == .notReady(entry.sequence))
        }
    }

    @Test("A table with unique fields sends one at a time, in order; others side by side")
    func order() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["n": 1])
        let b = try fixture.create(["n": 2])
        func heads() throws -> [String] { try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.record) }
        #expect(try heads() == [a])
        let sent = try fixture.send(a)
        #expect(try heads() == [])
        try fixture.store.write { try $0.sending.markAmbiguous(sent.sequence) }
        #expect(try heads() == [])
        try fixture.store.write { try $0.sending.markUnresolved(sent.sequence) }
        #expect(try heads() == [b], "what waits for the app holds up nothing else")
        #expect(try fixture.state(a) == .unresolved)
        try fixture.allowFolding()
        #expect(try heads() == [b])
        try fixture.store.write { try $0.decisions.retry(sent.sequence) }
        #expect(try heads() == [a, b])
    }

    @Test("What was deleted elsewhere stays deleted, with the entries that were to change it")
    func gone() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1])
        try fixture.update("a", ["n": 2])
        try fixture.update("a", ["n": 3])
        #expect(try fixture.store.write { try $0.answers.gone("notes", "a") }.map(\.fields) == [["n": 2], ["n": 3]])
        #expect(try fixture.visible("a") == nil)
        #expect(try fixture.state("a") == .synced)
    }

    @Test("What was deleted elsewhere can be created again, under a key of its old id")
    func recreate() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1, "createdBy": ""])
        try fixture.update("a", ["n": 2])
        try fixture.update("a", ["n": 3])
        let b = try fixture.create(["parent": "a"], in: "others")
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        let lane = try fixture.lane("a")
        #expect(lane.map(\.kind) == [.create])
        #expect(lane[0].sentFields == ["title": "A", "n": 3, "clientKey": "re-a"])
        #expect(try fixture.visible("a")?["n"] == 3)
        #expect(
            try fixture.store.read {
                try $0.outbox.dependencies(of: try $0.outbox.entries(of: "others", b)[0].sequence)
            } == ["a"])
        let rows = try fixture.changes { try fixture.adopt("a", as: "s9") }
        #expect(rows[0].formerly == "a")
        #expect(try fixture.visible(b, in: "others")?["parent"] == "s9")
        #expect(try fixture.visible("a")?["id"] == "s9")
    }

    @Test(
        "What the server says of a record that was made again keeps the old id; what was written here gets the new one")
    func recreatedButNamed() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1, "createdBy": ""])
        try fixture.receive(["id": "b", "parent": "a", "createdBy": ""], in: "others")
        try fixture.receive(["id": "c", "parent": "x", "createdBy": ""], in: "others")
        try fixture.update("a", ["n": 2])
        try fixture.update("b", ["parent": "y"], in: "others")
        try fixture.update("c", ["parent": "a"], in: "others")
        try fixture.update("c", ["parent": "z"], in: "others")
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        try fixture.adopt("a", as: "s9")
        #expect(try fixture.lane("b", in: "others").map(\.before) == [["parent": "a"]])
        let lane = try fixture.lane("c", in: "others")
        #expect(lane.map(\.fields) == [["parent": "s9"], ["parent": "z"]])
        #expect(lane.map(\.before) == [["parent": "x"], ["parent": "s9"]])
    }

    @Test("What another device has made again keeps what was changed here, as an update of its row")
    func recreatedElsewhere() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1, "state": "open", "createdBy": ""])
        try fixture.update("a", ["n": 2, "added": true, "state": "done"])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        try fixture.update("a", ["n": 3])
        let theirs: JSONObject = [
            "id": "s1", "title": "Theirs", "n": 1, "state": "done", "createdBy": "", "clientKey": "re-a",
        ]
        #expect(try fixture.receive(theirs).adopted.count == 1)
        let lane = try fixture.lane("s1")
        #expect(lane.map(\.kind) == [.update, .update])
        #expect(lane[0].sentFields == ["n": 2, "added": true])
        #expect(lane[0].before == ["n": 1])
        #expect(lane[0].state == .queued)
        #expect(lane[1].before == ["n": 2])
        #expect(try fixture.visible("a")?["title"] == "Theirs")
        #expect(try fixture.visible("a")?["n"] == 3)
    }

    @Test("A record that was made again and comes back has its id to itself")
    func backFromABackup() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        try fixture.adopt("a", as: "s1")
        #expect(try fixture.visible("a")?["id"] == "s1")
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        #expect(try fixture.visible("a")?["id"] == "a")
        #expect(try fixture.visible("s1")?["n"] == 2)
        try fixture.update("a", ["n": 7])
        #expect(try fixture.visible("s1")?["n"] == 2)
    }

    @Test(
        "A record that was to be made again and is back is updated, also where its table takes no key",
        arguments: [true, false])
    func backBeforeItWasMadeAgain(takesExtraFields: Bool) throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1, "k": 1])
        try fixture.update("a", ["n": 2])
        try fixture.store.write { try $0.setFacts(TableFacts(takesExtraFields: takesExtraFields), of: "notes") }
        let early = try fixture.store.read { try $0.settled.mark }
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        #expect(try fixture.lane("a").map(\.clientKey) == [takesExtraFields ? "re-a" : nil])
        let naming = try fixture.create(["parent": "a"], in: "others")
        let row: JSONObject = ["id": "a", "title": "B", "n": 1, "k": 1, "updatedAt": "2026-01-01T00:00:00.000Z"]
        // A page, or a read that left before, may be from before the deletion.
        #expect(try fixture.receive(row).setAside == ["a"])
        #expect(try fixture.receive(row, askedAt: early, isFresh: true).setAside == ["a"])
        #expect(try fixture.receive(row, isFresh: true).calledOff.count == 1)
        let lane = try fixture.lane("a")
        #expect(lane.map(\.kind) == [.update])
        #expect(lane.map(\.fields) == [["n": 2]])
        #expect(lane.map(\.before) == [["n": 1]])
        #expect(lane.map(\.state) == [.queued])
        #expect(lane.map(\.clientKey) == [nil])
        #expect(try fixture.visible("a")?["title"] == "B")
        #expect(try fixture.visible("a")?["n"] == 2)
        let waiting = try fixture.lane(naming, in: "others")[0]
        #expect(try fixture.store.read { try $0.outbox.dependencies(of: waiting.sequence) } == [])
        #expect(
            try fixture.store.read { try $0.queue.sendable(limit: 9) }.map(\.sequence) == [
                lane[0].sequence, waiting.sequence,
            ])
    }

    @Test(
        "A rejected making-again of a record that is back is a rejected update, and the record shows what the server has"
    )
    func backAfterARejection() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        try fixture.fail(try fixture.send("a"))
        try fixture.update("a", ["title": "C"])
        let row: JSONObject = ["id": "a", "title": "B", "n": 2, "updatedAt": "2026-01-01T00:00:00.000Z"]
        try fixture.receive(row, isFresh: true)
        let lane = try fixture.lane("a")
        #expect(lane.map(\.kind) == [.update])
        #expect(lane.map(\.state) == [.failed])
        #expect(lane[0].fields == ["title": "C"])
        #expect(lane[0].failure?.code == "data/validation-error")
        #expect(try fixture.visible("a")?["title"] == "B")
        try fixture.store.write { try $0.decisions.retry(lane[0].sequence) }
        #expect(try fixture.lane("a").map(\.before) == [["title": "B"]])
        #expect(try fixture.visible("a")?["title"] == "C")
    }

    @Test("While nobody knows whether a record was made again, it isn't read over and over; what was sent stays known")
    func backWhileItsCreateIsUnknown() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1])
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        let row: JSONObject = ["id": "a", "n": 1, "updatedAt": "2026-01-01T00:00:00.000Z"]
        let create = try fixture.send("a")
        #expect(try fixture.receive(row, isFresh: true).setAside == ["a"])
        try fixture.store.write { try $0.sending.markAmbiguous(create.sequence) }
        #expect(try fixture.receive(row).setAside == ["a"])
        #expect(try fixture.receive(row, isFresh: true).setAside.isEmpty)
        #expect(try fixture.lane("a").map(\.kind) == [.create])
        try fixture.store.write { try $0.sending.markUnresolved(create.sequence) }
        #expect(try fixture.receive(row, isFresh: true).calledOff == [create.sequence])
        #expect(try fixture.lane("a").map(\.state) == [.queued])
        let copy: JSONObject = ["id": "b", "n": 2, "clientKey": "re-a", "createdBy": ""]
        #expect(try fixture.receive(copy).twins == [Received.Twin(id: "b", original: "a")])
    }

    @Test("A rejected making-again that turns into an update overwrites nothing that was set since")
    func backWithLaterWrites() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["title": "m1", "n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        let create = try fixture.send("a")
        try fixture.update("a", ["title": "m2"])
        try fixture.fail(create)
        try fixture.receive(
            ["id": "a", "title": "A", "n": 1, "updatedAt": "2026-01-01T00:00:00.000Z"], isFresh: true)
        #expect(try fixture.lane("a").map(\.state) == [.failed, .queued])
        #expect(try fixture.lane("a").map(\.before) == [["title": "A", "n": 1], ["title": "A"]])
        try fixture.store.write { try $0.decisions.retry(create.sequence) }
        #expect(try fixture.visible("a")?["title"] == "m2")
        #expect(try fixture.visible("a")?["n"] == 2)
    }

    @Test("What had to follow the making-again of a record that is back was made on what the server has")
    func backWithAReferenceToItself() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "parent": "a", "first": "x"])
        try fixture.update("a", ["title": "B", "first": "a"])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        #expect(try fixture.lane("a").map(\.fields) == [["title": "B"], ["parent": "a", "first": "a"]])
        try fixture.receive(
            ["id": "a", "title": "A", "parent": "y", "first": "x", "updatedAt": "2026-01-01T00:00:00.000Z"],
            isFresh: true)
        #expect(try fixture.lane("a").map(\.fields) == [["title": "B"], ["first": "a"]])
        #expect(try fixture.lane("a").map(\.before) == [["title": "A"], ["first": "x"]])
        #expect(try fixture.visible("a")?["parent"] == "y")
    }

    @Test("What comes back from its way waits for what has failed meanwhile")
    func requeuedBehindAFailure() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1])
        let b = try fixture.create(["parent": "a"], in: "others")
        let sent = try fixture.send(b, in: "others")
        let c = try fixture.create(["parent": .string(b)], in: "others")
        try fixture.store.write { try $0.sending.markAmbiguous(sent.sequence) }
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        let create = try fixture.send("a")
        try fixture.fail(create)
        try fixture.store.write { try $0.sending.requeue(sent.sequence) }
        for id in [b, c] { #expect(try fixture.lane(id, in: "others").map(\.state) == [.blocked]) }
        try fixture.store.write { try $0.decisions.retry(create.sequence) }
        for id in [b, c] { #expect(try fixture.lane(id, in: "others").map(\.state) == [.queued]) }
    }

    @Test("An update whose answer was lost waits, once it is decided, for what has failed meanwhile")
    func rebasedBehindAFailure() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1])
        try fixture.receive(["id": "b", "parent": "x"], in: "others")
        try fixture.update("b", ["parent": "a"], in: "others")
        let sent = try fixture.send("b", in: "others")
        try fixture.store.write { try $0.sending.markAmbiguous(sent.sequence) }
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        try fixture.fail(try fixture.send("a"))
        let row: JSONObject = ["id": "b", "parent": "x"]
        try fixture.store.write {
            try $0.answers.rebase(sent.sequence, onto: row.serialized(), fields: ["parent": "a"])
        }
        #expect(try fixture.lane("b", in: "others").map(\.state) == [.blocked])
    }

    @Test("A record whose making-again was given up and that is back can be named again")
    func backAfterItWasGivenUp() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1])
        try fixture.update("a", ["n": 2])
        #expect(try fixture.store.write { try $0.recreating.recreate("notes", "a") })
        let sequence = try #require(try fixture.lane("a").first?.sequence)
        try fixture.store.write { _ = try $0.decisions.discard(sequence) }
        #expect(throws: StoreError.self) { _ = try fixture.create(["parent": "a"], in: "others") }
        try fixture.receive(["id": "a", "n": 1], isFresh: true)
        #expect(try fixture.visible("a")?["n"] == 1)
        _ = try fixture.create(["parent": "a"], in: "others")
    }

    @Test("A record that names itself can be created again: what names it follows as an update")
    func recreateSelfReference() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "self": "a", "other": "b"])
        try fixture.receive(["id": "b", "title": "B", "back": "a"])
        try fixture.update("a", ["title": "A2"])
        try fixture.update("b", ["title": "B2"])
        try fixture.store.write { tx throws in
            #expect(try tx.recreating.recreate("notes", "a"))
            #expect(try tx.recreating.recreate("notes", "b"))
        }
        #expect(try fixture.lane("a").map(\.fields) == [["title": "A2", "other": "b"], ["self": "a"]])
        #expect(try fixture.lane("b").map(\.fields) == [["title": "B2"], ["back": "a"]])
        #expect(try fixture.visible("a")?["self"] == "a")
        try fixture.adopt("b", as: "b2")
        try fixture.adopt("a", as: "a2")
        #expect(try fixture.visible("a2")?["self"] == "a2")
        #expect(try fixture.lane("a2").map(\.fields) == [["self": "a2"]])
        #expect(try fixture.lane("b2").map(\.fields) == [["back": "a2"]])
    }

    @Test("A decided conflict goes on with what is left, on the server's document")
    func rebase() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1, "updatedAt": "2023-01-01T00:00:00.000Z"])
        try fixture.update("a", ["title": "mine", "n": 2])
        try fixture.update("a", ["title": "later"])
        let first = try fixture.lane("a")[0].sequence
        let theirs = Array(#"{"id":"a","title":"theirs","n":5,"updatedAt":"2023-01-02T00:00:00.000Z"}"#.utf8)
        try fixture.store.write { try $0.answers.rebase(first, onto: theirs, fields: ["n": 2]) }
        #expect(try fixture.lane("a").map(\.fields) == [["n": 2], ["title": "later"]])
        #expect(try fixture.lane("a").map(\.before) == [["n": 5], ["title": "theirs"]])
        try fixture.store.write { try $0.answers.rebase(first, onto: theirs, fields: [:]) }
        #expect(try fixture.lane("a").map(\.fields) == [["title": "later"]])
        #expect(try fixture.visible("a")?["n"] == 5)
    }

    @Test("A column that the answer hides keeps its before-image")
    func hiddenColumn() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "secret": 1])
        try fixture.update("a", ["secret": 2])
        try fixture.update("a", ["secret": 3])
        try fixture.answerUpdate(fixture.send("a"), #"{"id":"a"}"#)
        #expect(try fixture.lane("a").map(\.before) == [["secret": 2]])
    }

    @Test("Reports stay until they are acknowledged, and follow a renamed record")
    func reports() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["n": 1])
        let number = try fixture.store.write { try $0.reports.add("conflict", "notes", a, detail: ["field": "n"]) }
        try fixture.adopt(a, as: "s1")
        #expect(try fixture.reopened().read { try $0.reports.all() }.map(\.record) == ["s1"])
        try fixture.store.write { try $0.reports.acknowledge(number) }
        #expect(try fixture.store.read { try $0.reports.all() }.isEmpty)
    }
}
