import Bkend
import BkendTesting
import Foundation
import Testing

/// What `BkendTesting` can break heals by itself: real server, real SDK, real sockets.
@Suite(.timeLimit(.minutes(10))) struct FaultHealingTests {
    /// Faults that any request may meet.
    static let kinds: [Fault] = Fault.network + [.commitLate(.seconds(3))]

    @Test("Each fault of each request heals", arguments: kinds, FaultyWorld.Side.allCases)
    func heals(_ fault: Fault, _ side: FaultyWorld.Side) async throws {
        try await FaultyWorld.run(side) { world in
            let first = try await world.notes.create(FaultyNote(title: "first"))
            let second = try await world.notes.create(FaultyNote(title: "second"))
            try await world.settle()
            world.plan
                .on(.post, "/v1/data/notes", fault, times: 2).on(.patch, "/v1/data/notes/*", fault)
                .on(.delete, "/v1/data/notes/*", fault).on(.get, "/v1/data/notes*", fault, after: 1)
            try await world.notes.create(FaultyNote(title: "third"))
            try await world.notes.update(first.id) { $0.title = "renamed" }
            try await world.notes.delete(second.id)
            try await world.settle()
            #expect(!world.plan.log.isEmpty)
            try await world.holds(["renamed", "third"])
        }
    }

    @Test("Answers of two creates that change places make no twin", arguments: FaultyWorld.Side.allCases)
    func swapped(_ side: FaultyWorld.Side) async throws {
        try await FaultyWorld.run(side) { world in
            try await world.settle()
            world.plan.on(.post, "/v1/data/notes", .swapAnswers, times: 2)
            try await world.notes.create(FaultyNote(title: "a"))
            try await world.notes.create(FaultyNote(title: "b"))
            try await world.settle()
            #expect(world.plan.isUsedUp, "\(world.plan)")
            try await world.holds(["a", "b"])
        }
    }

    @Test("Drawn faults heal", arguments: 1...4, FaultyWorld.Side.allCases)
    func drawn(_ seed: Int, _ side: FaultyWorld.Side) async throws {
        let healing: (TestClock) -> FaultPlan = { .random(seed: UInt64(seed), rate: 0.25, clock: $0) }
        try await FaultyWorld.run(
            side, plan: { clock in healing(clock).on(nil, "/v1/auth/*", .delay(.zero), times: 50) }
        ) {
            world in
            var titles: [String] = []
            for number in 0..<6 {
                let note = try await world.notes.create(FaultyNote(title: "draft \(number)"))
                if number % 2 == 0 { try await world.settle() }
                try await world.notes.update(note.id) { $0.title = "note \(number)" }
                if number % 3 == 2 { try await world.notes.delete(note.id) } else { titles.append("note \(number)") }
            }
            try await world.holds(titles)
        }
    }

    // MARK: Faults of the server's own

    @Test("Records of one stamp and of a stamp from the past are all seen")
    func stamps() async throws {
        try await FaultyWorld.run(.server) { world in
            try await world.settle()
            // While the clock stands, all have one stamp; one page has 100 of them.
            try await world.admin.table("notes").createAll((0..<120).map { ["title": .string("equal \($0)")] })
            try await world.settle()
            #expect(try await world.notes.count() == 0)  // another user's
            let admin = world.admin.table("notes")
            let mine = try await world.notes.create(FaultyNote(title: "mine"))
            try await world.settle()
            world.clock.skew(by: .seconds(-86_400))
            let id = try #require(try await world.notes.where { $0.title == "mine" }.fetch().first?.id)
            #expect(id != mine.id)
            try await admin.update(id, fields: ["title": "changed yesterday"])
            try await world.settle()
            #expect(try await world.notes.fetch().map(\.title) == ["changed yesterday"])
        }
    }

    @Test("After a backup was restored the device shows what the server has, and goes on")
    func restored() async throws {
        try await FaultyWorld.run(.transport) { world in
            try await world.notes.create(FaultyNote(title: "kept"))
            try await world.settle()
            let backup = try await world.server.backup()
            try await world.notes.create(FaultyNote(title: "lost with the disk"))
            try await world.settle()
            let server = world.server
            world.plan.on(.post, "/v1/data/notes", .event("restore") { try await server.restore(backup) })
            try await world.notes.create(FaultyNote(title: "new"))
            try await world.settle()
            #expect(world.plan.isUsedUp)
            try await world.holds(["kept", "new"])
        }
    }

    @Test("A write under a revoked key waits, and its reason is told")
    func revoked() async throws {
        try await FaultyWorld.run(.server) { world in
            try await world.settle()
            let server = world.server
            world.plan.on(.post, "/v1/data/notes", .event("revoke") { try server.revoke(server.publishableKey) })
            try await world.notes.create(FaultyNote(title: "waits"))
            await world.store.sync.syncNow()
            let status = await world.clock.running { await world.store.sync.settled(within: .seconds(10)) }
            guard case .paused = status.state else {
                Issue.record("\(status.state)")
                return
            }
            #expect(status.pending == 1 && status.failed == 0)
        }
    }

    @Test("A write that is no longer permitted isn't lost")
    func forbidden() async throws {
        try await FaultyWorld.run(.server) { world in
            let note = try await world.notes.create(FaultyNote(title: "before"))
            try await world.settle()
            let server = world.server
            let readOnly = FaultyWorld.tables(permissions: ["read": true, "list": true])
            world.plan.on(.patch, "/v1/data/notes/*", .event("read only") { try server.apply(readOnly) })
            try await world.notes.update(note.id) { $0.title = "after" }
            await world.store.sync.syncNow()
            let status = await world.clock.running { await world.store.sync.settled(within: .seconds(10)) }
            #expect(status.pending + status.failed == 1)
            #expect(try await world.admin.table("notes").page().records.map { $0["title"] } == ["before"])
        }
    }

    @Test("An access token that expired under the clock is renewed")
    func expired() async throws {
        try await FaultyWorld.run(.server) { world in
            try await world.settle()
            world.clock.advance(by: .seconds(2 * 3_600))
            try await world.notes.create(FaultyNote(title: "later"))
            try await world.holds(["later"])
        }
    }
}
