import BkendDocuments
import BkendSync
import BkendWire
import Testing

/// A page of rows in the order of their ids of which the store knows none is stored as a whole.
@Suite struct NewRowsTests {
    private func row(_ number: Int, _ fields: JSONObject = [:]) -> JSONObject {
        var row: JSONObject = ["id": .string("s\(1_000 + number)")]
        for (key, value) in fields { row[key] = value }
        row["createdBy"] = ""
        row["updatedAt"] = "2023-01-01T00:00:00.000Z"
        return row
    }

    private func receive(_ rows: [JSONObject], _ fixture: StoreFixture, subscription: Int64? = nil) throws -> Received {
        try fixture.store.write {
            try $0.receiving.receive(rows.map { $0.serialized() }, table: "notes", subscription: subscription)
        }
    }

    @Test("Each row is shown, a member, and told once, whichever way it came in")
    func eachRowShown() throws {
        let rows = (0..<120).map { row($0, ["n": .int(Int64($0))]) }
        // Out of order they are looked at one by one.
        for page in [rows, rows.reversed()] {
            let fixture = try StoreFixture()
            let number = try fixture.store.write { try $0.subscribing.subscribe("notes") }
            let told = try fixture.changes { () throws in
                #expect(try receive(page, fixture, subscription: number).changed == rows.count)
            }
            #expect(told.map(\.record) == page.compactMap { $0["id"]?.stringValue })
            #expect(told.allSatisfy { $0.kind == .document && $0.formerly == nil })
            try fixture.store.read { store throws in
                #expect(try store.members.all(of: number) == rows.compactMap { $0["id"]?.stringValue })
                #expect(try store.members.provisional(of: number).isEmpty)
                #expect(
                    try store.documents.find(Query(sort: [.init("n")], page: .init(1, limit: 200)), in: "notes").count
                        == 120)
            }
            #expect(try fixture.visible("s1007")?["n"] == 7)
            // Again, there is nothing new.
            #expect(try fixture.changes { _ = try receive(page, fixture, subscription: number) }.isEmpty)
        }
    }

    @Test("Where one row is known, all are looked at one by one")
    func whereOneRow() throws {
        let fixture = try StoreFixture()
        try fixture.receive(row(3, ["n": 3]))
        try fixture.update("s1003", ["n": 4])
        let key = try fixture.create(["title": "mine"])
        try fixture.send(key)
        try fixture.receive(row(5, ["n": 5]))
        try fixture.delete("s1005")
        try fixture.answerDelete(try fixture.send("s1005"))
        var page = (0..<8).map { row($0, ["n": 0]) }
        page[6]["clientKey"] = .string(key)
        let received = try receive(page, fixture)
        #expect(received.shadowed == ["s1005"])
        #expect(received.adopted.count == 1)
        #expect(try fixture.visible("s1003")?["n"] == 4)
        #expect(try fixture.visible("s1005") == nil)
        #expect(try fixture.state("s1006") == .synced)
        #expect(try fixture.visible(key)?["id"] == "s1006")
        #expect(
            try fixture.store.read { try $0.documents.find(Query(page: .init(1, limit: 50)), in: "notes") }.count == 7)
    }

    @Test("A row with the key of a create that waits is that record, among rows that are all new")
    func rowKeyCreate() throws {
        let fixture = try StoreFixture()
        let key = try fixture.create(["title": "mine"])
        try fixture.send(key)
        let received = try receive([row(1), row(2, ["clientKey": .string(key)]), row(3)], fixture)
        #expect(received.adopted.count == 1 && received.changed == 3)
        #expect(
            try fixture.store.read { try $0.documents.find(Query(page: .init(1, limit: 50)), in: "notes") }.count == 3)
    }

    @Test("A record that went in this transaction, and comes again in it, is told once")
    func recordWentThis() throws {
        let fixture = try StoreFixture()
        let number = try fixture.store.write { try $0.subscribing.subscribe("notes") }
        _ = try receive([row(1, ["n": 1])], fixture, subscription: number)
        let told = try fixture.changes { () throws in
            try fixture.store.write { tx in
                try tx.answers.gone("notes", "s1001")
                _ = try tx.receiving.receive(
                    [row(1, ["n": 2]).serialized()], table: "notes", subscription: number, isFresh: true)
            }
        }
        #expect(told.map(\.record) == ["s1001"])
        #expect(try fixture.visible("s1001")?["n"] == 2)
    }
}
