import BkendSync
import BkendWire
import GRDB
import Testing

/// Refusals, creates without keys, a store that can't write.
@Suite struct PushScenarioTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    private func setReadOnly(_ isReadOnly: Bool) throws {
        try device.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = \(isReadOnly ? 1 : 0)") }
    }

    private func notes(_ count: Int) throws -> [String] {
        let ids = try device.start(knowing: count)
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
        return ids
    }

    private func denyUpdates() {
        device.fate = { [server] request in
            if case .update = request.operation { .answer(server.failure(.permissionDenied)) } else { .deliver }
        }
    }

    @Test func anAnswerThatCannotBeStoredMakesNoSecondRecord() throws {
        device.start()
        device.fate = { request in
            if case .create = request.operation { .hold } else { .deliver }
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run(for: .seconds(1))
        try setReadOnly(true)
        try device.release()
        guard case .paused(.storeFailed) = device.machine.status.state else {
            Issue.record("\(device.machine.status.state)")
            return
        }
        try device.run(for: .seconds(300))
        #expect(device.writes.count == 1)
        try setReadOnly(false)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(300))
        #expect(try device.outbox().isEmpty)
        #expect(device.writes.count == 1)
        #expect(try server.rows().count == 1 && device.machine.status.state == .idle)
    }

    @Test func whatTheAppSaidToAStoreThatCannotWriteIsTakenUpLater() throws {
        try device.store.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try setReadOnly(true)
        device.start()
        try device.run(for: .seconds(10))
        try setReadOnly(false)
        try device.run(for: .seconds(120))
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().isEmpty)
    }

    @Test("What the system says about the network is kept while the store can't write, and syncNow tries all the same")
    func networkBesideAFullDisk() throws {
        device.start()
        device.tell(.networkChanged(reachable: false))
        try device.store.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try setReadOnly(true)
        device.tell(.syncNow)
        device.tell(.networkChanged(reachable: false))
        device.tell(.networkChanged(reachable: true))
        try device.run(for: .seconds(10))
        try setReadOnly(false)
        try device.run(for: .seconds(120))
        #expect(try server.rows().count == 1 && device.machine.status.state == .idle)

        device.tell(.networkChanged(reachable: false))
        try device.write { _ = try $0.writes.create("notes", ["title": "b"]) }
        try device.run(for: .seconds(120))
        #expect(try server.rows().count == 1 && device.machine.status.state == .offline)
        device.tell(.syncNow)
        try device.run(for: .seconds(10))
        #expect(try server.rows().count == 2)
    }

    @Test("What a table is like is asked again when the answer couldn't be stored")
    func factsThatCouldNotBeStored() throws {
        device.start()
        device.fate = { if case .spec = $0.operation { .hold } else { .deliver } }
        _ = try device.subscribe()
        try device.run(for: .seconds(1))
        #expect(device.held.map(\.request.operation.name) == ["spec"])
        try setReadOnly(true)
        try device.release()
        try device.run(for: .seconds(10))
        try setReadOnly(false)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(300))
        #expect(try device.store.read { try $0.facts.of("notes") } != nil)
    }

    @Test func oneRefusalForLackOfPermissionIsADeadLetter() throws {
        let ids = try notes(3)
        denyUpdates()
        try device.write { try $0.writes.update("notes", ids[0], set: ["n": 10]) }
        try device.run()
        #expect(try device.outbox().map(\.state) == [.failed])
        #expect(try device.visible()[0]["n"] == 0)
    }

    @Test("Writes that are refused one after another are dead letters, the last one too")
    func refusedOneAfterAnother() throws {
        let ids = try notes(4)
        denyUpdates()
        for id in ids {
            try device.write { try $0.writes.update("notes", id, set: ["done": true]) }
            try device.run(for: .seconds(300))
        }
        #expect(try device.outbox().map(\.state) == Array(repeating: .failed, count: 4))
    }

    @Test func severalRefusalsPauseThatKindAndKillNothing() throws {
        let ids = try notes(6)
        denyUpdates()
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.write { _ = try $0.writes.create("notes", ["title": "new"]) }
        try device.run(for: .seconds(900))
        #expect(try device.outbox().map(\.state) == Array(repeating: .queued, count: 6))
        #expect(device.machine.status.pausedTables.map(\.reason) == [.refused(.permissionDenied)])
        #expect(try server.rows().count == 7)
        #expect(device.writes.count < 60)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(300))
        #expect(try device.outbox().isEmpty && device.machine.status.pausedTables.isEmpty)
    }

    @Test func aPausedTableHoldsUpNoOther() throws {
        let ids = try notes(60)
        device.fate = { [server] request in
            guard request.operation.isWrite, request.operation.table == "notes" else { return .deliver }
            return .answer(server.failure(.scopeInsufficient))
        }
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "tasks") }
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.run(for: .seconds(60))
        try device.write { tx in for index in 0..<60 { _ = try tx.writes.create("tasks", ["n": .int(Int64(index))]) } }
        try device.run(for: .seconds(60))
        #expect(try server.rows("tasks").count == 60)
        #expect(try device.outbox().count == 60)
    }

    @Test func aLostCreateWithoutKeyIsForTheAppToDecide() throws {
        device.start()
        device.fate = { request in
            if case .create = request.operation { .loseRequest } else { .deliver }
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"], withKey: false) }
        try device.run(for: .seconds(300))
        #expect(try device.outbox().map(\.state) == [.unresolved])
        #expect(device.writes.count == 1)
        #expect(device.machine.status.unresolved == 1)
    }

    @Test func aLostCreateWithoutKeyIsFoundWhereTheWholeTableIsKnown() throws {
        _ = try notes(3)
        device.fate = { request in
            if case .create = request.operation { .loseAnswer } else { .deliver }
        }
        let moment = "2031-05-05T00:00:00Z"
        try device.write { _ = try $0.writes.create("notes", ["title": "a", "on": .string(moment)], withKey: false) }
        try device.run(for: .seconds(300))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 4 && device.visible() == server.rows())
    }

    @Test func aURLThatIsTooLongHalvesTheBatch() throws {
        let ids = try notes(40)
        device.fate = { request in
            guard case .list(_, let items) = request.operation else { return .deliver }
            let length = items.reduce(0) { $0 + $1.value.utf8.count }
            return length > 400 ? .answer(SyncAnswer(status: 414, isJSON: false)) : .deliver
        }
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.run(for: .seconds(600))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().allSatisfy { $0["done"] == .bool(true) })
    }

    @Test func whatFollowsALostUpdateWaitsForItAlsoAfterACrash() throws {
        let ids = try notes(1)
        var lost: SyncRequest?
        device.fate = { request in
            guard case .update = request.operation, lost == nil else { return .deliver }
            lost = request
            return .loseRequest
        }
        try device.write { try $0.writes.update("notes", ids[0], set: ["n": 1]) }
        try device.run(for: .seconds(10))
        #expect(device.writes.count == 2)
        try device.write { try $0.writes.update("notes", ids[0], set: ["n": 2]) }
        try device.crash()
        device.start()
        try device.run(for: .seconds(40))
        // The lost one arrives after all, before the next one left.
        #expect(device.writes.count == 2)
        _ = try server.answer(try #require(lost))
        try device.run(for: .seconds(100))
        #expect(try server.row("notes", ids[0])?["n"] == 2)
        #expect(try device.outbox().isEmpty && device.visible()[0]["n"] == 2)
    }

    @Test func oneLaneIsStrictOrder() throws {
        var configuration = SyncConfiguration(server: "test")
        configuration.lanes = 1
        let device = try ScriptedDevice(server, configuration: configuration)
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
        device.start()
        var failures = 3
        device.fate = { request in
            guard case .create = request.operation, failures > 0 else { return .deliver }
            failures -= 1
            return .notSent
        }
        try device.write { tx in for index in 0..<20 { _ = try tx.writes.create("notes", ["n": .int(Int64(index))]) } }
        try device.run(for: .seconds(300))
        #expect(try server.rows().compactMap { $0["n"]?.intValue } == Array(0..<20))
    }

    @Test func aListThatHidesARecordDoesNotDeleteIt() throws {
        let ids = try notes(2)
        try device.write { try $0.writes.update("notes", ids[0], set: ["n": 10]) }
        server.rowFilter = .condition(Condition("n", .greater(0)))
        try device.run()
        #expect(try server.row("notes", ids[0])?["n"] == 10)
        #expect(try device.reports().isEmpty && device.outbox().isEmpty)
    }

    @Test("A conflict is reported once, however often what came of it is tried", arguments: [true, false])
    func conflictTriedOften(isKnownBefore: Bool) throws {
        let id = try notes(1)[0]
        if isKnownBefore {
            // A poll brings the other's value before the write is decided.
            device.fate = { $0.entries.isEmpty ? .deliver : .notSent }
        } else {
            device.tell(.pause)
        }
        try device.write { try $0.writes.update("notes", id, set: ["n": 10]) }
        try server.update("notes", id, ["n": 5])
        try device.run(for: .seconds(120))
        device.fate = { if case .update = $0.operation { .notSent } else { .deliver } }
        device.tell(.resume)
        device.tell(.syncNow)
        try device.run(for: .seconds(600))
        #expect(try device.reports("conflict").count == 1)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(120))
        #expect(try server.row("notes", id)?["n"] == 10)
        #expect(try device.reports("conflict").count == 1)
    }

    @Test("A deletion's conflict is reported once, also when the app has acknowledged it meanwhile")
    func deleteConflictTriedOften() throws {
        let id = try notes(1)[0]
        device.fate = { if case .delete = $0.operation { .notSent } else { .deliver } }
        device.tell(.pause)
        try device.write { try $0.writes.delete("notes", id) }
        try server.update("notes", id, ["n": 5])
        device.tell(.resume)
        var told = 0
        for _ in 0..<5 {
            device.tell(.syncNow)
            try device.run(for: .seconds(120))
            for report in try device.reports("deleteConflict") {
                told += 1
                try device.store.write { try $0.reports.acknowledge(report.number) }
            }
        }
        #expect(told == 1)
        // Changed once more, it is another conflict.
        try server.update("notes", id, ["n": 6])
        try device.run(for: .seconds(120))
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(120))
        #expect(try device.reports("deleteConflict").count == 1)
        #expect(try server.rows().isEmpty)
    }

    @Test("Two users make a deleted record again: it is one record, and both have what they changed")
    func madeAgainByTwoUsers() throws {
        server.unique["notes"] = ["clientKey"]
        server.spec["indexes"] = [["key": ["clientKey": 1], "unique": true]]
        var configuration = SyncConfiguration(server: "test")
        configuration.policies.deletedElsewhere = .createAgain
        let devices = try [("ann", UInt64(1)), ("bob", 2)].map { user, seed in
            try ScriptedDevice(server, user: user, configuration: configuration, seed: seed)
        }
        let id = try #require(try server.insert(["title": "a", "n": 1])["id"]?.stringValue)
        for device in devices {
            device.start()
            _ = try device.subscribe()
            try device.run()
            device.tell(.pause)
        }
        try devices[0].write { try $0.writes.update("notes", id, set: ["title": "ann's"]) }
        try devices[1].write { try $0.writes.update("notes", id, set: ["n": 2]) }
        try server.delete("notes", id)
        for device in devices {
            device.tell(.resume)
            try device.run(for: .seconds(300))
        }
        try devices[0].run(for: .seconds(300))
        let rows = try server.rows()
        #expect(rows.count == 1 && rows.first?["title"] == "ann's" && rows.first?["n"] == 2)
        for device in devices {
            #expect(try device.outbox().isEmpty)
            #expect(try device.visible() == rows)
        }
    }
}
