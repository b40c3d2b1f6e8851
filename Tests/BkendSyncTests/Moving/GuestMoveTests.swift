import BkendDocuments
import BkendWire
import FaultDisk
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// A guest's outbox on its way into the store of a user who has one already.
@Suite struct GuestMoveTests {
    /// A guest's store with every kind of entry: a create with an update behind it and one that names it, changes of
    /// records that only the guest's cache has and of one that the user's has as well, dead letters, a lost create.
    static func fillGuest(_ store: StoreDatabase) throws {
        try store.write { tx in
            let rows = (1...5).map { number -> [UInt8] in
                (["id": .string("p\(number)"), "title": "pulled", "n": .int(Int64(number))] as JSONObject).serialized()
            }
            let number = try tx.subscribing.subscribe("notes")
            _ = try tx.receiving.receive(rows, table: "notes", subscription: number)
            let first = try tx.writes.create("notes", ["title": "first"])
            let second = try tx.writes.create("notes", ["title": "second", "friend": .string(first)])
            try tx.writes.update("notes", first, set: ["friend": .string(second), "title": "mine"])
            _ = try tx.writes.create("people", ["likes": .array([.string(second)])])
            try tx.writes.update("notes", "p1", set: ["title": "guest's"])
            try tx.writes.update("notes", "p2", set: ["title": "too long"])
            try tx.writes.delete("notes", "p3")
            _ = try tx.writes.create("notes", ["title": "lost"])
            for record in ["p2"] + (try tx.outbox.entries().suffix(1).map(\.record)) {
                let entry = try #require(try tx.outbox.entries().first { $0.record == record })
                try tx.sending.markInFlight(
                    entry.sequence, body: entry.sentFields.serialized(), epoch: try tx.epoch, user: "")
            }
            let letter = try #require(try tx.outbox.entries().first { $0.record == "p2" })
            try tx.sending.fail(letter.sequence, because: EntryFailure(code: "data/refused", message: "no"))
            // The letter's field is set again.
            try tx.writes.update("notes", "p2", set: ["title": "shorter"])
            try tx.reports.add("conflict", "notes", "p1", detail: ["entry": 5, "field": "title"])
        }
    }

    /// The user's store: it knows one of the records, and has writes of its own.
    static func fillUsers(_ store: StoreDatabase) throws {
        try store.write { tx in
            try tx.setMeta("owner", "ann")
            _ = try tx.receiving.receive([Array(#"{"id":"p1","title":"newer","n":1}"#.utf8)], table: "notes")
            _ = try tx.writes.create("notes", ["title": "Ann's"])
            try tx.writes.update("notes", "p1", set: ["n": 10])
        }
    }

    private func filled() throws -> (guest: StoreFixture, user: StoreFixture) {
        let (guest, user) = (try StoreFixture(), try StoreFixture())
        // Or the same dice would give both the same ids.
        for _ in 0..<20 { _ = user.environment.random() }
        try Self.fillGuest(guest.store)
        try Self.fillUsers(user.store)
        return (guest, user)
    }

    private func move(_ guest: StoreDatabase, _ user: StoreDatabase) throws -> Int {
        try GuestMove.run(from: guest, into: user, user: "ann")
    }

    @Test("Everything arrives as the user's, in order, with ids, edges, images, failures; nothing stays")
    func everything() throws {
        let (guest, user) = try filled()
        let before = try guest.store.read { try $0.outbox.entries() }
        let ids = before.filter { $0.kind == .create }.map(\.record)
        #expect(try move(guest.store, user.store) == before.count)
        let all = try user.store.read { try $0.outbox.entries() }
        let moved = Array(all.dropFirst(2))
        #expect(moved.map(\.record) == before.map(\.record))
        #expect(moved.map(\.kind) == before.map(\.kind))
        #expect(moved.map(\.fields) == before.map(\.fields) && moved.map(\.before) == before.map(\.before))
        #expect(moved.map(\.failure) == before.map(\.failure) && moved.map(\.madeAt) == before.map(\.madeAt))
        #expect(moved.map(\.clientKey) == before.map(\.clientKey) && moved.map(\.body) == before.map(\.body))
        #expect(moved.allSatisfy { $0.user == "ann" })
        #expect(moved.map(\.state) == before.map { $0.state == .inFlight ? .ambiguous : $0.state })
        #expect(try StoreAudit.faults(user.store) == [])

        // What was given out goes on working, and a name waits for its record.
        for id in ids {
            #expect(
                try user.store.read { try $0.documents.document("notes", id) ?? $0.documents.document("people", id) }
                    != nil)
        }
        let person = try #require(moved.first { $0.table == "people" })
        #expect(try user.store.read { try $0.outbox.dependencies(of: person.sequence) } == [ids[1]])
        #expect(try user.visible(ids[0])?["createdBy"] == "ann")
        _ = try user.store.write {
            try $0.adopting.adopt(moved[0].sequence, row: Array(#"{"id":"s1","title":"first"}"#.utf8))
        }
        #expect(try user.visible(ids[0])?["id"] == "s1")

        // The dead letter's field was set again by an entry that has another number here.
        let letter = try #require(moved.first { $0.state == .failed })
        let again = try #require(moved.last)
        #expect(letter.overwrites == ["title": [.int(again.sequence)]])
        #expect(try user.visible("p2")?["title"] == "shorter")
        // What the user's store knew of a record stays, with both stores' changes.
        #expect(try user.visible("p1")?["title"] == "guest's" && user.visible("p1")?["n"] == 10)
        #expect(try user.store.read { try $0.documents.base("notes", "p1")?.json["title"] } == "newer")
        #expect(try user.visible("p3") == nil && user.visible("p4") == nil)
        let report = try #require(try user.store.read { try $0.reports.all() }.first)
        #expect(report.kind == "conflict" && report.record == "p1")
        let changed = try #require(moved.first { $0.record == "p1" })
        #expect(report.detail["entry"] == .int(changed.sequence))

        #expect(try guest.store.read { try $0.isPristine && $0.owner == "" && $0.moving == nil })
        for id in ids { #expect(try guest.visible(id) == nil) }
        #expect(try guest.store.read { try $0.documents.document("notes", "p4") } == nil)
        #expect(try user.store.read { try $0.aliases.alias(ids[0])?.formerUser } == "")
    }

    @Test("Called again it does nothing, and the next guest's writes are moved like the first one's")
    func again() throws {
        let (guest, user) = try filled()
        let count = try move(guest.store, user.store)
        let after = try StoreAudit.contents(user.store)
        #expect(try move(guest.store, user.store) == 0)
        #expect(try StoreAudit.contents(user.store) == after)
        let id = try guest.create(["title": "next guest's"])
        #expect(try move(guest.store, user.store) == 1)
        #expect(try user.store.read { try $0.outbox.entryCount() } == count + 3)
        #expect(try user.visible(id)?["title"] == "next guest's")
    }

    @Test("A store that is being taken over takes no writes, and nobody sends anything from it")
    func closed() throws {
        let (guest, user) = try filled()
        let epoch = try guest.store.write { try $0.sending.lead() }
        let entry = try #require(try guest.store.read { try $0.outbox.entries(state: .queued) }.first)
        let move = try guest.store.write { try $0.guestMoving.begin(to: "ann") }
        #expect(refusal { _ = try guest.create(["title": "late"]) } == .beingTakenOver)
        #expect(refusal { try guest.update("p1", ["title": "late"]) } == .beingTakenOver)
        #expect(refusal { try guest.delete("p1") } == .beingTakenOver)
        #expect(refusal { _ = try guest.store.write { try $0.decisions.discard(entry.sequence) } } == .beingTakenOver)
        #expect(refusal { _ = try guest.store.write { try $0.sending.lead() } } == .beingTakenOver)
        #expect(refusal { try guest.store.write { try $0.ownership.takeOver(by: "bob") } } == .beingTakenOver)
        #expect(refusal { _ = try guest.store.write { try $0.guestMoving.begin(to: "bob") } } == .beingTakenOver)
        #expect(
            refusal {
                try guest.store.write {
                    try $0.sending.markInFlight(entry.sequence, body: [], epoch: epoch, user: "")
                }
            } == .notLeader(epoch: epoch + 1))
        #expect(try guest.store.write { try $0.guestMoving.begin(to: "ann") } == move)
        #expect(
            refusal { _ = try GuestMove.run(from: guest.store, into: StoreFixture().store, user: "ann") } == .otherOwner
        )
        _ = try self.move(guest.store, user.store)
        #expect(try guest.store.read { try $0.isPristine })
    }

    /// The steps of a move, each in a transaction of its own.
    private static let steps: [@Sendable (StoreDatabase, StoreDatabase, GuestMove) throws -> Void] = [
        { guest, _, _ in _ = try guest.write { try $0.guestMoving.begin(to: "ann") } },
        { guest, user, move in _ = try user.write { try $0.guestMoving.takeIn(GuestOutbox(store: guest), of: move) } },
        { guest, _, _ in try guest.write { try $0.guestMoving.end() } },
    ]

    @Test("Whatever step it was cut short after, going on gives what an undisturbed move gives", arguments: 1...3)
    func cutShort(after count: Int) throws {
        let (guest, user) = try filled()
        _ = try move(guest.store, user.store)
        let expected = try StoreAudit.contents(user.store).filter { !$0.contains("takenIn.") }
        let (otherGuest, other) = try filled()
        let begun = try otherGuest.store.write { try $0.guestMoving.begin(to: "ann") }
        for step in Self.steps.prefix(count) { try step(otherGuest.store, other.store, begun) }
        let (guestAgain, userAgain) = (try otherGuest.reopened(), try other.reopened())
        _ = try move(guestAgain, userAgain)
        let found = try StoreAudit.contents(userAgain).filter { !$0.contains("takenIn.") }
        #expect(found == expected)
        #expect(try guestAgain.read { try $0.isPristine })
        #expect(try StoreAudit.faults(userAgain) == [])
    }

    @Test("A record that was made again by both stores is one record")
    func madeAgain() throws {
        let (guest, user) = (try StoreFixture(), try StoreFixture())
        for fixture in [guest, user] {
            if fixture === user { try fixture.store.write { try $0.setMeta("owner", "ann") } }
            try fixture.store.write { tx in
                _ = try tx.receiving.receive([Array(#"{"id":"p1","title":"old","n":1}"#.utf8)], table: "notes")
                try tx.writes.update("notes", "p1", set: fixture === user ? ["n": 2] : ["title": "guest's"])
                #expect(try tx.recreating.recreate("notes", "p1"))
            }
        }
        #expect(try move(guest.store, user.store) == 1)
        #expect(try StoreAudit.faults(user.store) == [])
        #expect(try user.lane("p1").map(\.kind) == [.create, .update])
        #expect(try user.visible("p1")?["title"] == "guest's" && user.visible("p1")?["n"] == 2)
    }

    @Test("What a guest had on its way is waited for by an engine that has run for long, and is one record")
    func sentBefore() throws {
        let server = try ScriptedServer()
        let guest = try ScriptedDevice(server, user: "", seed: 2)
        let user = try ScriptedDevice(server)
        user.start()
        try user.run(for: .seconds(600))
        guest.fate = { request in if case .create = request.operation { .hold } else { .deliver } }
        guest.start()
        let id = try guest.write { try $0.writes.create("notes", ["title": "guest's"]) }
        try guest.write { _ = try $0.writes.create("notes", ["friend": .string(id)]) }
        try guest.run(for: .seconds(1))
        #expect(guest.held.count == 1)
        #expect(try GuestMove.run(from: guest.store, into: user.store, user: "ann") == 2)
        // An answer or a timer may come before the news of the move.
        user.tell(.timer)
        user.tell(.localWrite)
        try user.run(for: .seconds(30))
        #expect(try server.rows().isEmpty && user.outbox().count == 2)
        // The guest's request arrives at last; its engine isn't heard any more.
        try guest.release()
        #expect(guest.writes.count == 1)
        try user.run(for: .seconds(120))
        #expect(try user.outbox().isEmpty)
        #expect(try server.rows().count == 2)
        let first = try #require(try server.rows().first?["id"])
        #expect(try server.rows().contains { $0["friend"] == first })
    }

    // MARK: Disks that fail

    private enum Failing: String, CaseIterable, Sendable { case guest, user }

    @Test(
        "Wherever a call of one of the disks fails, once or for good, nothing is lost or doubled", arguments: [1, nil])
    func faults(times: Int?) throws {
        let (guestDisk, userDisk) = (FaultDisk(), FaultDisk())
        try guestDisk.withStore { store throws in
            // The dice of both disks fall the same: other counters, other ids.
            let sql = """
                INSERT INTO sync_aliases (number, local_id, collection, user, state)
                VALUES (1000, 'gone', 'notes', '', 'cancelled')
                """
            try store.write { try $0.db.execute(sql: sql) }
            try Self.fillGuest(store)
        }
        try userDisk.withStore { try Self.fillUsers($0) }
        let expected = try guestDisk.afterKill().withStore { guest throws in
            try userDisk.afterKill().withStore { user throws in
                _ = try move(guest, user)
                return try rows(user)
            }
        }
        for failing in Failing.allCases {
            var call = failing == .guest ? 0 : 1
            while true {
                let disks = (guest: guestDisk.afterKill(), user: userDisk.afterKill())
                let disk = failing == .guest ? disks.guest : disks.user
                let place = "\(failing.rawValue), call \(call)"
                let hasPassed = try disks.guest.withStore { guest throws in
                    try disks.user.withStore { user throws in
                        disk.fail(.all, after: call, times: times, seed: UInt64(call))
                        var thrown: (any Error)?
                        do { _ = try move(guest, user) } catch { thrown = error }
                        let failures = disk.failures
                        disk.heal()
                        if let thrown { #expect(EveryCall.isTyped(thrown), "\(place): \(thrown)") }
                        try judge(disks.guest.afterKill(), disks.user.afterKill(), expected, place + ", killed")
                        try judge(
                            disks.guest.afterPowerCut(.shredded, seed: UInt64(call)),
                            disks.user.afterPowerCut(.shredded, seed: UInt64(call)), expected, place + ", power cut")
                        return failures == 0
                    }
                }
                try judge(disks.guest, disks.user, expected, place)
                if hasPassed { break }
                call += EveryCall.isLong ? 1 : times == nil ? 29 : 13
            }
            #expect(call > 20)
        }
    }

    /// What a user's store holds, tokens aside.
    private func rows(_ store: StoreDatabase) throws -> Set<String> {
        #expect(try StoreAudit.faults(store) == [])
        return try StoreAudit.contents(store).filter {
            !$0.contains("takenIn.") && !$0.hasPrefix("sync_changes") && !$0.contains("outbox")
        }
    }

    /// Goes on, and finds what a move gives that nothing disturbed.
    private func judge(_ guestDisk: FaultDisk, _ userDisk: FaultDisk, _ expected: Set<String>, _ place: String) throws {
        try guestDisk.withStore { guest throws in
            try userDisk.withStore { user throws in
                _ = try move(guest, user)
                let found = try rows(user)
                #expect(found == expected, "\(place): \(found.symmetricDifference(expected).sorted())")
                #expect(try guest.read { try $0.isPristine }, "\(place)")
            }
        }
    }
}
