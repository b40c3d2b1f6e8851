import BkendSync
import BkendWire
import Testing

/// What is never to come out of the outbox is one thing; what must come out at last, whatever is in its way, the other.
@Suite struct PushPatienceTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    private func deny(_ isDenied: @escaping (SyncRequest.Operation) -> Bool) {
        device.fate = { [server] request in
            isDenied(request.operation) ? .answer(server.failure(.permissionDenied)) : .deliver
        }
    }

    @Test("A server that went back to an older copy of a record is asked twice, and then written to")
    func olderCopy() throws {
        device.start()
        let local = try device.write { try $0.writes.create("notes", ["title": "a"]) }
        try device.run()
        var row = try #require(try server.rows().first)
        row["updatedAt"] = "2029-01-01T00:00:00.000Z"
        try server.write(row)
        try device.write { try $0.writes.update("notes", local, set: ["title": "b"]) }
        try device.run()
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().first?["title"] == "b")
        #expect(server.served.count { $0.operation.name == "record" } == 1)
    }

    @Test("A plea for patience holds up everything, also while answers to earlier requests come in")
    func patience() throws {
        device.start()
        _ = try device.subscribe()
        try device.run()
        var asked = false
        device.fate = { [server] request in
            guard case .create = request.operation, !asked else { return .deliver }
            asked = true
            var answer = server.failure(.rateLimitExceeded)
            answer.retryAfter = .seconds(40)
            return .answer(answer)
        }
        try device.write { tx in for index in 0..<20 { _ = try tx.writes.create("notes", ["n": .int(Int64(index))]) } }
        try device.run(for: .seconds(39))
        // One table of which nothing says that its writes must be in order: eight lanes were under way.
        #expect(device.writes.count == 8)
        try device.run(for: .seconds(60))
        #expect(try server.rows().count == 20)
    }

    @Test("A change in doubt whose table refuses it is tried now and then, not at the network's speed")
    func refusedInDoubt() throws {
        device.start()
        let local = try device.write { try $0.writes.create("notes", ["title": "a"]) }
        try device.run()
        var sent = 0
        device.fate = { [server] request in
            guard case .update = request.operation else { return .deliver }
            sent += 1
            return sent == 1 ? .loseRequest : .answer(server.failure(.scopeInsufficient))
        }
        let before = server.served.count
        try device.write { try $0.writes.update("notes", local, set: ["title": "b"]) }
        try device.run(for: .seconds(600))
        #expect(sent > 1 && server.served.count - before < 100)
        #expect(try device.outbox().count == 1)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(600))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().map { $0["title"] } == ["b"])
    }

    @Test("What was set in a create after it was sent isn't lost when its first copy turns up")
    func editedCreate() throws {
        server.unique["notes"] = ["clientKey"]
        server.spec["indexes"] = [["key": ["clientKey": 1], "unique": true]]
        device.start()
        _ = try device.subscribe()
        try device.run()
        // The record is there, its answer is lost, and nobody may look for it.
        deny { if case .list = $0 { true } else { false } }
        let fate = device.fate
        var isLost = false
        device.fate = { request in
            guard case .create = request.operation, !isLost else { return fate(request) }
            isLost = true
            return .loseAnswer
        }
        let local = try device.write { try $0.writes.create("notes", ["title": "a", "n": 1]) }
        try device.run(for: .seconds(300))
        let create = try #require(try device.outbox().first)
        #expect(create.state == .unresolved)
        try device.store.write { try $0.decisions.retry(create.sequence) }
        try device.write { try $0.writes.update("notes", local, set: ["title": "b"]) }
        #expect(try device.outbox().count == 1)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(300))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().map { $0["title"] } == ["b"])
        #expect(try server.rows().map { $0["n"] } == [1])
    }

    @Test("Creates made before anything was known of a table that takes no extra fields go without their keys")
    func strictTable() throws {
        server.spec["additionalProperties"] = false
        refuseKeys()
        let local = try device.write { try $0.writes.create("notes", ["title": "a"]) }
        device.start()
        try device.run()
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 1)
        #expect(try device.store.read { try $0.documents.document("notes", local)?.json["clientKey"] } == nil)
    }

    @Test(
        "A table that takes no extra fields any more: the create that was refused for its key goes when it is retried")
    func strictSince() throws {
        device.start()
        _ = try device.subscribe()
        try device.run()
        server.spec["additionalProperties"] = false
        refuseKeys()
        try device.write { _ = try $0.writes.create("notes", ["title": "a"]) }
        try device.run()
        let letter = try #require(try device.outbox().first)
        #expect(letter.state == .failed)
        try device.write { try $0.decisions.retry(letter.sequence) }
        try device.write { _ = try $0.writes.create("notes", ["title": "b"]) }
        try device.run()
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count == 2)
    }

    private func refuseKeys() {
        device.fate = { [server] request in
            guard case .create = request.operation, let body = request.body,
                (try? JSON(parsing: body))?["clientKey"] != nil
            else { return .deliver }
            return .answer(server.failure(.validationError))
        }
    }

    @Test("Pages that are too large for the connection get smaller until they pass")
    func largeRows() throws {
        device.fate = { request in
            guard case .list(_, let items) = request.operation, let limit = Self.limit(of: request.operation) else {
                return .deliver
            }
            return limit > 10 && !items.contains { $0.value.contains("$in") } ? .loseAnswer : .deliver
        }
        let ids = try device.start(knowing: 150)
        try device.run(for: .seconds(3_000))
        #expect(try device.visible().count == 150)
        device.fate = { request in
            guard case .list(_, let items) = request.operation,
                let ids = items.first(where: { $0.value.contains("$in") })
            else { return .deliver }
            return ids.value.utf8.count > 200 ? .loseAnswer : .deliver
        }
        try device.write { tx in for id in ids.prefix(60) { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.run(for: .seconds(3_000))
        #expect(try device.outbox().isEmpty)
        #expect(try server.rows().count { $0["done"] == true } == 60)
    }

    @Test("Pages that went down to one row grow again once they pass")
    func pagesGrowAgain() throws {
        device.fate = { Self.limit(of: $0.operation) ?? 0 > 1 ? .loseAnswer : .deliver }
        _ = try device.start(knowing: 20)
        try device.run(for: .seconds(3_000))
        #expect(try device.visible().count == 20)
        device.fate = { _ in .deliver }
        for index in 0..<200 { try server.insert(["n": .int(Int64(index))]) }
        let before = device.sent.count
        try device.run(for: .seconds(600))
        #expect(try device.visible().count == 220)
        #expect(device.sent.dropFirst(before).contains { Self.limit(of: $0.operation) ?? 0 > 10 })
    }

    private static func limit(of operation: SyncRequest.Operation) -> Int? {
        guard case .list(_, let items) = operation else { return nil }
        return items.first { $0.name == "limit" }.flatMap { Int($0.value) }
    }

    @Test("Among many refused writes those that are permitted go, in order or not", arguments: [false, true])
    func permittedAmongRefused(isOrdered: Bool) throws {
        if isOrdered { server.spec["indexes"] = [["key": ["slug": 1], "unique": true]] }
        let ids = try device.start(knowing: 6)
        let own = ids[5]
        deny { operation in
            guard case .update(_, let id) = operation else { return false }
            return id != own
        }
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.write { _ = try $0.writes.create("notes", ["title": "new"]) }
        try device.run(for: .seconds(1_800))
        #expect(try server.rows().count == 7)
        #expect(try server.row("notes", own)?["done"] == true)
        // The next permitted one isn't held up for ever either, and none of those refused is lost.
        try device.write { try $0.writes.update("notes", own, set: ["n": 99]) }
        try device.run(for: .seconds(1_800))
        #expect(try server.row("notes", own)?["n"] == 99)
        #expect(try device.outbox().map(\.record) == ids.filter { $0 != own })
    }

    @Test("Records that must be read one by one are read a few at a time")
    func singleReads() throws {
        let ids = try device.start(knowing: 200)
        deny { if case .list = $0 { true } else { false } }
        let fate = device.fate
        device.fate = { request in
            if case .record = request.operation { .hold } else { fate(request) }
        }
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.run(for: .seconds(5))
        #expect(server.served.count { $0.operation.name == "record" } == 0)
        #expect(device.sent.count { $0.operation.name == "record" } == 8)
        device.fate = fate
        try device.release()
        try device.run(for: .seconds(600))
        #expect(try device.outbox().isEmpty)
    }

    @Test("That a record may not be read is asked again before it is written to unread")
    func readAgain() throws {
        let id = try device.start(knowing: 1)[0]
        device.fate = { [server] request in
            switch request.operation {
            case .list, .record: .answer(server.failure(.permissionDenied))
            default: .notSent
            }
        }
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try device.run(for: .seconds(1))
        #expect(!device.writes.isEmpty)
        // There is no network for a while; then it may be read.
        device.tell(.networkChanged(reachable: false))
        try device.run(for: .seconds(100))
        try server.update("notes", id, ["title": "theirs"])
        device.fate = { _ in .deliver }
        device.tell(.networkChanged(reachable: true))
        try device.run(for: .seconds(100))
        #expect(try device.outbox().isEmpty)
        #expect(try device.reports("conflict").count == 1)
    }

    @Test("Updates whose answers were lost are settled only when anything may be sent")
    func settlingWaits() throws {
        let ids = try device.start(knowing: 4)
        device.fate = { request in
            if case .update = request.operation { .loseRequest } else { .deliver }
        }
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["done": true]) } }
        try device.run(for: .milliseconds(900))
        #expect(try device.outbox().allSatisfy { $0.state == .ambiguous })
        let sent = device.writes.count
        // Their copies are held back; meanwhile the app pauses.
        device.fate = { _ in .hold }
        try device.run(for: .seconds(30))
        device.tell(.pause)
        device.fate = { _ in .deliver }
        try device.release()
        try device.run(for: .seconds(30))
        #expect(device.writes.count == sent)
        device.tell(.resume)
        try device.run(for: .seconds(120))
        #expect(try device.outbox().isEmpty)
    }

    @Test("A copy that came before a long pause decides nothing after it")
    func copyFromBeforeAPause() throws {
        let ids = try device.start(knowing: 1)
        device.fate = { request in
            if case .update = request.operation { .loseRequest } else { .deliver }
        }
        try device.write { try $0.writes.update("notes", ids[0], set: ["title": "mine"]) }
        try device.run(for: .milliseconds(900))
        device.fate = { _ in .hold }
        try device.run(for: .seconds(30))
        device.tell(.pause)
        device.fate = { _ in .deliver }
        try device.release()
        try device.run(for: .seconds(1))
        _ = try server.update("notes", ids[0], ["title": "theirs"])
        try device.run(for: .seconds(300))
        device.tell(.resume)
        try device.run(for: .seconds(120))
        #expect(try device.outbox().isEmpty)
        #expect(try device.reports("conflict").count == 1)
    }
}
