import BkendSync
import BkendWire
import Testing

/// What the server doesn't let a guest write waits for the guest to sign in; nothing of it is a dead letter.
@Suite struct GuestWriteTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server, user: "")
    }

    /// Refuses a guest some operations, as a bkend server does.
    private func deny(_ code: ErrorCode = .permissionDenied, _ isDenied: @escaping (SyncRequest) -> Bool) {
        device.fate = { [server] request in
            request.user.isEmpty && isDenied(request) ? .answer(server.failure(code)) : .deliver
        }
    }

    private func denyCreates() { deny { if case .create = $0.operation { true } else { false } } }

    private func isOver() throws -> Bool {
        try !device.store.read { try $0.queue.hasEntriesToSend(besides: device.machine.status.pausedTables) }
    }

    private var pauses: [TablePause] { device.machine.status.pausedTables }

    @Test("Refused creates wait and none is a dead letter; few requests ask again, and a permission given is found")
    func creates() throws {
        denyCreates()
        try device.write { tx in for index in 0..<30 { _ = try tx.writes.create("notes", ["n": .int(Int64(index))]) } }
        device.start()
        try device.run(for: .seconds(60))
        #expect(try device.outbox().allSatisfy { $0.state == .queued })
        #expect(pauses.map(\.reason) == [.guestRefused(.permissionDenied)])
        #expect(pauses.map(\.table) == ["notes"] && pauses.map(\.kind) == [.create])
        #expect(device.machine.status.state == .idle && device.machine.status.failed == 0)
        #expect(try isOver())
        let first = device.writes.count
        #expect(first <= device.configuration.lanes + 2)
        try device.run(for: .seconds(3 * 3_600))
        #expect((6...26).contains(device.writes.count - first))
        #expect(try device.outbox().count == 30)
        // Each try is another entry's: what one says may be at fault.
        #expect(Set(device.writes.suffix(6).map(\.entries)).count == 6)

        device.fate = { _ in .deliver }
        try device.run(for: .seconds(900))
        #expect(try device.outbox().isEmpty && server.rows().count == 30)
        #expect(pauses.isEmpty)
    }

    @Test("One refused write waits as well, with the reason, and is sent at once as the user who takes the store over")
    func takenOver() throws {
        denyCreates()
        let local = try device.write { try $0.writes.create("notes", ["title": "a"]) }
        device.start()
        try device.run(for: .seconds(600))
        #expect(try device.outbox().map(\.state) == [.queued])
        #expect(try device.outbox().first?.failure?.errorCode == .permissionDenied)
        #expect(pauses.map(\.kind) == [.create])
        #expect(device.writes.count <= 2)
        #expect(try isOver())

        try device.store.write { try $0.ownership.takeOver(by: "ann") }
        device.tell(.sessionChanged(user: "ann"))
        try device.run(for: .seconds(5))
        #expect(try device.outbox().isEmpty && pauses.isEmpty)
        let row = try #require(try server.rows().first)
        #expect(row["createdBy"] == "ann" && row["clientKey"] == .string(local))
    }

    @Test("A refusal that comes when the store is a user's by then says nothing of that user")
    func lateRefusal() throws {
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        device.fate = { request in if case .create = request.operation { .hold } else { .deliver } }
        device.start()
        try device.run(for: .seconds(1))
        #expect(device.held.count == 1)
        try device.store.write { try $0.ownership.takeOver(by: "ann") }
        device.fate = { _ in .deliver }
        try device.release([server.failure(.permissionDenied)])
        device.tell(.sessionChanged(user: "ann"))
        try device.run(for: .seconds(1))
        #expect(try server.rows().map { $0["createdBy"] } == ["ann"])
        #expect(try device.outbox().isEmpty)
    }

    @Test("The engine need not be told of the session again for the former owner's pauses to end")
    func signedInFirst() throws {
        denyCreates()
        try device.write { tx in for _ in 0..<5 { _ = try tx.writes.create("notes", ["title": "a"]) } }
        device.start()
        try device.run(for: .seconds(60))
        // The sign-in is noticed before the store changes hands.
        device.tell(.sessionChanged(user: "ann"))
        try device.run(for: .seconds(60))
        #expect(device.machine.status.state == .paused(.otherUser))
        try device.store.write { try $0.ownership.takeOver(by: "ann") }
        device.tell(.subscriptionsChanged)
        try device.run(for: .seconds(5))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 5)
    }

    @Test("What depends on a refused create waits with it; other writes go on", arguments: [true, false])
    func dependents(isOrdered: Bool) throws {
        if !isOrdered { try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "tasks") } }
        deny { request in
            guard case .create("notes") = request.operation else { return false }
            return true
        }
        let record = try server.insert(["title": "theirs"])
        device.start()
        _ = try device.subscribe()
        try device.run()
        let id = try #require(record["id"]?.stringValue)
        let note = try device.write { try $0.writes.create("notes", ["title": "a"]) }
        try device.write { tx in
            try tx.writes.update("notes", note, set: ["title": "b", "friend": .string(note)])
            _ = try tx.writes.create("tasks", ["of": .string(note)])
            _ = try tx.writes.create("tasks", ["of": "nothing"])
            try tx.writes.update("notes", id, set: ["title": "ours"])
        }
        try device.run(for: .seconds(600))
        #expect(try server.rows("tasks").map { $0["of"] } == ["nothing"])
        #expect(try server.rows().map { $0["title"] } == ["ours"])
        let left = try device.outbox()
        #expect(left.allSatisfy { $0.state == .queued } && left.map(\.table).contains("tasks"))
        #expect(try isOver())
        try device.store.write { try $0.ownership.takeOver(by: "ann") }
        device.tell(.sessionChanged(user: "ann"))
        try device.run(for: .seconds(30))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows("tasks").count == 2 && server.rows().count == 2)
    }

    @Test(
        "One refused write among permitted ones of its kind holds none of them up, where they go in order too",
        arguments: [true, false])
    func refusedColumn(isOrdered: Bool) throws {
        if !isOrdered { try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") } }
        deny { request in
            guard case .create = request.operation, let body = request.body else { return false }
            return (try? JSON(parsing: body))?["priority"] != nil
        }
        try device.write { tx in
            _ = try tx.writes.create("notes", ["priority": 1])
            for index in 0..<20 { _ = try tx.writes.create("notes", ["n": .int(Int64(index))]) }
        }
        if isOrdered { server.spec["indexes"] = [["key": ["n": 1], "unique": true]] }
        device.start()
        try device.run(for: .seconds(30))
        #expect(try server.rows().count == 20)
        #expect(try device.outbox().map(\.state) == [.queued])
        #expect(pauses.map(\.kind) == [.create])
        try device.run(for: .seconds(3_600))
        #expect(device.writes.count < 32)
        device.fate = { _ in .deliver }
        device.tell(.syncNow)
        try device.run(for: .seconds(5))
        #expect(try device.outbox().isEmpty && pauses.isEmpty)
    }

    @Test("Each kind waits for itself: deletes that are refused leave updates alone, and a new launch asks again")
    func kinds() throws {
        var ids: [String] = []
        for index in 0..<6 {
            let row = try server.insert(["n": .int(Int64(index))])
            ids.append(try #require(row["id"]?.stringValue))
        }
        deny { if case .delete = $0.operation { true } else { false } }
        device.start()
        _ = try device.subscribe()
        try device.run()
        try device.write { tx in
            for id in ids.prefix(4) { try tx.writes.delete("notes", id) }
            try tx.writes.update("notes", ids[5], set: ["n": 50])
        }
        try device.run(for: .seconds(60))
        #expect(try device.outbox().map(\.kind) == Array(repeating: .delete, count: 4))
        #expect(pauses.map(\.kind) == [.delete])
        #expect(try server.row("notes", ids[5])?["n"] == 50)
        // What the user deleted doesn't come back meanwhile.
        #expect(try device.visible().count == 2)

        try device.crash()
        device.fate = { _ in .deliver }
        device.start()
        try device.run(for: .seconds(10))
        #expect(try device.outbox().isEmpty && server.rows().count == 2)
    }

    @Test("A server that asks a guest to sign in first is understood the same way, and reads go on")
    func authenticationRequired() throws {
        deny(.authenticationRequired) { $0.operation.isWrite }
        device.start()
        _ = try device.subscribe()
        try device.write { tx in for _ in 0..<5 { _ = try tx.writes.create("notes", ["title": "a"]) } }
        try device.run(for: .seconds(60))
        #expect(try device.outbox().map(\.state) == Array(repeating: .queued, count: 5))
        #expect(pauses.map(\.reason) == [.guestRefused(.authenticationRequired)])
        #expect(device.wantsRefresh == nil)
        try server.insert(["title": "theirs"])
        try device.run()
        #expect(try device.visible().contains { $0["title"] == "theirs" })
    }

    @Test("A user's refused writes are dead letters as before")
    func users() throws {
        let other = try ScriptedDevice(server)
        other.fate = { [server] request in
            if case .create = request.operation { .answer(server.failure(.permissionDenied)) } else { .deliver }
        }
        try other.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        other.start()
        try other.run()
        #expect(try other.outbox().map(\.state) == [.failed])
        #expect(other.machine.status.pausedTables.isEmpty)
    }
}
