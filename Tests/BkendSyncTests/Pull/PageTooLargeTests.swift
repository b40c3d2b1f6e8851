import BkendSync
import BkendWire
import Testing

/// A server that answers only so many bytes at once: every question that lists rows is asked again for fewer.
@Suite struct PageTooLargeTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    /// Rows of about a kilobyte, of several moments or of one.
    private func fill(_ count: Int, equalStamps: Bool = false) throws {
        for index in 0..<count {
            try server.insert(["n": .int(Int64(index)), "text": Self.text])
            if !equalStamps { server.now = Timestamp(clamping: server.now.milliseconds + 1) }
        }
    }

    private static let text = JSON.string(String(repeating: "x", count: 900))

    private func expectEqual(_ location: SourceLocation = #_sourceLocation) throws {
        #expect(try device.visible() == server.rows(), sourceLocation: location)
        #expect(try device.outbox().isEmpty, sourceLocation: location)
        #expect(device.machine.status.subscriptions.allSatisfy { $0.phase == .current }, sourceLocation: location)
        #expect(device.machine.status.lastError == nil, sourceLocation: location)
    }

    @Test(
        "A first pull and the pulls behind it bring everything, and few pages are asked for in vain",
        arguments: [true, false], [true, false])
    func pulls(namesLimit: Bool, equalStamps: Bool) throws {
        server.pageBytes = 12_000
        server.namesLimit = namesLimit
        try fill(400, equalStamps: equalStamps)
        device.start()
        _ = try device.subscribe()
        try device.run()
        try expectEqual()
        try fill(150, equalStamps: equalStamps)
        for row in try server.rows().prefix(60) {
            try server.update("notes", try #require(row["id"]?.stringValue), ["n": 0])
        }
        device.tell(.syncNow)
        try device.run()
        try expectEqual()
        // One page in seventeen tries for more.
        #expect(server.refusedPages.count <= 20)
    }

    @Test("Ranges that are read side by side are all asked for again")
    func ranges() throws {
        server.pageBytes = 12_000
        try fill(1_000)
        var configuration = SyncConfiguration(server: "test")
        configuration.rangeSize = 120
        let device = try ScriptedDevice(server, configuration: configuration)
        device.takesTogether = true
        device.start()
        _ = try device.subscribe()
        try device.run()
        #expect(try device.visible() == server.rows())
    }

    @Test("Copies are read before updates, by fewer ids at once")
    func copies() throws {
        let ids = try device.start(knowing: 60)
        for id in ids { try server.update("notes", id, ["text": Self.text]) }
        server.pageBytes = 8_000
        try device.write { tx in for id in ids { try tx.writes.update("notes", id, set: ["mine": true]) } }
        try device.run(for: .seconds(300))
        try expectEqual()
        #expect(try server.rows().allSatisfy { $0["mine"] == true && $0["text"] == Self.text })
        #expect(server.refusedPages.contains { Self.items(of: $0).contains { $0.value.contains("$in") } })
    }

    @Test("Lookups of creates whose answers were lost find them, by fewer keys at once")
    func lookups() throws {
        server.pageBytes = 8_000
        device.start()
        _ = try device.subscribe()
        try device.run()
        device.fate = { request in
            if case .create = request.operation { .loseAnswer } else { .deliver }
        }
        // No page may bring them first.
        device.tell(.pause)
        try device.write { tx in for _ in 0..<30 { _ = try tx.writes.create("notes", ["text": Self.text]) } }
        device.tell(.resume)
        try device.run(for: .seconds(600))
        try expectEqual()
        #expect(try server.rows().count == 30)
    }

    @Test("Comparisons and rows that are read again bring everything")
    func comparisons() throws {
        server.pageBytes = 8_000
        try fill(300)
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        let rows = try server.rows()
        for row in rows.dropFirst(40).prefix(120) {
            try server.delete("notes", try #require(row["id"]?.stringValue))
        }
        // Behind the cursor: a full comparison alone finds them.
        for row in rows.prefix(30) {
            var row = row
            row["n"] = -1
            try server.write(row)
        }
        device.tell(.syncNow)
        try device.run(for: .seconds(26 * 3_600))
        try expectEqual()
    }

    @Test("A server that refuses even one row pauses the list with its reason, and is asked seldom")
    func oneRow() throws {
        try fill(3)
        let refusal = server.failure(.pageTooLarge)
        device.fate = { request in
            if case .list = request.operation { .answer(refusal) } else { .deliver }
        }
        device.start()
        _ = try device.subscribe()
        try device.run(for: .seconds(600))
        #expect(device.machine.status.subscriptions[0].phase == .paused("data/page-too-large"))
        #expect(device.sent.count { if case .list = $0.operation { true } else { false } } <= 40)
    }

    private static func items(of operation: SyncRequest.Operation) -> [QueryItem] {
        if case .list(_, let items) = operation { items } else { [] }
    }
}
