import BkendWire
import Testing

@testable import BkendSync

@Suite("Subscriptions and members")
struct SubscriptionTests {
    private func subscribe(_ fixture: StoreFixture, _ conditions: Condition...) throws -> Int64 {
        let filter = try RESTFilter(allOf: conditions)
        return try fixture.store.write { try $0.subscribing.subscribe("notes", to: filter) }
    }

    @Test("The same query is the same subscription; its filter follows a renamed id")
    func same() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let one = try subscribe(fixture, Condition("parent", .equals(.string(a))))
        #expect(try subscribe(fixture, Condition("parent", .equals(.string(a)))) == one)
        #expect(try subscribe(fixture) != one)
        try fixture.adopt(a, as: "s1")
        #expect(
            try fixture.store.read { try $0.subscriptions.subscription(one)?.filter.andFilters } == ["parent": "s1"])
        #expect(try subscribe(fixture, Condition("parent", .equals("s1"))) == one)
    }

    @Test("A record goes when its last membership does, unless entries hold it")
    func losing() throws {
        let fixture = try StoreFixture()
        let one = try subscribe(fixture)
        let two = try subscribe(fixture, Condition("n", .equals(1)))
        try fixture.receive(["id": "a", "n": 1], ["id": "b", "n": 3], subscription: one)
        try fixture.receive(["id": "a", "n": 1], subscription: two)
        try fixture.update("b", ["n": 2])
        try fixture.store.write { try $0.members.lose(one, ["a", "b"]) }
        #expect(try fixture.visible("a") != nil)
        #expect(try fixture.visible("b")?["n"] == 2)
        #expect(
            try fixture.changes { try fixture.store.write { try $0.members.lose(two, ["a"]) } }.map(\.record) == ["a"])
        #expect(try fixture.visible("a") == nil)
        try fixture.fail(fixture.send("b"))
        #expect(try fixture.visible("b")?["n"] == 3, "the dead letter holds it")
        try fixture.store.write { tx in
            for letter in try tx.outbox.entries(state: .failed) { try tx.decisions.discard(letter.sequence) }
        }
        #expect(try fixture.visible("b") == nil)
    }

    @Test("What one subscription brings doesn't vanish with it where another one's filter matches it")
    func bringing() throws {
        let fixture = try StoreFixture()
        let ones = try subscribe(fixture, Condition("n", .equals(1)))
        let all = try subscribe(fixture)
        let twos = try subscribe(fixture, Condition("n", .equals(2)))
        try fixture.receive(["id": "a", "n": 1], subscription: ones)
        #expect(try fixture.store.read { try $0.members.provisional(of: all) } == ["a"])
        #expect(try fixture.store.read { try $0.members.provisional(of: twos) }.isEmpty)
        try fixture.store.write { try $0.members.lose(ones, ["a"]) }
        #expect(try fixture.visible("a") != nil)
        try fixture.store.write { try $0.members.lose(all, ["a"]) }
        #expect(try fixture.visible("a") == nil)
    }

    @Test("A record whose write was answered is a provisional member where it matches, and stays")
    func provisional() throws {
        let fixture = try StoreFixture()
        let all = try subscribe(fixture)
        let ones = try subscribe(fixture, Condition("n", .equals(1)))
        let a = try fixture.create(["n": 1])
        let b = try fixture.create(["n": 2])
        try fixture.adopt(a, as: "s1")
        try fixture.adopt(b, as: "s2")
        #expect(try fixture.store.read { try $0.members.provisional(of: all) } == ["s1", "s2"])
        #expect(try fixture.store.read { try $0.members.provisional(of: ones) } == ["s1"])
        try fixture.receive(["id": "s1", "n": 1, "updatedAt": "2024-01-01T00:00:00.000Z"], subscription: ones)
        #expect(try fixture.store.read { try $0.members.provisional(of: ones) }.isEmpty)
        #expect(try fixture.store.read { try $0.members.count(of: all) } == 2)
        #expect(try fixture.store.read { try $0.members.count(of: all, in: IDRange(through: "s1")) } == 1)
        #expect(
            try fixture.store.read { try $0.members.all(of: all, in: IDRange(after: "s1", through: "s2")) } == ["s2"])
        try fixture.store.write { try $0.members.confirm(all) }
        #expect(try fixture.store.read { try $0.members.provisional(of: all) }.isEmpty)
    }

    @Test("A wider subscription holds what is here from its first moment: nothing vanishes and comes back")
    func widening() throws {
        let fixture = try StoreFixture()
        let open = try subscribe(fixture, Condition("state", .equals("open")))
        try fixture.receive(["id": "a", "state": "open"], ["id": "b", "state": "open"], subscription: open)
        let all = try subscribe(fixture)
        #expect(try fixture.store.read { try $0.members.provisional(of: all) } == ["a", "b"])
        let changes = try fixture.changes { try fixture.store.write { try $0.subscribing.unsubscribe(open) } }
        #expect(changes.isEmpty)
        #expect(try fixture.visible("a") != nil)
    }

    @Test("A create that matches no subscription of its table goes once it is on the server")
    func unmatched() throws {
        let fixture = try StoreFixture()
        _ = try subscribe(fixture, Condition("n", .equals(1)))
        let a = try fixture.create(["n": 2])
        try fixture.adopt(a, as: "s1")
        #expect(try fixture.visible(a) == nil)
    }

    @Test("The first subscription of a table takes over what is here and matches, not what the server can't have yet")
    func first() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1], ["id": "b", "n": 2])
        let unsent = try fixture.create(["n": 1])
        let ones = try subscribe(fixture, Condition("n", .equals(1)))
        #expect(try fixture.store.read { try $0.members.provisional(of: ones) } == ["a"])
        #expect(try fixture.visible("b") != nil, "until the first comparison")
        try fixture.store.write { try $0.holding.dropUnheld("notes") }
        #expect(try fixture.visible("a") != nil)
        #expect(try fixture.visible("b") == nil)
        #expect(try fixture.visible(unsent) != nil)
    }

    @Test("Ending a subscription drops what nothing else holds, or keeps it where asked")
    func unsubscribing() throws {
        let fixture = try StoreFixture()
        let one = try subscribe(fixture)
        try fixture.receive(["id": "a"], subscription: one)
        try fixture.store.write { try $0.subscribing.unsubscribe(one, keepingRecords: true) }
        #expect(try fixture.visible("a") != nil)
        let two = try subscribe(fixture)
        try fixture.receive(["id": "a"], subscription: two)
        try fixture.store.write { try $0.subscribing.unsubscribe(two) }
        #expect(try fixture.visible("a") == nil)
        #expect(
            refusal { try fixture.store.write { try $0.subscriptions.setProgress(PullProgress(), of: two) } }
                == .noSuchSubscription(two))
    }
}
