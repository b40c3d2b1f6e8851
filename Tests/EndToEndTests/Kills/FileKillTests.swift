import Bkend
import BkendTesting
import Foundation
import Testing

/// kill -9 of an app that attaches photos, and of another that keeps them, behind a network of random faults: every photo is
/// one file, every note has its address, every photo is on both devices, and no bytes are left that nobody names.
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

    /// A client of a device of Ada's, signed in through whatever faults there are.
    private static func client(_ server: TestServer, on device: URL) async throws -> BkendClient {
        let client = try BkendClient(
            url: server.url, key: server.publishableKey, options: .silent,
            sessions: FileSessionStore(path: device.path + "/session.json"))
        while true {
            if (try? await client.accounts.signIn(email: "ada@example.com", password: "correct horse 1")) != nil {
                return client
            }
            // The faults may let it through and lose the answer.
            if (try? await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")) != nil {
                return client
            }
        }
    }

    @Test("Apps are killed while one attaches and uploads, and another downloads")
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
        let client = try await Self.client(server, on: device)
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
        let tablet = folder.appending(path: "tablet")
        let reader = try await Self.client(server, on: tablet)
        let readerArguments = [server.url, server.publishableKey, tablet.path, "tablet", "0"]
        for _ in 0..<Self.kills {
            let process = try LineProcess("AppProcess", readerArguments)
            process.tell("keep")
            var left = Int.random(in: 1...30)
            while left > 0, let line = try? await process.line() {
                if let (named, here) = Self.kept(line) { left = named == here && named > 0 ? 0 : left - 1 }
            }
            process.end()
            while (try? await process.line()) != nil {}
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

        // What the notes name is on the other device as well.
        let reading = try LineProcess("AppProcess", readerArguments)
        reading.tell("keep")
        var isWhole = false
        while !isWhole {
            guard let (named, here) = Self.kept(try await reading.line()) else { continue }
            isWhole = named == here && named >= 2 * notes.count
        }
        reading.end()

        // On each device each row has its bytes, and nothing else is left.
        let marks = Set(notes.compactMap { $0["mark"]?.stringValue })
        let noted = files.filter { marks.contains($0.id) }.map(\.name)
        for (client, device, names) in [(client, device, names), (reader, tablet, noted)] {
            let store = try await client.openLocalStore(at: device)
            let here = try await store.files.list()
            #expect(Set(here.map(\.name)) == Set(names), "seed \(seed)")
            for file in here {
                let bytes = try await store.files.data(file.id)
                #expect(bytes == Data(String(repeating: file.name, count: 3_000).utf8), "seed \(seed)")
            }
            // The sweep goes among the writes; closing waits for it.
            await store.close()
            let left = try FileManager.default.subpathsOfDirectory(atPath: device.path)
                .filter { $0.contains("/files/") && !$0.hasSuffix("/.held") }
            #expect(left.count == here.count, "seed \(seed)")
        }
        await reader.shutdown()
        await client.shutdown()
        try await server.stop()
    }

    /// How many photos notes name, and how many of them are here, as a process has said.
    private static func kept(_ line: String) -> (Int, Int)? {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 3, words[0] == "kept", let named = Int(words[1]), let here = Int(words[2]) else {
            return nil
        }
        return (named, here)
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
