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
        try device.write { _ = try $0.create("notes", ["title": "a"]) }
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
        try device.store.write { _ = try $0.create("notes", ["title": "a"]) }
        try setReadOnly(true)
        device.start()
        try device.run(for: .seconds(10))
        try setReadOnly(false)
        try device.run(for: .seconds(120))
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().isEmpty)
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
        #expect(try device.store.read { try $0.facts(of: "notes") } != nil)
    }

    @Test func oneRefusalForLackOfPermissionIsADeadLetter() throws {
        let ids = try notes(3)
        denyUpdates()
        try device.write { try $0.update("notes", ids[0], set: ["n": 10]) }
        try device.run()
        #expect(try device.outbox().map(\.state) == [.failed])
        #expect(try device.visible()[0]["n"] == 0)
    }

    @Test func severalRefusalsPauseThatKindAndKillNothing() throws {
        let ids = try notes(6)
        denyUpdates()
        try device.write { tx in for id in ids { try tx.update("notes", id, set: ["done": true]) } }
        try device.write { _ = try $0.create("notes", ["title": "new"]) }
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
        try device.write { tx in for id in ids { try tx.update("notes", id, set: ["done": true]) } }
        try device.run(for: .seconds(60))
        try device.write { tx in for index in 0..<60 { _ = try tx.create("tasks", ["n": .int(Int64(index))]) } }
        try device.run(for: .seconds(60))
        #expect(try server.rows("tasks").count == 60)
        #expect(try device.outbox().count == 60)
    }

    @Test func aLostCreateWithoutKeyIsForTheAppToDecide() throws {
        device.start()
        device.fate = { request in
            if case .create = request.operation { .loseRequest } else { .deliver }
        }
        try device.write { _ = try $0.create("notes", ["title": "a"], withKey: false) }
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
        try device.write { _ = try $0.create("notes", ["title": "a", "on": .string(moment)], withKey: false) }
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
        try device.write { tx in for id in ids { try tx.update("notes", id, set: ["done": true]) } }
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
        try device.write { try $0.update("notes", ids[0], set: ["n": 1]) }
        try device.run(for: .seconds(10))
        #expect(device.writes.count == 2)
        try device.write { try $0.update("notes", ids[0], set: ["n": 2]) }
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
        try device.write { tx in for index in 0..<20 { _ = try tx.create("notes", ["n": .int(Int64(index))]) } }
        try device.run(for: .seconds(300))
        #expect(try server.rows().compactMap { $0["n"]?.intValue } == Array(0..<20))
    }

    @Test func aListThatHidesARecordDoesNotDeleteIt() throws {
        let ids = try notes(2)
        try device.write { try $0.update("notes", ids[0], set: ["n": 10]) }
        server.rowFilter = .condition(Condition("n", .greater(0)))
        try device.run()
        #expect(try server.row("notes", ids[0])?["n"] == 10)
        #expect(try device.reports().isEmpty && device.outbox().isEmpty)
    }
}
