import BkendSync
import BkendWire
import GRDB
import Testing

/// Pulls and comparisons against a scripted server: what comes, what goes, and how many requests it takes.
@Suite struct PullScenarioTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    private func fill(_ count: Int, equalStamps: Bool = false) throws {
        for index in 0..<count {
            try server.insert(["n": .int(Int64(index))])
            if !equalStamps { server.now = Timestamp(clamping: server.now.milliseconds + 1) }
        }
    }

    private func expectEqual(_ location: SourceLocation = #_sourceLocation) throws {
        #expect(try device.visible() == server.rows(), sourceLocation: location)
    }

    /// The requests that a time without changes takes.
    private func requests(in duration: Duration) throws -> Int {
        let before = device.sent.count
        try device.run(for: duration)
        return device.sent.count - before
    }

    @Test func aFirstPullBringsEverything() throws {
        try fill(1_234)
        device.start()
        let number = try device.subscribe()
        try device.run()
        try expectEqual()
        #expect(try device.members(number).count == 1_234)
        #expect(device.machine.status.subscriptions[0].phase == .current)
    }

    @Test(arguments: [false, true]) func aLargeFirstPullIsReadInRanges(_ takesTogether: Bool) throws {
        try fill(1_000)
        var configuration = SyncConfiguration(server: "test")
        configuration.rangeSize = 120
        let device = try ScriptedDevice(server, configuration: configuration)
        device.takesTogether = takesTogether
        device.start()
        let number = try device.subscribe()
        try device.run()
        #expect(try device.visible() == server.rows())
        #expect(try device.members(number).count == 1_000)
        #expect(device.machine.status.subscriptions[0].phase == .current)
    }

    @Test func tenThousandRowsOfOneMomentAreDrainedWhileOthersComeIn() throws {
        try fill(3_000, equalStamps: true)
        device.start()
        _ = try device.subscribe()
        try device.run()
        let moment = server.now
        // A bulk update stamps all of them alike; more come while the pages are read.
        for row in try server.rows() {
            var row = row
            row["updatedAt"] = .string(moment.description)
            row["bulk"] = true
            try server.write(row)
        }
        var late = 0
        device.fate = { [server] request in
            if case .list = request.operation, late < 5 {
                late += 1
                _ = try? server.insert(["late": .int(Int64(late))])
            }
            return .deliver
        }
        device.tell(.syncNow)
        try device.run(for: .seconds(300))
        try expectEqual()
        // Idle afterwards: three requests in two polls.
        #expect(try requests(in: .seconds(600)) <= 18)
    }

    @Test func anIdleEngineAsksOnceAPollAndWritesNothing() throws {
        try fill(300)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        let before = try device.store.read { try ($0.changes.latest, $0.outboxVersion, $0.subscriptions.all()) }
        let changes = try device.queue.read { $0.totalChangesCount }
        // A poll a minute for the newest row and the total; at every second one another count.
        #expect(try requests(in: .seconds(3_600)) <= 100)
        let after = try device.store.read { try ($0.changes.latest, $0.outboxVersion, $0.subscriptions.all()) }
        #expect(before.0 == after.0 && before.1 == after.1 && before.2 == after.2)
        #expect(try device.queue.read { $0.totalChangesCount } == changes)
    }

    @Test("A new row is seen at the next poll, whichever it is")
    func newRowsAtEveryPoll() throws {
        try fill(300)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        for number in 0..<8 {
            // Past the last poll, the next one comes within the longest interval.
            try device.run(for: .seconds(300 + 61 * number))
            try server.insert(["new": .int(Int64(number))])
            try device.run(for: .seconds(61))
            try expectEqual()
        }
    }

    @Test("A delete is found on a table that has changed at every look, with few requests beside")
    func deleteOnABusyTable() throws {
        try fill(1_000)
        device.start()
        let number = try device.subscribe()
        try device.run()
        let rows = try server.rows()
        let busy = try #require(rows.last?["id"]?.stringValue)
        let gone = try #require(rows[300]["id"]?.stringValue)
        // Somebody else writes before each question of this device.
        var changes: Int64 = 0
        device.fate = { [server] request in
            guard case .list = request.operation else { return .deliver }
            changes += 1
            server.now = Timestamp(clamping: server.now.milliseconds + 1)
            _ = try? server.update("notes", busy, ["n": .int(changes)])
            return .deliver
        }
        try server.delete("notes", gone)
        let before = device.sent.count
        try device.run(for: .seconds(300))
        #expect(changes > 100)
        #expect(try !device.members(number).contains(gone))
        // Three looks a poll of three questions each, and a comparison a minute.
        #expect(device.sent.count - before < 60 * 9 + 5 * 30)
        // Most of them, which takes a second look.
        for row in rows[..<900] { try server.delete("notes", row["id"]?.stringValue ?? "") }
        try device.run(for: .seconds(300))
        #expect(try device.members(number).count == 100 && device.reports("massRemoval").count == 1)
    }

    @Test("A mass removal that waits for the app's word costs a busy table one comparison a minute")
    func heldRemovalOnABusyTable() throws {
        try fill(1_000)
        var configuration = SyncConfiguration(server: "test")
        configuration.massRemoval = .afterWord
        let device = try ScriptedDevice(server, configuration: configuration)
        device.start()
        let number = try device.subscribe()
        try device.run()
        let rows = try server.rows()
        let busy = try #require(rows.last?["id"]?.stringValue)
        var changes: Int64 = 0
        device.fate = { [server] request in
            guard case .list = request.operation else { return .deliver }
            changes += 1
            server.now = Timestamp(clamping: server.now.milliseconds + 1)
            _ = try? server.update("notes", busy, ["n": .int(changes)])
            return .deliver
        }
        for row in rows[..<900] { try server.delete("notes", row["id"]?.stringValue ?? "") }
        try device.run(for: .seconds(300))
        #expect(try device.reports("massRemoval").count == 1)
        let before = device.sent.count
        try device.run(for: .seconds(300))
        // Three looks a poll of three questions each, and a comparison a minute.
        #expect(device.sent.count - before < 60 * 9 + 5 * 30)
        #expect(try device.members(number).count == 1_000)
    }

    @Test func aDeleteAmongManyIsFoundByCounting() throws {
        try fill(2_000)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(300))
        let rows = try server.rows()
        for index in [17, 900, 901, 1_999] {
            try server.delete("notes", try #require(rows[index]["id"]?.stringValue))
        }
        let before = device.sent.count
        device.tell(.syncNow)
        try device.run(for: .seconds(4))
        try expectEqual()
        #expect(device.sent.count - before < 60)
    }

    @Test func aDeleteAndAMissedInsertWithEqualCountsAreFound() throws {
        try fill(500)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        let rows = try server.rows()
        try server.delete("notes", try #require(rows[400]["id"]?.stringValue))
        // A row that a node with a slow clock made: its stamp lies far behind the cursor.
        var late = rows[10]
        late["id"] = "000000000000000000000001"
        try server.write(late)
        try device.run(for: .seconds(1_200))
        try expectEqual()
    }

    @Test func aRowThatAFilterTakesAwayLeavesAndStaysAway() throws {
        try fill(30)
        device.start()
        let number = try device.subscribe()
        try device.run()
        server.rowFilter = .condition(Condition("n", .less(25)))
        try device.run(for: .seconds(300))
        #expect(try device.members(number).count == 25)
        #expect(try device.visible().count == 25)
        let changed = try device.store.read { try $0.changes.latest }
        try device.run(for: .seconds(600))
        #expect(try device.store.read { try $0.changes.latest } == changed)
    }

    @Test func aPermissionGainedBringsRowsWithOldStamps() throws {
        try fill(200)
        server.rowFilter = .condition(Condition("n", .greaterOrEqual(100)))
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        #expect(try device.visible().count == 100)
        server.rowFilter = .all
        try device.run(for: .seconds(300))
        try expectEqual()
    }

    @Test func mostRowsGoOnlyAfterASecondLookAndAReport() throws {
        try fill(100)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(300))
        let rows = try server.rows()
        server.rowFilter = .condition(Condition("n", .less(0)))
        device.tell(.syncNow)
        try device.run(for: .seconds(4))
        #expect(try device.visible().count == 100)
        // The server was wrong for a moment.
        server.rowFilter = .all
        try device.run(for: .seconds(300))
        #expect(try device.visible().count == 100)
        #expect(try device.reports().isEmpty)
        for row in rows.dropFirst(3) { try server.delete("notes", try #require(row["id"]?.stringValue)) }
        try device.run(for: .seconds(300))
        try expectEqual()
        #expect(try device.reports("massRemoval").count == 1)
    }

    @Test("A server that is empty for a moment is asked again later, also where the app asks for a sync at once")
    func secondLookWaits() throws {
        try fill(100)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(300))
        server.rowFilter = .condition(Condition("n", .less(0)))
        for _ in 0..<4 {
            device.tell(.syncNow)
            try device.run(for: .milliseconds(400))
        }
        #expect(try device.visible().count == 100)
        server.rowFilter = .all
        try device.run(for: .seconds(300))
        #expect(try device.visible().count == 100)
        #expect(try device.reports().isEmpty)
    }

    /// A device whose subscription has lost all its rows and waits for the app's word.
    private func emptied() throws -> (ScriptedDevice, subscription: Int64) {
        try fill(100)
        var configuration = SyncConfiguration(server: "test")
        configuration.massRemoval = .afterWord
        let device = try ScriptedDevice(server, configuration: configuration)
        device.start()
        let number = try device.subscribe()
        try device.run(for: .seconds(300))
        for row in try server.rows() { try server.delete("notes", try #require(row["id"]?.stringValue)) }
        try device.run(for: .seconds(1_200))
        return (device, number)
    }

    @Test func mostRowsStayUntilTheAppsWordWhereItAsksForIt() throws {
        let (device, number) = try emptied()
        #expect(try device.visible().count == 100)
        #expect(try device.reports("massRemoval").count == 1)
        let before = device.sent.count
        try device.run(for: .seconds(1_200))
        #expect(device.sent.count - before < 40)
        try device.store.write { try $0.subscribing.confirmMassRemoval(of: number) }
        device.tell(.subscriptionsChanged)
        try device.run(for: .seconds(300))
        #expect(try device.visible().isEmpty)
    }

    @Test("The app's word that most rows may go isn't lost to an answer that was on its way")
    func wordBesideAnAnswer() throws {
        let (device, number) = try emptied()
        device.fate = { _ in .hold }
        try device.run(for: .seconds(120))
        #expect(!device.held.isEmpty)
        // By another handle: nobody tells the engine.
        try device.store.write { try $0.subscribing.confirmMassRemoval(of: number) }
        device.fate = { _ in .deliver }
        try device.release()
        try device.run(for: .seconds(300))
        #expect(try device.visible().isEmpty)
    }

    @Test(
        "What was written while a list was under way isn't gone because the list doesn't show it",
        arguments: [true, false])
    func writtenDuringAList(isRuleKept: Bool) throws {
        try fill(3)
        var rules = SyncRules()
        if !isRuleKept { rules.hasLeft = { _ in true } }
        let device = try ScriptedDevice(server, rules: rules)
        device.start()
        _ = try device.subscribe()
        try device.run()
        // Everything is compared: the list is answered on the server, and its answer takes its time.
        device.fate = { request in
            guard case .list(_, let items) = request.operation else { return .deliver }
            return items.contains { $0.value == "id" } ? .hold : .deliver
        }
        device.tell(.sessionChanged(user: "ann"))
        try device.run(for: .seconds(1))
        let answers = try device.held.map { try server.answer($0.request) }
        #expect(answers.count == 1)
        try device.write { _ = try $0.writes.create("notes", ["title": "new"]) }
        try device.run(for: .seconds(1))
        #expect(try device.outbox().isEmpty)
        try device.release(answers)
        #expect(try device.visible().contains { $0["title"] == "new" } == isRuleKept)
    }

    @Test func aRefusedListKeepsTheRowsAndSaysSo() throws {
        try fill(50)
        device.start()
        _ = try device.subscribe()
        try device.run()
        device.fate = { [server] request in
            if case .list = request.operation { .answer(server.failure(.permissionDenied)) } else { .deliver }
        }
        try device.run(for: .seconds(600))
        #expect(try device.visible().count == 50)
        #expect(device.machine.status.subscriptions[0].phase == .denied)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(600))
        #expect(device.machine.status.subscriptions[0].phase == .current)
    }

    @Test func halfAPageIsRefusedWhole() throws {
        try fill(50)
        device.start()
        device.fate = { [server] request in
            guard case .list = request.operation, var answer = try? server.answer(request) else { return .deliver }
            answer.body = Array(answer.body.dropLast(7))
            return .answer(answer)
        }
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        #expect(try device.visible().isEmpty)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(600))
        try expectEqual()
    }

    @Test func aRestoredBackupBringsRevertedMissingAndReturningRows() throws {
        try fill(120)
        let backup = try server.rows()
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(300))
        try server.update("notes", try #require(backup[5]["id"]?.stringValue), ["n": 555])
        try server.delete("notes", try #require(backup[6]["id"]?.stringValue))
        let added = try server.insert(["n": 999])
        try device.run(for: .seconds(300))
        try expectEqual()
        try server.delete("notes", try #require(added["id"]?.stringValue))
        for row in backup { try server.write(row) }
        try device.run(for: .seconds(600))
        try expectEqual()
    }

    @Test func aClockThatGoesBackTenMinutesHidesNothing() throws {
        try fill(20)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(900))
        server.now = Timestamp(clamping: server.now.milliseconds - 600_000)
        let row = try #require(try server.rows()[3]["id"]?.stringValue)
        try server.update("notes", row, ["n": 333])
        try device.run(for: .seconds(200))
        try expectEqual()
    }

    @Test func aRowStampedAnHourAheadHidesNothing() throws {
        try fill(20)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(300))
        var row = try server.rows()[0]
        row["updatedAt"] = .string(Timestamp(clamping: server.now.milliseconds + 3_600_000).description)
        try server.write(row)
        try device.run(for: .seconds(100))
        let other = try #require(try server.rows()[7]["id"]?.stringValue)
        for value in 0..<3 {
            try server.update("notes", other, ["n": .int(Int64(700 + value))])
            try device.run(for: .seconds(70))
            try expectEqual()
        }
    }

    @Test func aDeletedRecordThatComesBackIsSeenAgainAfterAComparison() throws {
        try fill(10)
        device.start()
        _ = try device.subscribe()
        try device.run()
        let row = try server.rows()[4]
        try device.write { try $0.writes.delete("notes", try #require(row["id"]?.stringValue)) }
        try device.run()
        try expectEqual()
        try server.write(row)
        try device.run(for: .seconds(600))
        try expectEqual()
    }

    @Test func overlappingSubscriptionsKeepARowThatOneOfThemLoses() throws {
        try fill(40)
        device.start()
        let all = try device.subscribe()
        let some = try device.subscribe("notes", try RESTFilter(allOf: [Condition("n", .less(10))]))
        try device.run(for: .seconds(300))
        #expect(try device.members(all).count == 40)
        #expect(try device.members(some).count == 10)
        try server.update("notes", try #require(server.rows()[0]["id"]?.stringValue), ["n": 77])
        try device.run(for: .seconds(300))
        #expect(try device.members(some).count == 9)
        try expectEqual()
    }
}
