import BkendDocuments
import BkendSync
import BkendWire
import Testing

/// Subscriptions over records that were here before them, and answers to subscriptions that are gone.
@Suite struct TakingOverTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    private func complete(_ device: ScriptedDevice, _ filter: Filter = .all) throws -> Bool {
        try device.store.read { try $0.subscriptions.completeness(of: "notes").covers(filter) }
    }

    @Test func aRecordThatWasDeletedBeforeItsTableWasSubscribedToGoes() throws {
        device.start()
        try device.write { tx in
            for title in ["a", "b", "c"] { _ = try tx.writes.create("notes", ["title": .string(title)]) }
        }
        try device.run()
        let ids = try server.rows().compactMap { $0["id"]?.stringValue }
        #expect(try ids.count == 3 && device.outbox().isEmpty)
        try server.delete("notes", ids[0])
        _ = try device.subscribe()
        try device.run()
        #expect(try device.visible().compactMap { $0["id"]?.stringValue } == Array(ids.dropFirst()))
        #expect(try complete(device))
    }

    @Test func aKeptRecordThatWasDeletedGoesWithTheNextSubscription() throws {
        for title in ["a", "b", "c"] { try server.insert(["title": .string(title)]) }
        device.start()
        let first = try device.subscribe()
        try device.run()
        try device.store.write { try $0.subscribing.unsubscribe(first, keepingRecords: true) }
        device.tell(.subscriptionsChanged)
        #expect(try device.visible().count == 3)
        let ids = try server.rows().compactMap { $0["id"]?.stringValue }
        try server.delete("notes", ids[1])
        _ = try device.subscribe()
        try device.run()
        #expect(try device.visible().compactMap { $0["id"]?.stringValue } == [ids[0], ids[2]])
        #expect(try complete(device))
    }

    @Test func whatNoFilterMatchesGoesWithTheFirstComparison() throws {
        for k in [1, 1, 2] as [Int64] { try server.insert(["k": .int(k)]) }
        device.start()
        let first = try device.subscribe()
        try device.run()
        try device.store.write { try $0.subscribing.unsubscribe(first, keepingRecords: true) }
        device.tell(.subscriptionsChanged)
        device.fate = { request in
            if case .create = request.operation { .notSent } else { .deliver }
        }
        try device.write { _ = try $0.writes.create("notes", ["k": 2, "unsent": true]) }
        let some = try device.subscribe("notes", try RESTFilter(allOf: [Condition("k", .equals(1))]))
        #expect(try device.visible().count == 4)
        try device.run()
        #expect(try device.visible().map { $0["k"] } == [1, 1, 2])
        #expect(try device.visible().contains { $0["unsent"] == true })
        #expect(try device.members(some).count == 2)
    }

    @Test func anAnswerForASubscriptionThatHasJustEndedHarmsNothing() throws {
        try server.insert(["title": "a"])
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
        device.start()
        device.fate = { _ in .hold }
        let number = try device.subscribe()
        try device.write { _ = try $0.writes.create("notes", ["title": "b"]) }
        try device.run(for: .seconds(2))
        let isListHeld = device.held.contains { if case .list = $0.request.operation { true } else { false } }
        let isCreateHeld = device.held.contains { if case .create = $0.request.operation { true } else { false } }
        #expect(isListHeld && isCreateHeld)
        // The engine is not told before the answers come.
        try device.store.write { try $0.subscribing.unsubscribe(number) }
        try device.release()
        #expect(try device.outbox().isEmpty)
        #expect(device.machine.status.lastError == nil)
        device.tell(.subscriptionsChanged)
        device.fate = { _ in .deliver }
        try device.run()
        #expect(device.writes.count == 1)
        #expect(device.machine.status.subscriptions.isEmpty)
    }

    @Test func whatAGuestAskedSaysNothingToTheUserWhoTakesTheStoreOver() throws {
        let guest = try ScriptedDevice(server, user: "")
        try server.insert(["title": "public", "public": true])
        try server.insert(["title": "private"])
        server.rowFilter = .condition(Condition("public", .equals(true)))
        guest.start()
        let number = try guest.subscribe()
        try guest.run()
        #expect(try guest.visible().count == 1 && complete(guest))
        guest.fate = { _ in .hold }
        guest.tell(.syncNow)
        try guest.run(for: .seconds(1))
        let answers = try guest.held.map { try server.answer($0.request) }
        #expect(!answers.isEmpty)
        try guest.store.write { try $0.ownership.takeOver(by: "ann") }
        try guest.release(answers)
        #expect(try !complete(guest))
        server.rowFilter = .all
        guest.fate = { _ in .deliver }
        guest.tell(.sessionChanged(user: "ann"))
        #expect(try !complete(guest))
        try guest.run()
        #expect(try guest.visible().count == 2 && complete(guest))
        #expect(try guest.members(number).count == 2)
    }
}
