import BkendSync
import BkendWire
import Testing

/// Interleavings that would lose or double data first, on one or two devices with a scripted network.
@Suite struct DangerousScenarioTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    /// A note of the server's that the device has.
    private func knownNote(_ fields: JSONObject = ["title": "a", "body": "b"]) throws -> String {
        let id = try #require(try server.insert(fields, by: "ann")["id"]?.stringValue)
        device.start()
        _ = try device.subscribe()
        try device.run()
        #expect(try device.visible().count == 1)
        return id
    }

    @Test func aCreateWhoseAnswerWasLostIsFoundByItsKey() throws {
        device.start()
        device.fate = { request in
            if case .create = request.operation { .loseAnswer } else { .deliver }
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run()
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().isEmpty)
        #expect(device.writes.count == 1)
    }

    @Test func aCreateThatNeverArrivedIsSentAgainOnlyAfterTheServersTimeOut() throws {
        device.start()
        var isFirst = true
        device.fate = { request in
            guard case .create = request.operation, isFirst else { return .deliver }
            isFirst = false
            return .loseRequest
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run(for: .seconds(55))
        #expect(device.writes.count == 1)
        #expect(try device.outbox().map(\.state) == [.ambiguous])
        try device.run(for: .seconds(60))
        #expect(device.writes.count == 2)
        #expect(device.writes[0].body == device.writes[1].body)
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().isEmpty)
    }

    @Test func aForeignAnswerAfterTheCommitMakesNoSecondRecord() throws {
        device.start()
        device.fate = { [server] request in
            guard case .create = request.operation else { return .deliver }
            _ = try? server.answer(request)
            return .answer(SyncAnswer(status: 504, isJSON: false, body: Array("<html>".utf8)))
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run()
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().isEmpty)
    }

    @Test func aRelaunchThatPullsBeforeTheLookupShowsOneRecord() throws {
        device.start()
        _ = try device.subscribe()
        try device.run()
        device.fate = { request in
            if case .create = request.operation { .hold } else { .deliver }
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run(for: .seconds(1))
        // The server commits, the process dies before the answer.
        _ = try server.answer(try #require(device.held.first?.request))
        try device.crash()
        device.fate = { _ in .deliver }
        device.start()
        #expect(try device.outbox().map(\.state) == [.ambiguous])
        try device.run()
        #expect(try device.visible().count == 1)
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().isEmpty)
    }

    @Test func aPollThatBringsTheRowBeforeTheAnswerShowsOneRecord() throws {
        device.start()
        _ = try device.subscribe()
        try device.run()
        device.fate = { request in
            if case .create = request.operation { .hold } else { .deliver }
        }
        let local = try device.write { try $0.writes.create("notes", ["title": "a"]) }
        try device.run(for: .seconds(1))
        let answer = try server.answer(try #require(device.held.first?.request))
        device.tell(.syncNow)
        try device.run(for: .seconds(3))
        #expect(try device.visible().count == 1)
        try device.release([answer])
        try device.run()
        #expect(try device.visible().count == 1)
        #expect(try device.outbox().isEmpty)
        #expect(try device.store.read { try $0.aliases.resolve(local) } != local)
    }

    @Test func identicalCreatesOfTwoDevicesAreTwoRecords() throws {
        let other = try ScriptedDevice(server, seed: 2)
        for device in [device, other] {
            device.start()
            device.fate = { request in
                if case .create = request.operation { .loseAnswer } else { .deliver }
            }
            try device.write { _ = try $0.writes.create("notes", ["title": "same"]) }
            try device.run()
        }
        #expect(try server.rows().count == 2)
        #expect(try device.outbox().isEmpty && other.outbox().isEmpty)
    }

    @Test func aDuplicateOfAnotherFieldIsADeadLetterAndNotAdopted() throws {
        server.unique["notes"] = ["slug"]
        try server.insert(["slug": "taken"])
        device.start()
        try device.write { _ = try $0.writes.create("notes", ["slug": "taken"]) }
        try device.run()
        #expect(try device.outbox().map(\.state) == [.failed])
        #expect(try device.outbox()[0].failure?.code == "data/duplicate-value")
        #expect(try server.rows().count == 1)
    }

    @Test func anOriginalThatArrivesAfterItsResendIsDeletedAsATwin() throws {
        device.start()
        let number = try device.subscribe()
        try device.run()
        var original: SyncRequest?
        device.fate = { request in
            guard case .create = request.operation, original == nil else { return .deliver }
            original = request
            return .loseRequest
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run(for: .seconds(150))
        #expect(try server.rows().count == 1)
        _ = try server.answer(try #require(original))
        #expect(try server.rows().count == 2)
        try device.run(for: .seconds(150))
        #expect(try server.rows().count == 1)
        #expect(try device.visible().count == 1)
        #expect(try device.members(number).count == 1)
        #expect(try device.reports("twinDeleted").count == 1)
    }

    @Test func aCreateDiscardedWhileAmbiguousIsDeletedWhenItArrives() throws {
        device.start()
        _ = try device.subscribe()
        try device.run()
        var original: SyncRequest?
        device.fate = { request in
            guard case .create = request.operation else { return .deliver }
            original = request
            return .loseRequest
        }
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run(for: .seconds(5))
        let entry = try #require(try device.outbox().first)
        try device.write { _ = try $0.decisions.discard(entry.sequence) }
        _ = try server.answer(try #require(original))
        try device.run()
        #expect(try server.rows().isEmpty)
        #expect(try device.visible().isEmpty)
    }

    @Test func aBatchOfAHundredCopiesAsksForAHundred() throws {
        for index in 0..<100 { try server.insert(["n": .int(Int64(index))], by: "ann") }
        device.start()
        _ = try device.subscribe()
        try device.run()
        let ids = try device.visible().compactMap { $0["id"]?.stringValue }
        #expect(ids.count == 100)
        try device.write { tx in
            try tx.setFacts(TableFacts(uniqueFields: []), of: "notes")
            for id in ids { try tx.writes.update("notes", id, set: ["done": true]) }
        }
        try device.run(for: .seconds(300))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count { $0["done"] == .bool(true) } == 100)
        #expect(try device.reports().isEmpty)
    }

    @Test func aPageFromBeforeOurUpdateChangesNothing() throws {
        let id = try knownNote()
        var stale: SyncAnswer?
        device.fate = { [server] request in
            guard case .list(_, let items) = request.operation, stale == nil,
                items.contains(QueryItem("sortBy", "updatedAt"))
            else { return .deliver }
            stale = try? server.answer(request)
            return .hold
        }
        device.tell(.syncNow)
        try device.run(for: .milliseconds(10))
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try device.run(for: .seconds(3))
        #expect(try device.outbox().isEmpty)
        try device.release([try #require(stale)])
        #expect(try device.visible()[0]["title"] == "mine")
        try device.run()
        #expect(try device.visible()[0]["title"] == "mine")
    }

    @Test func aPageFromBeforeOurDeleteBringsNothingBack() throws {
        let id = try knownNote()
        var stale: SyncAnswer?
        device.fate = { [server] request in
            guard case .list(_, let items) = request.operation, stale == nil,
                items.contains(QueryItem("sortBy", "updatedAt"))
            else { return .deliver }
            stale = try? server.answer(request)
            return .hold
        }
        device.tell(.syncNow)
        try device.run(for: .milliseconds(10))
        try device.write { try $0.writes.delete("notes", id) }
        try device.run(for: .seconds(3))
        #expect(try device.outbox().isEmpty)
        try device.release([try #require(stale)])
        #expect(try device.visible().isEmpty)
        try device.run()
        #expect(try device.visible().isEmpty)
    }

    @Test func aPullBetweenEditAndPushIsAReportedConflict() throws {
        let id = try knownNote()
        device.tell(.pause)
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try server.update("notes", id, ["title": "theirs"])
        device.tell(.resume)
        device.tell(.syncNow)
        try device.run()
        #expect(try server.row("notes", id)?["title"] == "mine")
        let report = try #require(try device.reports("conflict").first)
        #expect(report.detail["before"] == "a")
        #expect(report.detail["mine"] == "mine")
        #expect(report.detail["theirs"] == "theirs")
        #expect(try device.reports().count == 1)
    }

    @Test func serverWinsKeepsTheirsAndReports() throws {
        var configuration = SyncConfiguration(server: "test")
        configuration.policies.conflict = .serverWins
        let device = try ScriptedDevice(server, configuration: configuration)
        let id = try #require(try server.insert(["title": "a", "body": "b"], by: "ann")["id"]?.stringValue)
        device.start()
        _ = try device.subscribe()
        try device.run()
        try server.update("notes", id, ["title": "theirs"])
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine", "body": "mine"]) }
        try device.run()
        #expect(try server.row("notes", id)?["title"] == "theirs")
        #expect(try server.row("notes", id)?["body"] == "mine")
        #expect(try device.visible()[0]["title"] == "theirs")
        #expect(try device.reports("conflict").count == 1)
    }

    @Test func anAmbiguousUpdateThatAnotherOverwroteIsAConflictMarkedMaybeApplied() throws {
        let id = try knownNote()
        var isFirst = true
        device.fate = { [server] request in
            guard case .update = request.operation, isFirst else { return .deliver }
            isFirst = false
            _ = try? server.answer(request)
            _ = try? server.update("notes", id, ["title": "theirs"])
            return .answer(SyncAnswer(status: 502, isJSON: false))
        }
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try device.run()
        let report = try #require(try device.reports("conflict").first)
        #expect(report.detail["maybeApplied"] == .bool(true))
        #expect(try device.outbox().isEmpty)
    }

    @Test func anAmbiguousUpdateThatArrivedIsDoneWithoutASecondOne() throws {
        let id = try knownNote()
        device.fate = { request in
            if case .update = request.operation { .loseAnswer } else { .deliver }
        }
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try device.run()
        #expect(try device.outbox().isEmpty)
        #expect(device.writes.count == 1)
        #expect(try device.reports().isEmpty)
    }

    @Test func aDeleteOfARecordChangedElsewhereIsReported() throws {
        let id = try knownNote()
        device.tell(.pause)
        try device.write { try $0.writes.delete("notes", id) }
        try server.update("notes", id, ["title": "theirs"])
        device.tell(.resume)
        device.tell(.syncNow)
        try device.run()
        #expect(try server.rows().isEmpty)
        #expect(try device.reports("deleteConflict").count == 1)
    }

    @Test func anUpdateOfARecordDeletedElsewhereStaysDeletedAndIsReported() throws {
        let id = try knownNote()
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try server.delete("notes", id)
        try device.run()
        #expect(try server.rows().isEmpty && device.visible().isEmpty && device.outbox().isEmpty)
        #expect(try device.reports("deletedElsewhere").count == 1)
    }

    @Test func anUpdateOfARecordDeletedElsewhereMakesItAgainWherePolicySaysSo() throws {
        var configuration = SyncConfiguration(server: "test")
        configuration.policies.deletedElsewhere = .createAgain
        let device = try ScriptedDevice(server, configuration: configuration)
        let id = try #require(try server.insert(["title": "a"], by: "ann")["id"]?.stringValue)
        device.start()
        _ = try device.subscribe()
        try device.run()
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try server.delete("notes", id)
        try device.run()
        let rows = try server.rows()
        #expect(rows.count == 1 && rows[0]["title"] == "mine" && rows[0]["clientKey"] == .string("re-" + id))
        #expect(try device.visible().count == 1)
    }

    @Test func aRejectedCreateFailsAloneAndOthersGoOn() throws {
        device.start()
        device.fate = { [server] request in
            guard case .create(let table) = request.operation, table == "bad" else { return .deliver }
            return .answer(server.failure(.validationError))
        }
        try device.write { tx in
            let bad = try tx.writes.create("bad", ["title": "x"])
            _ = try tx.writes.create("notes", ["bad": .string(bad)])
            _ = try tx.writes.create("notes", ["title": "y"])
        }
        try device.run()
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().map(\.state) == [.failed, .blocked])
    }

    @Test func tableNotFoundPausesTheTableAndKillsNothing() throws {
        device.start()
        device.fate = { [server] request in
            request.operation.table == "lost" ? .answer(server.failure(.tableNotFound)) : .deliver
        }
        try device.write { tx in
            for index in 0..<50 { _ = try tx.writes.create("lost", ["n": .int(Int64(index))]) }
            _ = try tx.writes.create("notes", ["title": "y"])
        }
        try device.run(for: .seconds(600))
        #expect(try server.rows().count == 1)
        #expect(try device.outbox().allSatisfy { $0.state == .queued })
        #expect(device.machine.status.pausedTables.map(\.table) == ["lost"])
        #expect(device.writes.count < 60)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(600))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows("lost").count == 50)
    }

    @Test func aCaptivePortalStopsEverythingUntilItIsGone() throws {
        device.start()
        let portal = SyncAnswer(status: 200, isJSON: false, body: Array("<html>".utf8))
        device.fate = { _ in .answer(portal) }
        try device.write { tx in for index in 0..<100 { _ = try tx.writes.create("notes", ["n": .int(Int64(index))]) } }
        try device.run(for: .seconds(600))
        #expect(device.machine.status.state == .paused(.foreignAnswer))
        #expect(device.sent.count < 100)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(600))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 100)
    }
}
