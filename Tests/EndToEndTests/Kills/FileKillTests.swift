import Bkend
import BkendTesting
import Foundation
import Testing

/// kill -9 of an app that attaches photos, behind a network of random faults: every photo is one file, every note has its
/// address, and no bytes are left that nobody names.
@Suite(.serialized, .timeLimit(.minutes(60))) struct FileKillTests {
    private static let kills = ProcessInfo.processInfo.environment["BKEND_APP_KILLS"].flatMap(Int.init) ?? 6

    private static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "schema": [
                    "properties": [
                        "mark": ["type": "string", "required": true], "owner": ["type": "string"],
                        "value": ["type": "number"],
                    ],
                    "additionalProperties": true,
                ],
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    @Test("An app is killed while it attaches and uploads")
    func killed() async throws {
        let seed = UInt64.random(in: 0...9_999_999)
        let plan = FaultPlan.random(seed: seed, rate: 0.15, of: Fault.network + [.commitLate(.milliseconds(200))])
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-kills-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try await TestServer.start(
            folder: folder.appending(path: "server").path, tables: Self.tables, faults: plan
        ) { $0.rateLimit = nil }
        let device = folder.appending(path: "phone")
        let sessions = try FileSessionStore(path: device.path + "/session.json")
        let client = try BkendClient(
            url: server.url, key: server.publishableKey, options: .silent, sessions: sessions)
        while true {
            do throws(BkendError) {
                try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
                break
            } catch {
                // The faults may have let it through.
                if (try? await client.accounts.signIn(email: "ada@example.com", password: "correct horse 1")) != nil {
                    break
                }
            }
        }
        var done: Set<String> = []
        var tried: Set<String> = []
        func take(_ line: String) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 2 else { return }
            if words[0] == "try" { tried.insert(words[1]) } else if words[0] == "did" { done.insert(words[1]) }
        }
        let arguments = [server.url, server.publishableKey, device.path, "phone", "0"]
        for _ in 0..<Self.kills {
            let process = try LineProcess("AppProcess", arguments)
            process.tell("photos")
            let enough = done.count + Int.random(in: 1...8)
            while done.count < enough { take(try await process.line()) }
            process.end()
            // What it printed before it died counts.
            while let line = try? await process.line() { take(line) }
        }
        plan.heal()
        await server.lateRequests()
        let process = try LineProcess("AppProcess", arguments)
        process.tell("settle")
        var last = ""
        while !last.hasPrefix("settled") { last = try await process.line() }
        process.end()
        #expect(last == "settled 0 0 0", "seed \(seed)")

        let files = try await Self.files(client)
        let names = files.map(\.name)
        #expect(Set(names).count == names.count, "seed \(seed): \(names.count - Set(names).count) files twice")
        #expect(done.isSubset(of: names) && Set(names).isSubset(of: tried), "seed \(seed)")
        for file in files.prefix(20) {
            let bytes = try await client.files.data(file.id)
            #expect(bytes == Data(String(repeating: file.name, count: 3_000).utf8), "seed \(seed)")
        }
        let addresses = Dictionary(uniqueKeysWithValues: files.map { ($0.id, $0.url) })
        var notes: [Record<JSONObject>] = []
        for try await note in client.table("notes").all() { notes.append(note) }
        #expect(notes.count >= done.count, "seed \(seed)")
        for note in notes {
            let mark = try #require(note["mark"]?.stringValue)
            #expect(addresses[mark] == note["owner"]?.stringValue, "seed \(seed)")
        }

        // On the device each row has its bytes, and nothing else is left.
        let store = try await client.openLocalStore(at: device)
        let here = try await store.files.list()
        #expect(Set(here.map(\.name)) == Set(names), "seed \(seed)")
        for file in here { _ = try await store.files.open(file.id) }
        // The sweep goes among the writes; closing waits for it.
        await store.close()
        let left = try FileManager.default.subpathsOfDirectory(atPath: device.path)
            .filter { $0.contains("/files/") && !$0.hasSuffix("/.held") }
        #expect(left.count == here.count, "seed \(seed)")
        await client.shutdown()
        try await server.stop()
    }

    private static func files(_ client: BkendClient) async throws -> [RemoteFile] {
        var (files, page, more) = ([RemoteFile](), 1, true)
        while more {
            let answer = try await client.files.list(page: page, limit: 100)
            files += answer.files
            more = answer.pagination.hasNext
            page += 1
        }
        return files
    }
}
