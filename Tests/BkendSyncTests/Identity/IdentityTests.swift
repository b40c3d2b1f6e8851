import BkendSync
import BkendWire
import Testing

@Suite("Local ids")
struct IdentityTests {
    @Test("Once the server's id is known, entries that name the local one name it, in values and object keys")
    func adoption() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["parent": .string(a), "votes": [a: [.string(a), 1]]])
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.record) == [a])
        try fixture.send(a)
        let rows = try fixture.changes { try fixture.adopt(a, as: "s1") }
        #expect(rows.map(\.record) == ["s1", b])
        #expect(rows.map(\.formerly) == [a, nil])
        #expect(try fixture.lane(b)[0].fields == ["parent": "s1", "votes": ["s1": ["s1", 1]]])
        #expect(try fixture.visible(b)?["parent"] == "s1")
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.record) == [b])
        #expect(try fixture.state("s1") == .synced)
        #expect(try fixture.store.read { try $0.documents.find(Query(), in: "notes") }.count == 2)
    }

    @Test("The alias stays: reads, writes, filters, paths and orders take the local id for ever")
    func alias() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let a = try fixture.create(["title": "A"])
        try fixture.adopt(a, as: "s1")
        #expect(try fixture.visible(a)?["id"] == "s1")
        let b = try fixture.create(["parent": .string(a), "by": [a: 2]])
        #expect(try fixture.visible(b)?["parent"] == "s1")
        func count(_ condition: Condition) throws -> Int {
            try fixture.store.read { try $0.documents.count(.condition(condition), in: "notes") }
        }
        #expect(try count(Condition("parent", .equals(.string(a)))) == 1)
        #expect(try count(Condition("id", .isIn([.string(a)]))) == 1)
        #expect(try count(Condition("by.\(a)", .greater(1))) == 1)
        try fixture.update(a, ["title": "B"])
        #expect(try fixture.visible("s1")?["title"] == "B")
        let store = try fixture.reopened()
        #expect(try store.read { try $0.aliases.resolve(a) } == "s1")
        try fixture.delete(a)
        #expect(try fixture.visible("s1") == nil)
    }

    @Test("Only ids of the id table are resolved, never what looks like one")
    func noPattern() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let lookalike = "~00000000000100000000000000010003"
        let b = try fixture.create(["parent": .string(lookalike)])
        try fixture.adopt(a, as: "s1")
        #expect(try fixture.visible(b)?["parent"] == .string(lookalike))
        #expect(try fixture.store.read { try $0.queue.sendable(limit: 8) }.map(\.record) == [b])
    }

    @Test("Cyclic and self references are sent in an order that works")
    func cycle() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let a = try fixture.create(["title": "A"])
        let b = try fixture.create(["other": .string(a)])
        try fixture.update(a, ["other": .string(b), "me": .string(a)])
        var order: [String] = []
        for number in 0..<3 {
            let next = try #require(try fixture.store.read { try $0.queue.sendable(limit: 8) }.first)
            order.append("\(next.kind)")
            try fixture.send(next.record)
            if next.kind == .create {
                try fixture.adopt(next.record, as: "s\(number)")
            } else {
                #expect(next.fields == ["other": "s1", "me": "s0"])
                #expect(try fixture.answerUpdate(next, #"{"id":"s0","other":"s1","me":"s0"}"#))
            }
        }
        #expect(order == ["create", "create", "update"])
        #expect(try fixture.store.read { try $0.outbox.entryCount() } == 0)
        #expect(try fixture.visible(b)?["other"] == "s0")
    }

    @Test("An entry behind the create gets its before-images from the answer")
    func laneBehindCreate() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A", "n": 1])
        try fixture.send(a)
        try fixture.update(a, ["title": "B"])
        try fixture.adopt(a, as: "s1", adding: ["title": "a (normalised)", "state": "default"])
        let lane = try fixture.lane("s1")
        #expect(lane.map(\.before) == [["title": "a (normalised)"]])
        #expect(try fixture.visible(a)?["title"] == "B")
        #expect(try fixture.visible(a)?["state"] == "default")
        #expect(try fixture.state(a) == .pending)
    }
}
