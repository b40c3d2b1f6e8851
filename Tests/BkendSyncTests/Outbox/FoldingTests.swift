import BkendSync
import BkendWire
import Testing

@Suite("Folding")
struct FoldingTests {
    @Test("A further update goes into the newest unsent one; the first before-image stays")
    func updates() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        try fixture.receive(["id": "a", "title": "A", "n": 1])
        try fixture.update("a", ["title": "B"])
        try fixture.update("a", ["title": "C", "n": 2])
        let lane = try fixture.lane("a")
        #expect(lane.count == 1)
        #expect(lane[0].fields == ["title": "C", "n": 2])
        #expect(lane[0].before == ["title": "A", "n": 1])
        #expect(try fixture.visible("a")?["title"] == "C")
    }

    @Test("An update of a queued create goes into it")
    func intoCreate() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let id = try fixture.create(["title": "A"])
        try fixture.update(id, ["title": "B", "n": 1])
        let lane = try fixture.lane(id)
        #expect(lane.map(\.kind) == [.create])
        #expect(lane[0].fields == ["title": "B", "n": 1])
        #expect(lane[0].before == [:])
        #expect(
            try fixture.visible(id)?.keys == ["id", "title", "n", "clientKey", "createdBy", "createdAt", "updatedAt"])
    }

    @Test("What was sent is never edited")
    func sent() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let id = try fixture.create(["title": "A"])
        let sent = try fixture.send(id)
        try fixture.update(id, ["title": "B"])
        try fixture.store.write { try $0.sending.requeue(sent.sequence) }
        try fixture.update(id, ["title": "C"])
        let lane = try fixture.lane(id)
        #expect(lane.map(\.kind) == [.create, .update])
        #expect(lane[0].fields == ["title": "A"])
        #expect(lane[0].body == sent.sentFields.serialized())
        #expect(lane[1].fields == ["title": "C"])
        #expect(lane[1].before == ["title": "A"])
    }

    @Test("Nothing folds over a unique field, nor in a table of which nothing is known")
    func unique() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.setFacts(TableFacts(uniqueFields: ["slug"]), of: "notes") }
        let id = try fixture.create(["slug": "a"])
        try fixture.update(id, ["slug": "b"])
        try fixture.update(id, ["title": "t"])
        #expect(try fixture.lane(id).map(\.fields) == [["slug": "a"], ["slug": "b", "title": "t"]])
        let other = try fixture.create(["title": "a"], in: "unknown")
        try fixture.update(other, ["title": "b"], in: "unknown")
        #expect(try fixture.lane(other, in: "unknown").count == 2)
    }

    @Test("Nothing folds that would add a dependency; one that is there already may be named again")
    func dependencies() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["title": "B"])
        try fixture.update(a, ["friend": .string(b)])
        try fixture.update(a, ["friends": [.string(b)], "self": .string(a)])
        let lane = try fixture.lane(a)
        #expect(lane.map(\.kind) == [.create, .update, .update])
        #expect(try fixture.store.read { try $0.outbox.dependencies(of: lane[1].sequence) } == [b])
        #expect(try fixture.store.read { try $0.outbox.dependencies(of: lane[2].sequence) } == [a, b])
        try fixture.update(a, ["friend": [b: 1]])
        #expect(try fixture.lane(a).count == 3)
    }

    @Test("A rejected create takes every edit, also of its unique field")
    func rejected() throws {
        let fixture = try StoreFixture()
        let id = try fixture.create(["slug": "taken"])
        try fixture.fail(fixture.send(id))
        try fixture.update(id, ["slug": "free"])
        #expect(try fixture.lane(id).map(\.fields) == [["slug": "free"]])
        #expect(try fixture.visible(id)?["slug"] == "free")
        try fixture.store.write { try $0.decisions.retry(try #require(try $0.outbox.entries().first).sequence) }
        #expect(try fixture.state(id) == .pending)
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.fields) == [["slug": "free"]])
    }
}
