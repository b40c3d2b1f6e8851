import BkendSync
import BkendWire
import Testing

@Suite("Cancelling, failing, retrying")
struct CancellingTests {
    /// A record whose update was refused, and which was changed again; the refused entry.
    private func refusedThenChanged() throws -> (StoreFixture, OutboxEntry) {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["title": "B", "n": 2])
        let sent = try fixture.send("a")
        try fixture.fail(sent)
        try fixture.update("a", ["title": "C"])
        return (fixture, sent)
    }

    @Test("A delete behind an unsent create cancels both; what names the record fails")
    func cancel() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a)])
        try fixture.receive(["id": "s", "title": "S"])
        try fixture.update("s", ["parent": .string(a)])
        try fixture.update("s", ["title": "T"])
        try fixture.delete(a)
        #expect(try fixture.lane(a).isEmpty)
        #expect(try fixture.visible(a) == nil)
        #expect(try fixture.store.read { try $0.aliases.alias(a)?.state } == .cancelled)
        guard case .failed(let failure) = try fixture.state(b) else {
            Issue.record("the dependent did not fail")
            return
        }
        #expect(failure.code == EntryFailure.dependencyDiscarded)
        #expect(try fixture.visible(b)?["parent"] == .string(a))
        #expect(try fixture.lane("s").map(\.state) == [.failed, .queued])
        #expect(try fixture.visible("s")?["parent"] == nil)
        #expect(try fixture.visible("s")?["title"] == "T")
        #expect(refusal { try fixture.update("s", ["parent": .string(a)]) } == .namesDiscardedRecord(a))
    }

    @Test("A dependent that names a discarded record can be mended, then retried")
    func mend() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a), "title": "B"])
        try fixture.delete(a)
        let entry = try fixture.lane(b)[0]
        #expect(
            refusal { try fixture.store.write { try $0.decisions.retry(entry.sequence) } } == .namesDiscardedRecord(a))
        try fixture.store.write { tx in
            try tx.decisions.edit(entry.sequence, set: [:], removing: ["parent"])
            try tx.decisions.retry(entry.sequence)
        }
        #expect(try fixture.state(b) == .pending)
        #expect(try fixture.lane(b)[0].fields == ["title": "B"])
    }

    @Test("A delete behind a create that was sent waits for it")
    func deleteBehindSent() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let sent = try fixture.send(a)
        try fixture.delete(a)
        #expect(try fixture.lane(a).map(\.kind) == [.create, .delete])
        #expect(try fixture.visible(a) == nil)
        try fixture.adopt(a, as: "s1")
        #expect(try fixture.visible("s1") == nil)
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.kind) == [.delete])
        let delete = try fixture.send("s1")
        #expect(try fixture.answerDelete(delete))
        #expect(try fixture.answerDelete(delete) == false)
        #expect(try fixture.answerCreate(sent, #"{"id":"s1"}"#) == false)
        #expect(try fixture.state("s1") == .synced)
    }

    @Test("A rejected update returns its record to the base; later ones go on with new before-images")
    func rejectedUpdate() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1, "updatedAt": "2023-01-01T00:00:00.000Z"])
        try fixture.update("a", ["title": "B", "n": 2])
        try fixture.update("a", ["title": "C"])
        let sent = try fixture.send("a")
        try fixture.receive(
            ["id": "a", "title": "elsewhere", "n": 1, "updatedAt": "2023-01-02T00:00:00.000Z"], isFresh: true)
        try fixture.fail(sent)
        let lane = try fixture.lane("a")
        #expect(lane.map(\.state) == [.failed, .queued])
        #expect(lane[0].overwritten == ["title"])
        #expect(lane[1].before == ["title": "A"])
        #expect(try fixture.visible("a")?["title"] == "C")
        #expect(try fixture.visible("a")?["n"] == 1)
    }

    @Test("A retry leaves alone what later writes have set, even when those are done")
    func retryAfterLaterWrites() throws {
        let (fixture, sent) = try refusedThenChanged()
        let later = try fixture.send("a")
        #expect(try fixture.answerUpdate(later, #"{"id":"a","title":"C","n":1}"#))
        #expect(try fixture.visible("a") == ["id": "a", "title": "C", "n": 1])
        try fixture.store.write { try $0.decisions.retry(sent.sequence) }
        let lane = try fixture.lane("a")
        #expect(lane.map(\.fields) == [["n": 2]])
        #expect(lane[0].before == ["n": 1])
        #expect(lane[0].sequence > later.sequence)
    }

    @Test("A later write that is discarded has overwritten nothing: the retry sets the field again")
    func retryAfterDiscardedWrite() throws {
        let (fixture, sent) = try refusedThenChanged()
        let later = try #require(try fixture.lane("a").last)
        #expect(try fixture.lane("a")[0].overwritten == ["title"])
        _ = try fixture.store.write { try $0.decisions.discard(later.sequence) }
        #expect(try fixture.lane("a")[0].overwritten == [])
        try fixture.store.write { try $0.decisions.retry(sent.sequence) }
        #expect(try fixture.lane("a").map(\.fields) == [["title": "B", "n": 2]])
    }

    @Test("A field of a letter that is edited is the newest word on it: the retry sets it again")
    func retryAfterEdit() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["title": "B", "n": 2])
        let sent = try fixture.send("a")
        try fixture.fail(sent)
        try fixture.update("a", ["title": "C", "n": 3])
        #expect(try fixture.lane("a")[0].overwritten.sorted() == ["n", "title"])
        try fixture.store.write { try $0.decisions.edit(sent.sequence, set: ["title": "D"]) }
        #expect(try fixture.lane("a")[0].overwritten == ["n"])
        try fixture.store.write { try $0.decisions.retry(sent.sequence) }
        #expect(try fixture.visible("a")?["title"] == "D")
        #expect(try fixture.visible("a")?["n"] == 3)
    }

    @Test("A letter that is tried again overwrites an older one only as long as its new entry is not discarded")
    func retryThenDiscard() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A"])
        try fixture.update("a", ["title": "B"])
        try fixture.fail(try fixture.send("a"))
        try fixture.update("a", ["title": "C"])
        try fixture.fail(try fixture.send("a"))
        let letters = try fixture.lane("a")
        #expect(letters.map(\.overwritten) == [["title"], []])
        try fixture.store.write { try $0.decisions.retry(letters[1].sequence) }
        #expect(try fixture.lane("a")[0].overwritten == ["title"])
        let again = try #require(try fixture.lane("a").last)
        _ = try fixture.store.write { try $0.decisions.discard(again.sequence) }
        #expect(try fixture.lane("a").map(\.overwritten) == [[]])
    }

    @Test("A rejected create blocks its lane and what names it, through any number of steps")
    func blocking() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a)])
        let c = try fixture.create(["parent": .string(b)])
        let other = try fixture.create(["title": "other"])
        let sent = try fixture.send(a)
        try fixture.update(a, ["n": 1])
        try fixture.fail(sent)
        let d = try fixture.create(["parent": .string(c)])
        #expect(try fixture.lane(a).map(\.state) == [.failed, .blocked])
        for id in [b, c, d] { #expect(try fixture.lane(id).map(\.state) == [.blocked]) }
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.record) == [other])
        #expect(try fixture.visible(a)?["n"] == 1)
        try fixture.store.write { try $0.decisions.retry(sent.sequence) }
        for id in [b, c, d] { #expect(try fixture.lane(id).map(\.state) == [.queued]) }
        try fixture.allowFolding()
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.record) == [a, other])
    }

    @Test("Two creates can't be edited to wait for each other")
    func refusedCycle() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a)])
        let entry = try fixture.lane(a)[0].sequence
        let reason = refusal { try fixture.store.write { try $0.decisions.edit(entry, set: ["child": .string(b)]) } }
        #expect(reason == .dependencyCycle(entry))
        #expect(
            refusal { try fixture.store.write { try $0.decisions.edit(entry, set: ["me": .string(a)]) } }
                == .dependencyCycle(entry))
    }

    @Test("Discarding an update shows what was there before; later ones stay")
    func discardUpdate() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["title": "B", "n": 2])
        try fixture.update("a", ["title": "C"])
        let first = try fixture.lane("a")[0]
        try fixture.store.write { _ = try $0.decisions.discard(first.sequence) }
        #expect(try fixture.lane("a").map(\.before) == [["title": "A"]])
        #expect(try fixture.visible("a")?["n"] == 1)
        try fixture.store.write { _ = try $0.decisions.discard(try #require(try $0.outbox.entries().first).sequence) }
        #expect(try fixture.visible("a") == ["id": "a", "title": "A", "n": 1])
        #expect(try fixture.state("a") == .synced)
        try fixture.delete("a")
        try fixture.store.write { _ = try $0.decisions.discard(try #require(try $0.outbox.entries().first).sequence) }
        #expect(try fixture.visible("a") == ["id": "a", "title": "A", "n": 1])
    }

    @Test("An entry on its way can't be discarded")
    func discardInFlight() throws {
        let fixture = try StoreFixture()
        let sent = try fixture.send(fixture.create(["title": "A"]))
        #expect(
            refusal { try fixture.store.write { _ = try $0.decisions.discard(sent.sequence) } }
                == .wrongState(sent.sequence, .inFlight))
    }
}
