import BkendDocuments
import BkendSync
import BkendWire
import Testing

@Suite("Rows from the server")
struct ReceivingTests {
    private func row(_ id: String, _ second: Int, _ fields: JSONObject = [:]) -> JSONObject {
        var row: JSONObject = ["id": .string(id)]
        for (key, value) in fields { row[key] = value }
        row["createdBy"] = ""
        row["updatedAt"] = .string("2023-01-01T00:00:0\(second).000Z")
        return row
    }

    @Test("A row with the key of a create that waits is that record, whatever has become of the request")
    func adoptsByKey() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let sent = try fixture.send(a)
        let received = try fixture.receive(row("s1", 1, ["title": "A", "clientKey": .string(a)]))
        #expect(received.adopted == [sent.sequence])
        #expect(try fixture.store.read { try $0.documents.find(Query(), in: "notes") }.count == 1)
        #expect(try fixture.state(a) == .synced)
        #expect(try fixture.answerCreate(sent, #"{"id":"s1"}"#) == false)
    }

    @Test("Another user's row with that key is another record")
    func otherUsersKey() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        var foreign = row("s1", 1, ["clientKey": .string(a)])
        foreign["createdBy"] = "someone"
        #expect(try fixture.receive(foreign).adopted.isEmpty)
        #expect(try fixture.store.read { try $0.documents.find(Query(), in: "notes") }.count == 2)
    }

    @Test("A second row with a completed key is a twin: reported, not shown, unless it is to be kept")
    func twin() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        try fixture.adopt(a, as: "s1")
        let copy = row("s2", 5, ["title": "A", "clientKey": .string(a)])
        #expect(try fixture.receive(copy).twins == [Received.Twin(id: "s2", original: "s1")])
        #expect(try fixture.visible("s2") == nil)
        try fixture.store.write { try $0.keys.keepTwin("notes", "s2") }
        #expect(try fixture.receive(copy).twins.isEmpty)
        #expect(try fixture.visible("s2")?["title"] == "A")
    }

    @Test("A row with a cancelled key is to be deleted")
    func cancelled() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let sent = try fixture.send(a)
        try fixture.store.write { tx in
            try tx.sending.markAmbiguous(sent.sequence)
            try tx.decisions.discard(sent.sequence)
        }
        #expect(try fixture.receive(row("s1", 1, ["clientKey": .string(a)])).cancelled == ["s1"])
        #expect(try fixture.visible("s1") == nil)
    }

    @Test("A row older than its base, or of a record that was answered since it was asked for, is set aside")
    func stale() throws {
        let fixture = try StoreFixture()
        try fixture.receive(row("a", 1, ["n": 1]))
        let mark = try fixture.store.read { try $0.settled.mark }
        try fixture.update("a", ["n": 2])
        #expect(try fixture.receive(row("a", 0, ["n": 0])).setAside == ["a"])
        let sent = try fixture.send("a")
        #expect(try fixture.receive(row("a", 1, ["n": 1]), askedAt: mark).setAside == ["a"])
        try fixture.answerUpdate(sent, row("a", 1, ["n": 2]).description)
        #expect(try fixture.receive(row("a", 1, ["n": 1]), askedAt: mark).setAside == ["a"])
        #expect(try fixture.visible("a")?["n"] == 2)
        #expect(try fixture.receive(row("a", 0, ["n": 0]), isFresh: true).changed == 1)
        #expect(try fixture.visible("a")?["n"] == 0)
    }

    @Test("What was deleted here stays away until a comparison that began later has ended")
    func shadow() throws {
        let fixture = try StoreFixture()
        try fixture.receive(row("a", 1))
        try fixture.delete("a")
        try fixture.answerDelete(fixture.send("a"))
        #expect(try fixture.receive(row("a", 2)).shadowed == ["a"])
        #expect(try fixture.visible("a") == nil)
        try fixture.store.write { tx in try tx.settled.clear(table: "notes", upTo: try tx.settled.mark) }
        #expect(try fixture.receive(row("a", 2)).changed == 1)
    }

    @Test("A record with waiting entries takes the new base, and they are replayed on it")
    func newBase() throws {
        let fixture = try StoreFixture()
        try fixture.receive(row("a", 1, ["title": "A", "n": 1]))
        try fixture.update("a", ["title": "mine"])
        let rows = try fixture.changes { try fixture.receive(row("a", 2, ["title": "theirs", "n": 2])) }
        #expect(rows.map(\.record) == ["a"])
        #expect(try fixture.visible("a")?["title"] == "mine")
        #expect(try fixture.visible("a")?["n"] == 2)
        #expect(try fixture.store.read { try $0.documents.base("notes", "a")?.json["title"] } == "theirs")
        #expect(try fixture.lane("a")[0].before == ["title": "A"])
    }

    @Test("What is no record is named, and the other rows are taken")
    func malformed() throws {
        let fixture = try StoreFixture()
        let received = try fixture.store.write {
            try $0.receiving.receive(
                [
                    Array("[1]".utf8), Array(#"{"id":""}"#.utf8), Array(#"{"id":"a","x":1e999}"#.utf8),
                    Array(#"{"id":"b"}"#.utf8),
                ],
                table: "notes")
        }
        #expect(received.malformed.count == 3)
        #expect(try fixture.visible("b") == ["id": "b"])
    }
}
