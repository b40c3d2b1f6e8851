import BkendSync
import BkendWire
import Testing

/// Random writes, faults and crashes on two devices and a server; afterwards everything agrees. A small rehearsal of the
/// simulator, on the scripted network.
@Suite struct RandomInterleavingTests {
    @Test(arguments: 0..<6, [false, true])
    func everythingAgreesInTheEnd(_ seed: Int, takesTogether: Bool) throws {
        var rehearsal = try Rehearsal(seed: UInt64(seed))
        for device in rehearsal.devices { device.takesTogether = takesTogether }
        for _ in 0..<50 { try rehearsal.step() }
        try rehearsal.heal()
        try rehearsal.check("seed \(seed), \(takesTogether ? "together" : "one by one")")
    }
}

private struct Rehearsal {
    let server: ScriptedServer
    let devices: [ScriptedDevice]
    var random: SyncRandom
    var tags: [String] = []
    var deleted: Set<String> = []
    /// Creates that arrive after everybody has given them up.
    final class Wire {
        var late: [SyncRequest] = []
        /// The keys of all of them.
        var keys: [String] = []

        func add(_ request: SyncRequest) {
            late.append(request)
            let key = request.body.flatMap { try? JSON(parsing: $0) }?["clientKey"]?.stringValue
            if let key { keys.append(key) }
        }
    }
    let wire = Wire()

    init(seed: UInt64) throws {
        let server = try ScriptedServer()
        self.server = server
        random = SyncRandom(seed: seed)
        devices = [
            try ScriptedDevice(server, seed: seed * 2 + 1), try ScriptedDevice(server, seed: seed * 2 + 2),
        ]
        for device in devices {
            device.start()
            _ = try device.subscribe()
        }
        let isOrdered = Bool.random(using: &random)
        if !isOrdered {
            for device in devices {
                try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
            }
        }
    }

    mutating func step() throws {
        let device = devices[Int.random(in: 0..<devices.count, using: &random)]
        switch Int.random(in: 0..<14, using: &random) {
        case 0...3:
            let tag = "tag\(tags.count)"
            tags.append(tag)
            try device.write { _ = try $0.writes.create("notes", ["tag": .string(tag), "n": 0]) }
        case 4...6:
            guard let note = try pick(device) else { return }
            let field = ["n", "title"][Int.random(in: 0..<2, using: &random)]
            let value = Int64.random(in: 0..<1_000, using: &random)
            try device.write { _ = try $0.writes.update("notes", note.id, set: [field: .int(value)]) }
        case 7:
            guard let note = try pick(device) else { return }
            deleted.insert(note.tag)
            try device.write { try $0.writes.delete("notes", note.id) }
        case 8: try setFaults(device)
        case 9:
            try device.crash()
            device.start()
        case 10:
            if !wire.late.isEmpty { _ = try server.answer(wire.late.removeFirst()) }
        default:
            let seconds = Int.random(in: 1..<90, using: &random)
            for device in devices { try device.run(for: .seconds(seconds)) }
            try device.release()
        }
    }

    private mutating func pick(_ device: ScriptedDevice) throws -> (id: String, tag: String)? {
        let notes = try device.visible()
        guard !notes.isEmpty else { return nil }
        let note = notes[Int.random(in: 0..<notes.count, using: &random)]
        guard let id = note["id"]?.stringValue, let tag = note["tag"]?.stringValue else { return nil }
        return (id, tag)
    }

    private mutating func setFaults(_ device: ScriptedDevice) throws {
        let rate = Int.random(in: 0..<60, using: &random)
        let draws = Draws(SyncRandom(seed: random.next()))
        device.fate = { [server, wire] request in
            guard draws.next(100) < rate else { return .deliver }
            switch draws.next(7) {
            case 0: return .loseAnswer
            case 1:
                if case .create = request.operation, draws.next(2) == 0 { wire.add(request) }
                return .loseRequest
            case 2: return .notSent
            case 3: return .hold
            case 4: return .answer(SyncAnswer(status: 502, isJSON: false))
            case 5: return .answer(server.failure(.rateLimitExceeded))
            default:
                _ = try? server.answer(request)
                return .answer(SyncAnswer(status: 504, isJSON: false))
            }
        }
    }

    mutating func heal() throws {
        for device in devices {
            device.fate = { _ in .deliver }
            try device.release()
        }
        for _ in 0..<4 { for device in devices { try device.run(for: .seconds(100)) } }
        while !wire.late.isEmpty { _ = try server.answer(wire.late.removeFirst()) }
        for _ in 0..<4 { for device in devices { try device.run(for: .seconds(200)) } }
        for device in devices { device.tell(.sessionChanged(user: device.user)) }
        for _ in 0..<2 { for device in devices { try device.run(for: .seconds(200)) } }
    }

    func check(_ name: Comment) throws {
        let rows = try server.rows()
        for tag in tags {
            let count = rows.count { $0["tag"]?.stringValue == tag }
            if deleted.contains(tag) { #expect(count <= 1, name) } else { #expect(count == 1, "\(name) \(tag)") }
        }
        // Twins are cleaned up in the end, so the history tells: the server saw a create once, or once more where the
        // first copy came late.
        let keys = server.served.compactMap { request -> String? in
            guard case .create = request.operation, let body = request.body else { return nil }
            return (try? JSON(parsing: body))?["clientKey"]?.stringValue
        }
        for key in Set(keys) where !wire.keys.contains(key) {
            #expect(keys.count { $0 == key } == 1, "\(name) \(key) was sent twice")
        }
        for device in devices {
            for report in try device.reports("deletedElsewhere") {
                #expect(try server.row("notes", report.record) == nil, "\(name) \(report.record) is there")
            }
            #expect(try device.outbox().isEmpty, name)
            #expect(try device.visible() == rows, name)
            let number = try #require(try device.store.read { try $0.subscriptions.all() }.first?.number)
            #expect(try device.members(number) == rows.compactMap { $0["id"]?.stringValue }, name)
        }
        let before = try devices.map { device in try device.store.read { try $0.changes.latest } }
        let written = devices.map(\.writes.count)
        for device in devices {
            device.tell(.syncNow)
            try device.run(for: .seconds(100))
        }
        #expect(try devices.map { device in try device.store.read { try $0.changes.latest } } == before, name)
        #expect(devices.map(\.writes.count) == written, name)
    }

    /// Chance for a closure.
    final class Draws {
        private var random: SyncRandom
        init(_ random: SyncRandom) { self.random = random }
        func next(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
    }
}
