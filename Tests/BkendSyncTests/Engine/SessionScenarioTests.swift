import BkendSync
import BkendWire
import Testing

/// Who sends, when nothing is sent, and who leads.
@Suite struct SessionScenarioTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    private func writeNotes(_ count: Int) throws {
        try device.write { tx in for index in 0..<count { _ = try tx.writes.create("notes", ["n": .int(Int64(index))]) }
        }
    }

    @Test func eightRefusalsAtOnceAreOneRefresh() throws {
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
        device.start()
        var isExpired = true
        var refreshes = 0
        device.fate = { [server] _ in isExpired ? .answer(server.failure(.tokenExpired)) : .deliver }
        device.refresh = {
            refreshes += 1
            isExpired = false
            return .renewed
        }
        try writeNotes(20)
        try device.run()
        #expect(refreshes == 1)
        #expect(try server.rows().count == 20)
        #expect(try device.outbox().isEmpty)
    }

    @Test func aSessionThatIsOverKeepsTheOutbox() throws {
        device.start()
        device.fate = { [server] _ in .answer(server.failure(.tokenExpired)) }
        device.refresh = { .signedOut }
        try writeNotes(3)
        try device.run(for: .seconds(600))
        #expect(device.machine.status.state == .signedOut)
        #expect(try device.outbox().map(\.state) == [.queued, .queued, .queued])
        device.fate = { _ in .deliver }
        device.tell(.sessionChanged(user: "ann"))
        try device.run()
        #expect(try device.outbox().isEmpty)
    }

    @Test func aTokenThatIsRefusedForEverEndsTheSessionAndNotInALoop() throws {
        device.start()
        device.fate = { [server] _ in .answer(server.failure(.tokenExpired)) }
        try writeNotes(1)
        try device.run(for: .seconds(600))
        #expect(device.machine.status.state == .signedOut)
        #expect(device.sent.count < 10)
    }

    @Test func nothingIsSentWhileAnotherIsSignedIn() throws {
        device.start()
        try device.run()
        device.tell(.sessionChanged(user: "bob"))
        let before = device.sent.count
        try writeNotes(3)
        try device.run(for: .seconds(600))
        #expect(device.sent.count == before)
        #expect(device.machine.status.state == .paused(.otherUser))
    }

    @Test func anotherServerMustKnowTheSameUserFirst() throws {
        try device.store.write { try $0.setMeta("server", "elsewhere") }
        device.fate = { [server] request in request.operation == .me ? .answer(server.ok(["id": "eve"])) : .deliver }
        device.start()
        try writeNotes(1)
        try device.run(for: .seconds(600))
        #expect(device.sent.map(\.operation) == [.me])
        #expect(device.machine.status.state == .paused(.otherServer))
        #expect(try device.outbox().count == 1)
    }

    @Test func anotherServerThatKnowsTheUserIsTaken() throws {
        try device.store.write { try $0.setMeta("server", "elsewhere") }
        device.start()
        try writeNotes(1)
        try device.run()
        #expect(device.sent.first?.operation == .me)
        #expect(try device.outbox().isEmpty)
    }

    @Test func aLeaderThatWasReplacedSendsNothingMore() throws {
        device.start()
        try device.run()
        _ = try device.store.write { try $0.sending.lead() }
        try writeNotes(1)
        try device.run(for: .seconds(600))
        #expect(device.writes.isEmpty)
        #expect(device.machine.status.state == .stopped)
    }

    @Test func stoppingLetsGoOfWhatIsUnderWay() throws {
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
        device.start()
        device.fate = { _ in .hold }
        try writeNotes(1)
        try device.run(for: .seconds(1))
        device.tell(.stop)
        #expect(device.held.isEmpty)
        #expect(try device.outbox().map(\.state) == [.ambiguous])
        device.fate = { _ in .deliver }
        device.tell(.start)
        try device.run(for: .seconds(200))
        #expect(try server.rows().count == 1)
    }

    @Test func aKillAtEveryStepLosesAndDoublesNothing() throws {
        for step in 0..<40 {
            let server = try ScriptedServer()
            let device = try ScriptedDevice(server)
            var count = 0
            var hasCrashed = false
            device.fate = { _ in
                count += 1
                return count == step && !hasCrashed ? .loseAnswer : .deliver
            }
            device.start()
            _ = try device.subscribe()
            let local = try device.write { try $0.writes.create("notes", ["title": "a"]) }
            try device.write { try $0.writes.update("notes", local, set: ["title": "b"]) }
            for _ in 0..<step { if !device.outgoing.isEmpty { try device.deliver() } }
            hasCrashed = true
            try device.crash()
            device.start()
            try device.write { try $0.writes.update("notes", local, set: ["body": "c"]) }
            try device.run(for: .seconds(400))
            let rows = try server.rows()
            #expect(rows.count == 1 && rows[0]["title"] == "b" && rows[0]["body"] == "c", "step \(step)")
            #expect(try device.outbox().isEmpty && device.visible() == rows, "step \(step)")
        }
    }

    @Test("What the performer refused before a sign-in, told after it, says nothing about who is signed in now")
    func staleRefusals() throws {
        for refusal in [SendRefusal.signedOut, .otherUser("eve")] {
            let device = try ScriptedDevice(server)
            device.start()
            try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
            device.fate = { _ in .hold }
            try device.run(for: .seconds(1))
            let asked = device.held.map(\.id)
            #expect(!asked.isEmpty)
            device.tell(.sessionChanged(user: "ann"))
            for id in asked { device.tell(.answered(id, .refused(refusal))) }
            #expect([.idle, .syncing].contains(device.machine.status.state))
            device.fate = { _ in .deliver }
            try device.run()
            #expect(try device.outbox().isEmpty)
            // Of the present session it counts.
            device.fate = { _ in .hold }
            try device.write { _ = try $0.writes.create("notes", ["title": "b"]) }
            try device.run(for: .seconds(1))
            for id in device.held.map(\.id) { device.tell(.answered(id, .refused(refusal))) }
            #expect(device.machine.status.state == (refusal == .signedOut ? .signedOut : .paused(.otherUser)))
        }
    }

    @Test("The late outcome of a refresh says nothing about a session that has come since")
    func lateRefresh() throws {
        device.start()
        device.fate = { [server] _ in .answer(server.failure(.tokenExpired)) }
        device.refresh = { nil }
        try writeNotes(1)
        try device.run(for: .seconds(1))
        let former = try #require(device.wantsRefresh)
        device.tell(.sessionChanged(user: "ann"))
        try device.run()
        #expect(try #require(device.wantsRefresh) != former)
        device.tell(.sessionRefreshed(.signedOut, generation: former))
        #expect(device.machine.status.state == .syncing)
        device.refresh = { .renewed }
        device.fate = { _ in .deliver }
        try device.run()
        #expect(try device.outbox().isEmpty)
    }

    @Test("Stopping sets no timer and takes back the one that was set, also where the store can't write")
    func stoppingWakesNobody() throws {
        for canWrite in [true, false] {
            let device = try ScriptedDevice(server)
            device.start()
            _ = try device.subscribe()
            try device.run(for: .seconds(10))
            #expect(device.wake != nil)
            device.fate = { _ in .hold }
            try writeNote(device)
            try device.run(for: .seconds(1))
            try device.queue.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA query_only = \(canWrite ? 0 : 1)")
            }
            device.tell(.stop)
            #expect(device.wake == nil && device.held.isEmpty)
            #expect(device.machine.status.state == .stopped)
            try device.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
            device.fate = { _ in .deliver }
            device.tell(.start)
            try device.run(for: .seconds(200))
            #expect(try device.outbox().isEmpty)
        }
    }

    private func writeNote(_ device: ScriptedDevice) throws {
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
    }

    @Test("What an engine couldn't store is forgotten once another leads: the entries are that one's")
    func replacedWithAnswersLeft() throws {
        device.start()
        device.fate = { request in if request.operation.isWrite { .hold } else { .deliver } }
        try writeNotes(1)
        try device.run(for: .seconds(1))
        try device.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
        try device.release()
        try device.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        // Another process takes the lead, and has found out that the entry must go out again.
        try device.store.write { tx in
            let epoch = try tx.sending.lead()
            let entry = try #require(try tx.outbox.entries().first)
            try tx.sending.requeue(entry.sequence)
            try tx.sending.markInFlight(entry.sequence, body: entry.body ?? [], epoch: epoch, user: "ann")
        }
        for _ in 0..<3 { device.tell(.syncNow) }
        #expect(device.machine.status.state == .stopped)
        #expect(try device.outbox().map(\.state) == [.inFlight])
    }

    @Test func patienceIsObeyed() throws {
        device.start()
        var refused = 0
        device.fate = { [server] _ in
            refused += 1
            var answer = server.failure(.rateLimitExceeded)
            answer.retryAfter = .seconds(40)
            return .answer(answer)
        }
        try writeNotes(10)
        try device.run(for: .seconds(35))
        #expect(refused <= 8)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(120))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 10)
    }

    @Test("A device with one subscription and nothing to send says that it is offline, until an answer comes")
    func offlineWithLittleToDo() throws {
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(30))
        #expect(device.machine.status.state == .idle)
        device.fate = { _ in .notSent }
        try device.run(for: .seconds(120))
        #expect(device.machine.status.state == .offline)
        device.tell(.syncNow)
        #expect(device.machine.status.state == .syncing)
        try device.run(for: .milliseconds(1))
        #expect(device.machine.status.state == .offline)
        device.fate = { _ in .loseAnswer }
        device.tell(.syncNow)
        try device.run(for: .milliseconds(1))
        #expect(device.machine.status.state != .offline)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(120))
        #expect(device.machine.status.state == .idle)
    }

    @Test("A subscription is up to date once it was read to its end; asked to look again, once it was read again")
    func upToDate() throws {
        func isUpToDate() -> Bool? { device.machine.status.subscriptions.first?.isUpToDate }
        device.start()
        _ = try device.subscribe()
        #expect(isUpToDate() == false)
        try device.run(for: .seconds(1))
        #expect(isUpToDate() == true)
        // The look that is under way when the app asks may have been answered before: it doesn't count.
        device.tell(.syncNow)
        device.fate = { _ in .hold }
        try device.run(for: .milliseconds(1))
        #expect(isUpToDate() == false)
        let before = device.sent.count
        device.tell(.syncNow)
        device.fate = { _ in .deliver }
        try device.release()
        try device.run(for: .seconds(1))
        #expect(isUpToDate() == true)
        #expect(device.sent.dropFirst(before).count { $0.operation.name == "list" } >= 3)
    }

    @Test func anOfflineDeviceDoesNotSpin() throws {
        device.start()
        _ = try device.subscribe()
        device.fate = { _ in .notSent }
        try writeNotes(500)
        try device.run(for: .seconds(3_600))
        #expect(device.machine.status.state == .offline)
        #expect(device.sent.count < 400)
        device.fate = { _ in .deliver }
        device.tell(.networkChanged(reachable: true))
        try device.run(for: .seconds(120))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 500)
    }
}
