import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

@Suite("Life of a store")
struct LifecycleTests {
    @Test("A guest's store goes to the user who signs in, with all its entries")
    func takeOver() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        let rows = try fixture.changes { try fixture.store.write { try $0.ownership.takeOver(by: "u1") } }
        #expect(rows.map(\.record) == [a])
        #expect(try fixture.visible(a)?["createdBy"] == "u1")
        #expect(try fixture.send(a).user == "u1")
        #expect(refusal { try fixture.store.write { try $0.ownership.takeOver(by: "u2") } } == .otherOwner)
        try fixture.store.write { try $0.ownership.takeOver(by: "u1") }
    }

    @Test("A create that was sent before signing in is still known by its key, as the guest's row or the user's")
    func takeOverOfSent() throws {
        for owner in ["", "u1"] {
            let fixture = try StoreFixture()
            let a = try fixture.create(["title": "A"])
            let sent = try fixture.send(a)
            try fixture.store.write { tx in
                try tx.sending.markAmbiguous(sent.sequence)
                try tx.ownership.takeOver(by: "u1")
            }
            let row: JSONObject = ["id": "s1", "title": "A", "clientKey": .string(a), "createdBy": .string(owner)]
            #expect(try fixture.receive(row).adopted == [sent.sequence])
        }
    }

    @Test("Wiping says how many writes would be lost, and empties everything when they may be")
    func wipe() throws {
        let fixture = try StoreFixture()
        let a = try fixture.create(["title": "A"])
        _ = try fixture.create(["parent": .string(a)])
        _ = try fixture.store.write { try $0.subscribing.subscribe("notes") }
        #expect(refusal { try fixture.store.write { try $0.ownership.wipe() } } == .outboxNotEmpty(2))
        #expect(try fixture.visible(a) != nil)
        let latest = try fixture.store.read { try $0.changes.latest }
        try fixture.store.write { try $0.ownership.wipe(losing: true) }
        #expect(try fixture.visible(a) == nil)
        #expect(try fixture.store.read { try $0.outbox.entryCount() } == 0)
        #expect(try fixture.store.read { try $0.subscriptions.all() }.isEmpty)
        #expect(try fixture.store.read { try $0.aliases.alias(a) } == nil)
        #expect(try fixture.store.read { try $0.changes.rows(after: latest) } == .fellBehind(latest: latest + 1))
        let b = try fixture.create(["title": "B"])
        #expect(try fixture.visible(b)?["title"] == "B")
    }

    @Test("Eviction takes the longest unchanged records, none that is subscribed or pending")
    func eviction() throws {
        let fixture = try StoreFixture()
        let blob = String(repeating: "x", count: 4_000)
        func row(_ id: Int, _ day: Int) -> JSONObject {
            [
                "id": .string("r\(id)"), "blob": .string(blob),
                "updatedAt": .string("2023-01-\(day < 10 ? "0" : "")\(day)T00:00:00.000Z"),
            ]
        }
        for id in 1...20 { try fixture.receive(row(id, 21 - id), in: "loose") }
        try fixture.update("r20", ["n": 1], in: "loose")
        let kept = try fixture.store.write { try $0.subscribing.subscribe("held") }
        try fixture.receive(row(99, 1), in: "held", subscription: kept)
        let used = try fixture.store.read { try $0.usedBytes }
        let evicted = try fixture.store.evict(toFit: used - 20_000, batch: 2)
        #expect((4...8).contains(evicted))
        let left = try fixture.store.read {
            try $0.documents.find(Query(page: .init(offset: 0, limit: 99)), in: "loose")
        }
        let ids = try left.map { try $0.json["id"]?.stringValue ?? "" }
        // r20 changed longest ago, but waits to be sent; then come r19, r18, …
        #expect(Set(ids) == Set((1...(19 - evicted)).map { "r\($0)" } + ["r20"]))
        _ = try fixture.store.evict(toFit: 0)
        #expect(try fixture.store.read { try $0.documents.count(in: "loose") } == 1)
        #expect(try fixture.visible("r99", in: "held") != nil)
    }

    @Test("Eviction takes what no subscription of its table holds, and leaves the members")
    func evictionAmongMembers() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "loose", "k": 1], ["id": "joined", "k": 2])
        let some = try fixture.store.write {
            try $0.subscribing.subscribe("notes", to: try RESTFilter(allOf: [Condition("k", .equals(2))]))
        }
        try fixture.receive(["id": "held", "k": 2], subscription: some)
        #expect(try fixture.store.evict(toFit: 0) == 1)
        #expect(try fixture.visible("loose") == nil)
        #expect(try fixture.visible("joined") != nil)
        #expect(try fixture.visible("held") != nil)
    }

    @Test("What was complete for a guest is not complete for the user who takes the store over")
    func takeOverOfSubscriptions() throws {
        let fixture = try StoreFixture()
        let number = try fixture.store.write { try $0.subscribing.subscribe("notes") }
        try fixture.store.write {
            try $0.subscriptions.setProgress(PullProgress(["filled": true, "cursor": "c"]), of: number)
        }
        #expect(try fixture.store.read { try $0.subscriptions.completeness(of: "notes") }.covers(.all))
        try fixture.store.write { try $0.ownership.takeOver(by: "u1") }
        #expect(try !fixture.store.read { try $0.subscriptions.completeness(of: "notes") }.covers(.all))
        #expect(try fixture.store.read { try $0.subscriptions.subscription(number)?.progress } == PullProgress())
    }

    @Test("Of reports that nobody acknowledges the latest 1,000 are kept, and one says how many are gone")
    func reportLimit() throws {
        let fixture = try StoreFixture()
        func report(_ count: Int) throws {
            try fixture.store.write { tx in for _ in 0..<count { try tx.reports.add("race", "notes", "s1") } }
        }
        func dropped() throws -> [SyncReport] {
            try fixture.store.read { try $0.reports.all() }.filter { $0.kind == "reportsDropped" }
        }
        try report(1_000)
        #expect(try fixture.store.read { try $0.reports.all().count } == 1_000)
        #expect(try dropped().isEmpty)
        try report(5)
        let first = try #require(try dropped().first)
        #expect(first.detail == ["count": 5])
        #expect(try fixture.store.read { try $0.reports.all().first } == first)
        try report(2)
        // The app acknowledges what it has read; two more are gone since.
        try fixture.store.write { try $0.reports.acknowledge(first.number) }
        #expect(try dropped().map(\.detail) == [["count": 7]])
        #expect(try fixture.store.read { try $0.reports.all().count } == 1_001)
    }

    @Test("A check that ends with an error is no sign of health, and damage only where SQLite says so")
    func healthOfCheck() {
        struct Other: Error {}
        #expect(StoreHealth(.success("ok")) == .sound)
        #expect(StoreHealth(.success("row 3 missing from index")) == .damaged("row 3 missing from index"))
        for code in [ResultCode.SQLITE_CORRUPT, .SQLITE_NOTADB] {
            guard case .damaged = StoreHealth(.failure(DatabaseError(resultCode: code))) else {
                Issue.record("\(code) is damage")
                continue
            }
        }
        for error in [DatabaseError(resultCode: .SQLITE_IOERR), DatabaseError(resultCode: .SQLITE_NOMEM), Other()]
            as [any Error]
        {
            let health = StoreHealth(.failure(error))
            guard case .unknown = health else {
                Issue.record("\(error): \(health)")
                continue
            }
            #expect(!health.isTrusted)
        }
    }

    @Test("Diagnostics tell counts and states, and nothing that a record holds")
    func diagnostics() throws {
        let fixture = try StoreFixture()
        try fixture.store.write { try $0.ownership.takeOver(by: "secret-user") }
        let a = try fixture.create(["secret-field": "secret-value"])
        _ = try fixture.store.write {
            try $0.subscribing.subscribe(
                "notes", to: try RESTFilter(allOf: [Condition("secret-field", .equals("secret-value"))]))
        }
        let sent = try fixture.send(a)
        try fixture.store.write {
            try $0.sending.fail(
                sent.sequence, because: EntryFailure(code: "data/duplicate-value", message: "secret-value is taken"))
        }
        let json = try fixture.store.read { try $0.diagnostics() }
        #expect(!json.description.contains("secret"))
        #expect(!json.description.contains(a))
        #expect(json["errorCodes"] == ["data/duplicate-value": 1])
        #expect(json["entries"] == ["create failed": 1])
        #expect(json["tables"]?["notes"]?["documents"] == 1)
    }
}
