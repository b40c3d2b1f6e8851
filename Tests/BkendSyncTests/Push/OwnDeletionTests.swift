import BkendSync
import BkendWire
import Foundation
import Testing

/// What the engine deletes on the server by its own conclusion, and what it must not.
@Suite struct OwnDeletionTests {
    let server: ScriptedServer
    let device: ScriptedDevice

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    /// Makes records on the device and has them synced; their local ids.
    private func make(_ count: Int) throws -> [String] {
        device.start()
        _ = try device.subscribe()
        try device.run()
        let ids = try device.write { tx in try (0..<count).map { try tx.writes.create("notes", ["n": .int(Int64($0))]) }
        }
        try device.run()
        #expect(try server.rows().count == count)
        return ids
    }

    /// The same records under new ids, as an import does it; the former ones stay if they are said to.
    private func importAnew(keepingOriginals: Bool = false) throws {
        for row in try server.rows() {
            if !keepingOriginals { try server.delete("notes", row["id"]?.stringValue ?? "") }
            try server.insert(
                Self.fields(of: row), by: row["createdBy"]?.stringValue ?? "")
        }
    }

    private static func fields(of row: JSONObject) -> JSONObject {
        JSONObject(row.filter { !SystemField.contains($0.key) }.map { ($0.key, $0.value) })
    }

    private var ownDeletions: [SyncRequest] {
        device.sent.filter { request in
            if case .delete = request.operation { request.entries.isEmpty } else { false }
        }
    }

    @Test("Records that come back under new ids are taken for what they are; none is deleted", arguments: [5, 30])
    func newIDs(count: Int) throws {
        let ids = try make(count)
        try importAnew()
        try device.run(for: .seconds(900))
        #expect(try server.rows().count == count)
        #expect(ownDeletions.isEmpty)
        #expect(try device.visible() == server.rows())
        for (number, id) in ids.enumerated() {
            let shown = try device.store.read { try $0.documents.document("notes", id)?.json }
            #expect(shown?["n"] == .int(Int64(number)))
        }
        try device.write { try $0.writes.update("notes", ids[0], set: ["title": "again"]) }
        try device.run()
        #expect(try server.rows().count { $0["title"] == "again" } == 1)
        #expect(try device.outbox().isEmpty)
    }

    @Test("Answers of two creates that come in each other's place make no record go", arguments: [true, false])
    func swappedAnswers(secondHasKey: Bool) throws {
        device.start()
        _ = try device.subscribe()
        try device.run()
        try device.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
        device.fate = { if case .create = $0.operation { .hold } else { .deliver } }
        let ids = try device.write { tx in
            try ["a", "b"].map {
                try tx.writes.create("notes", ["title": .string($0)], withKey: $0 == "a" || secondHasKey)
            }
        }
        try device.run(for: .seconds(1))
        let answers = try device.held.map { try server.answer($0.request) }
        try #require(answers.count == 2)
        try device.release(answers.reversed())
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(300))
        #expect(try server.rows().count == 2)
        #expect(try device.outbox().isEmpty)
        for (id, title) in zip(ids, ["a", "b"]) {
            #expect(try device.store.read { try $0.documents.document("notes", id)?.json["title"] } == .string(title))
        }
    }

    @Test("Copies of so many records at once are no delayed creates: they stay, are shown, and the app is told")
    func manyCopies() throws {
        _ = try make(30)
        try importAnew(keepingOriginals: true)
        try device.run(for: .seconds(900))
        #expect(try server.rows().count == 60)
        #expect(ownDeletions.isEmpty)
        #expect(try device.visible() == server.rows())
        #expect(try !device.reports().isEmpty)
    }

    @Test("A copy goes after two looks at the original, the app told before the request leaves")
    func twoLooks() throws {
        let id = try make(1)[0]
        let original = try device.store.read { try $0.aliases.resolve(id) }
        try importAnew(keepingOriginals: true)
        var told: [String] = []
        var looks = 0
        device.fate = { [device, server] request in
            if case .record(_, original) = request.operation { looks += 1 }
            if case .delete = request.operation {
                told = (try? device.reports().map(\.kind)) ?? []
                #expect(looks == 2 && server.served.count > 0)
            }
            return .deliver
        }
        try device.run(for: .seconds(300))
        #expect(try server.rows().map { $0["id"] } == [.string(original)])
        #expect(ownDeletions.count == 1)
        #expect(told == ["twin"])
        #expect(try device.reports().map(\.kind) == ["twinDeleted"])
    }

    @Test("An original that may not be read proves nothing: the copy stays and is shown")
    func unreadableOriginal() throws {
        _ = try make(1)
        try importAnew(keepingOriginals: true)
        device.fate = { [server] request in
            if case .record = request.operation { .answer(server.failure(.permissionDenied)) } else { .deliver }
        }
        try device.run(for: .seconds(300))
        #expect(try server.rows().count == 2)
        #expect(try device.visible() == server.rows())
        #expect(try device.reports("twin").count == 1)
    }

    @Test("A copy that another user made stays")
    func anothersCopy() throws {
        _ = try make(1)
        let row = try #require(try server.rows().first)
        try server.insert(Self.fields(of: row), by: "bob")
        try device.run(for: .seconds(300))
        #expect(try server.rows().count == 2 && device.visible() == server.rows())
    }

    @Test(
        "An original that bears its key no more is another record: the row with the key is the one that was made here")
    func originalWithoutKey() throws {
        let id = try make(1)[0]
        var row = try #require(try server.rows().first)
        let key = try #require(row["clientKey"])
        row["clientKey"] = .null
        row["updatedAt"] = .string(server.now.description)
        try server.write(row)
        let copy = try server.insert(["n": 0, "clientKey": key], by: "ann")
        try device.run(for: .seconds(300))
        #expect(try server.rows().count == 2 && device.visible() == server.rows())
        #expect(try device.store.read { try $0.aliases.resolve(id) } == copy["id"]?.stringValue)
    }

    @Test("What was written to a record before its new id was known goes to the record")
    func waitingWrites() throws {
        let id = try make(1)[0]
        device.tell(.networkChanged(reachable: false))
        try device.write { try $0.writes.update("notes", id, set: ["title": "mine"]) }
        try importAnew()
        device.fate = { if $0.entries.isEmpty { .deliver } else { .notSent } }
        device.tell(.networkChanged(reachable: true))
        try device.run(for: .seconds(60))
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(300))
        #expect(try server.rows().map { $0["title"] } == ["mine"])
        #expect(try device.visible() == server.rows() && device.outbox().isEmpty)
        #expect(try device.reports("deletedElsewhere").isEmpty)
    }

    @Test("A copy of a record that was just deleted here is deleted too: the record doesn't come back")
    func copyOfADeletedRecord() throws {
        let id = try make(1)[0]
        let row = try #require(try server.rows().first)
        try device.write { try $0.writes.delete("notes", id) }
        try device.run(for: .seconds(60))
        #expect(try server.rows().isEmpty)
        try server.insert(Self.fields(of: row), by: "ann")
        try device.run(for: .seconds(120))
        #expect(try server.rows().isEmpty && device.visible().isEmpty)
        #expect(ownDeletions.count == 1)
        // Long afterwards it is no late copy: somebody has brought it back.
        try device.run(for: .seconds(700))
        try server.insert(Self.fields(of: row), by: "ann")
        try device.run(for: .seconds(120))
        #expect(try server.rows().count == 1 && device.visible() == server.rows())
    }

    @Test("A key that several devices share proves nothing: no row with it is deleted")
    func sharedKey() throws {
        var configuration = SyncConfiguration(server: "test")
        configuration.policies.deletedElsewhere = .createAgain
        let device = try ScriptedDevice(server, configuration: configuration)
        let id = try device.start(knowing: 1)[0]
        try server.delete("notes", id)
        try device.write { try $0.writes.update("notes", id, set: ["n": 2]) }
        try device.run()
        try server.insert(["n": 3, "clientKey": .string("re-" + id)], by: "ann")
        try device.run(for: .seconds(300))
        #expect(try server.rows().count == 2 && device.visible() == server.rows())
        #expect(try device.reports("twin").count == 1)
    }

    @Test("A record that was made again doesn't make the one before it, imported anew and changed, one too many")
    func recreatedOriginal() throws {
        var configuration = SyncConfiguration(server: "test")
        configuration.policies.deletedElsewhere = .createAgain
        let device = try ScriptedDevice(server, configuration: configuration)
        device.start()
        _ = try device.subscribe()
        try device.run()
        let id = try device.write { try $0.writes.create("notes", ["n": 1]) }
        try device.run()
        let row = try #require(try server.rows().first)
        try server.delete("notes", try #require(row["id"]?.stringValue))
        try device.write { try $0.writes.update("notes", id, set: ["n": 2]) }
        try device.run()
        #expect(try server.rows().count == 1)
        var before = Self.fields(of: row)
        before["title"] = "changed by another device"
        try server.insert(before, by: "ann")
        try device.run(for: .seconds(900))
        #expect(try server.rows().count == 2 && device.visible() == server.rows())
        #expect(try device.reports("twin").count == 1 && device.outbox().isEmpty)
    }

    @Test("A page with rows that were not asked for removes nothing")
    func pageOfAnotherQuestion() throws {
        _ = try device.start(knowing: 300)
        try device.run(for: .seconds(600))
        try server.delete("notes", try #require(try server.rows()[150]["id"]?.stringValue))
        var swapped = 0
        device.fate = { [server] request in
            guard case .list(let table, let items) = request.operation,
                items.contains(where: { $0.value.contains("$lte") }), items.contains(QueryItem("limit", "100"))
            else { return .deliver }
            swapped += 1
            let first = [QueryItem("sortBy", "id"), QueryItem("sortDirection", "asc"), QueryItem("limit", "1")]
            let other = SyncRequest(.list(table: table, first), user: "ann", deadline: .seconds(30))
            return (try? server.answer(other)).map { .answer($0) } ?? .deliver
        }
        device.tell(.syncNow)
        try device.run(for: .seconds(30))
        #expect(swapped > 0)
        #expect(try device.visible().count == 300)
        device.fate = { _ in .deliver }
        try device.run(for: .seconds(600))
        #expect(try device.visible() == server.rows())
    }

    @Test("One function sends deletions that no entry asked for, of a type that only the guard makes")
    func onePlace() throws {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        folder.append(path: "Sources/BkendSync")
        let names = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var found: [String: [String]] = [:]
        for case let file as URL in names where file.pathExtension == "swift" {
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
            for line in lines {
                for sign in [".delete(table:", " OwnDeletion(", ".unwanted(", "send(_ deletion: OwnDeletion"]
                where line.contains(sign) && !line.contains("case ") {
                    found[sign, default: []].append(file.lastPathComponent)
                }
            }
        }
        // Besides, an entry's own deletion.
        #expect(found[".delete(table:"]?.sorted() == ["DeletionGuard+Looks.swift", "PushMachine+Changes.swift"])
        #expect(found[".unwanted("] == ["DeletionGuard+Looks.swift"])
        #expect(found["send(_ deletion: OwnDeletion"] == ["DeletionGuard+Looks.swift"])
        #expect(found[" OwnDeletion("] == nil)
    }

    @Test(
        "What speaks for a deletion",
        arguments: [
            (UnwantedEvidence.Sight.hidden, true, UnwantedFate.keep), (.hidden, false, .keep),
            (.recreated, true, .keep),
            (.changed, true, .adopt), (.changed, false, .leave), (.missing, true, .adopt), (.missing, false, .leave),
            (.present, true, .delete), (.present, false, .delete),
        ])
    func evidence(sight: UnwantedEvidence.Sight, isCopy: Bool, fate: UnwantedFate) {
        var evidence = UnwantedEvidence(
            sight: sight, isCopy: isCopy, isShared: false, wasDeletedHere: false, sinceFirstLook: .seconds(5),
            interval: .seconds(5), isMany: false)
        #expect(evidence.fate == fate)
        guard fate == .delete else { return }
        evidence.sinceFirstLook = .seconds(4)
        #expect(evidence.fate == .lookAgain)
        evidence.sinceFirstLook = nil
        #expect(evidence.fate == .lookAgain)
        evidence.sinceFirstLook = .seconds(60)
        evidence.isMany = true
        #expect(evidence.fate == .keepAll)
        evidence.isShared = true
        #expect(evidence.fate == .keep)
    }
}
