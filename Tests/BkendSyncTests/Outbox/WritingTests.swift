import BkendDocuments
import BkendSync
import BkendWire
import Testing

@Suite("Local writes")
struct WritingTests {
    @Test("A created record is visible at once, pending, and one entry")
    func create() throws {
        let fixture = try StoreFixture()
        let id = try fixture.create(["title": "A", "tags": ["x"]])
        #expect(id == "~0000000000010000000000000001" + "0002")
        #expect(
            try fixture.visible(id) == [
                "id": .string(id), "title": "A", "tags": ["x"], "clientKey": .string(id), "createdBy": "",
                "createdAt": "2023-11-14T22:13:21.000Z", "updatedAt": "2023-11-14T22:13:21.000Z",
            ])
        #expect(try fixture.state(id) == .pending)
        let lane = try fixture.lane(id)
        #expect(lane.map(\.kind) == [.create])
        #expect(lane[0].fields == ["title": "A", "tags": ["x"]])
        #expect(lane[0].sentFields["clientKey"] == .string(id))
        #expect(try fixture.store.read { try $0.documents.base("notes", id) } == nil)
    }

    @Test("A create without a key carries none, where asked or where the table takes no extra fields")
    func withoutKey() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { tx in
            let one = try tx.writes.create("notes", ["title": "A"], withKey: false)
            let key = try tx.outbox.entries(of: "notes", one)[0].clientKey
            #expect(key == nil)
            try tx.setFacts(TableFacts(takesExtraFields: false), of: "strict")
            let two = try tx.writes.create("strict", ["title": "A"])
            let document = try tx.documents.document("strict", two)?.json
            #expect(document?["clientKey"] == nil)
        }
    }

    @Test("An update of a synced record keeps before-images: a value, null, and absence differ")
    func beforeImages() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "note": nil, "updatedAt": "2023-01-01T00:00:00.000Z"])
        try fixture.update("a", ["title": "B", "note": "n", "extra": nil])
        let entry = try #require(try fixture.lane("a").first)
        #expect(entry.fields == ["title": "B", "note": "n", "extra": nil])
        #expect(entry.before == ["title": "A", "note": nil])
        #expect(
            try fixture.visible("a") == [
                "id": "a", "title": "B", "note": "n", "updatedAt": "2023-11-14T22:13:21.000Z", "extra": nil,
            ])
        #expect(try fixture.store.read { try $0.documents.base("notes", "a")?.json["title"] } == "A")
    }

    @Test("Values that are there already are no change, whatever the order of an object's members")
    func unchanged() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 9_007_199_254_740_993, "o": ["x": 1, "y": 2], "f": 1.0])
        let rows = try fixture.changes {
            try fixture.update("a", ["n": 9_007_199_254_740_993, "o": ["y": 2, "x": 1], "f": 1])
        }
        #expect(rows.isEmpty)
        #expect(try fixture.state("a") == .synced)
        try fixture.update("a", ["n": 9_007_199_254_740_992, "missing": nil])
        #expect(try fixture.lane("a")[0].fields == ["n": 9_007_199_254_740_992, "missing": nil])
    }

    @Test("Names that look alike but differ in their bytes are different fields")
    func exactNames() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "caf\u{E9}": 1])
        try fixture.update("a", ["cafe\u{301}": 1])
        #expect(try fixture.visible("a")?.count == 4)
    }

    @Test("A deleted record is invisible, its entry keeps all it was")
    func delete() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "title": "A", "updatedAt": "2023-01-01T00:00:00.000Z"])
        try fixture.delete("a")
        #expect(try fixture.visible("a") == nil)
        #expect(try fixture.lane("a")[0].before == ["title": "A"])
        #expect(try fixture.state("a") == .pending)
        #expect(refusal { try fixture.delete("a") } == .noSuchRecord)
        #expect(refusal { try fixture.update("a", ["title": "B"]) } == .noSuchRecord)
    }

    @Test(
        "Fields of the server and of the store are refused, and so are impossible tables",
        arguments: [
            "id", "createdBy", "createdAt", "updatedAt", "clientKey",
        ])
    func reserved(field: String) throws {
        let fixture = try StoreFixture()
        #expect(refusal { _ = try fixture.create([field: "x"]) } == .reservedField)
        #expect(refusal { _ = try fixture.create(["a": 1], in: "1 bad") } != nil)
        #expect(try fixture.store.read { try $0.outbox.entryCount() } == 0)
    }

    @Test("A write that throws half-way leaves nothing, not even a collection")
    func rollback() throws {
        struct Stop: Error {}
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        let id = try fixture.create(["title": "A"])
        let rows = try fixture.changes {
            #expect(throws: Stop.self) {
                try fixture.store.write { tx in
                    _ = try tx.writes.create("others", ["a": 1])
                    try tx.writes.update("notes", id, set: ["title": "B"])
                    throw Stop()
                }
            }
        }
        #expect(rows.isEmpty)
        #expect(try fixture.visible(id)?["title"] == "A")
        let other = try fixture.create(["a": 2], in: "elsewhere")
        #expect(try fixture.visible(other, in: "elsewhere")?["a"] == 2)
        #expect(try fixture.store.read { try $0.documents.find(Query(), in: "others") }.isEmpty)
        #expect(try fixture.store.read { try $0.tables } == ["elsewhere", "notes"])
    }

    @Test("Everything is there after a crash")
    func reopen() throws {
        let fixture = try StoreFixture()
        let id = try fixture.create(["title": "A"])
        let store = try fixture.reopened()
        #expect(try store.read { try $0.documents.document("notes", id)?.json["title"] } == "A")
        #expect(try store.read { try $0.documents.syncState("notes", id) } == .pending)
    }

    @Test("Moments of date fields are stored and asked for in the server's form")
    func dates() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.setFacts(TableFacts(dates: ["due"]), of: "notes") }
        let id = try fixture.create(["due": "2025-01-08T10:00:00+01:00"])
        #expect(try fixture.visible(id)?["due"] == "2025-01-08T09:00:00.000Z")
        let filter = Filter.condition(Condition("due", .equals("2025-01-08T09:00:00Z")))
        #expect(try fixture.store.read { try $0.documents.count(filter, in: "notes") } == 1)
    }

    @Test("A later version's store is refused")
    func newerFormat() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.setMeta("format", "99") }
        #expect(refusal { _ = try fixture.reopened() } == .newerFormat(99))
    }
}
