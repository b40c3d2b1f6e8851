import Bkend
import BkendTesting
import Foundation
import Testing

/// Processes of an app that attaches photos, and of one that keeps them, each on a device of its own at one server. They
/// are killed and started again, and each photo is accounted for.
actor FileWorld {
    static let tables: JSON = [
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
    /// Faults of the network, which are in a process or in the server.
    static let faults = Fault.network + [.commitLate(.milliseconds(200))]

    private struct App {
        let process: LineProcess
        let reading: Task<Void, Never>
    }

    private let url: String
    private let key: String
    private let folder: URL
    /// The seed of the faults in each process; nil for none.
    private let seed: UInt64?
    private var apps: [String: App] = [:]
    /// How much each device has told: a photo that it has attached, or how much it keeps.
    private var told: [String: Int] = [:]
    private var waiting: [(device: String, count: Int, wake: CheckedContinuation<Void, Never>)] = []
    /// The photos whose `attach` began, and those whose note was written.
    private var begun: Set<String> = []
    private var done: Set<String> = []

    init(url: String, key: String, folder: URL, seed: UInt64? = nil) {
        self.url = url
        self.key = key
        self.folder = folder
        self.seed = seed
    }

    /// Signs Ada in on a device, or up, through whatever faults there are.
    func signIn(on device: String) async throws -> BkendClient {
        let client = try BkendClient(
            url: url, key: key, options: .silent, sessions: FileSessionStore(path: path(device) + "/session.json"))
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

    private func path(_ device: String) -> String { folder.appending(path: device).path }

    private func process(_ device: String, faults: Bool) throws -> LineProcess {
        let seeds = faults ? seed.map { ["\($0)"] } ?? [] : []
        return try LineProcess("AppProcess", [url, key, path(device), device, "0"] + seeds)
    }

    /// Starts the process of a device, which attaches photos (`photos`) or keeps them (`keep`).
    func start(_ device: String, _ order: String) throws {
        let process = try process(device, faults: true)
        let reading = Task {
            while let line = try? await process.line() { take(line, of: device) }
            wake { $0 == device }
        }
        apps[device] = App(process: process, reading: reading)
        process.tell(order)
    }

    /// Returns when a device has told so much more, or keeps all it should.
    func wait(for count: Int, of device: String) async {
        let count = told[device, default: 0] + count
        await withCheckedContinuation { waiting.append((device, count, $0)) }
    }

    /// kill -9. What the process printed before it died counts.
    func kill(_ device: String) async {
        guard let app = apps.removeValue(forKey: device) else { return }
        app.process.end()
        await app.reading.value
    }

    /// Ends everything.
    func end() async { for device in apps.keys { await kill(device) } }

    private func take(_ line: String, of device: String) {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "try": begun.insert(words[1])
        case "did":
            done.insert(words[1])
            tell(device)
        case "kept":
            tell(device)
            if let (named, here) = Self.kept(line), named == here, named > 0 { wake { $0 == device } }
        default: break
        }
    }

    private func tell(_ device: String) {
        told[device, default: 0] += 1
        let count = told[device, default: 0]
        for (index, wait) in waiting.enumerated().reversed() where wait.device == device && wait.count <= count {
            waiting.remove(at: index).wake.resume()
        }
    }

    private func wake(_ isMeant: (String) -> Bool) {
        for (index, wait) in waiting.enumerated().reversed() where isMeant(wait.device) {
            waiting.remove(at: index).wake.resume()
        }
    }

    /// How many photos notes name, and how many of them are here, as a process has said.
    private static func kept(_ line: String) -> (Int, Int)? {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 3, words[0] == "kept", let named = Int(words[1]), let here = Int(words[2]) else {
            return nil
        }
        return (named, here)
    }

    /// Expects that every photo is one file, that every note has its address, that every photo is on both devices, and that
    /// no bytes are left that nobody names. The faults have ended.
    func judge(phone client: BkendClient, tablet reader: BkendClient, _ what: String) async throws {
        await end()
        let phone = try process("phone", faults: false)
        phone.tell("settle")
        var last = ""
        while !last.hasPrefix("settled") { last = try await phone.line() }
        phone.end()
        #expect(last == "settled 0 0 0", "\(what)")

        let files = try await files(client)
        let names = files.map(\.name)
        print("\(what): \(done.count) photos, \(names.count) files")
        #expect(!names.isEmpty && Set(names).count == names.count, "\(what): a file is there twice")
        #expect(done.isSubset(of: names) && Set(names).isSubset(of: begun), "\(what)")
        for file in files.prefix(20) {
            let bytes = try await client.files.data(file.id)
            #expect(bytes == Self.bytes(of: file.name), "\(what)")
        }
        let addresses = Dictionary(uniqueKeysWithValues: files.map { ($0.id, $0.url) })
        var notes: [Record<JSONObject>] = []
        for try await note in client.table("notes").all() { notes.append(note) }
        #expect(notes.count >= done.count, "\(what)")
        for note in notes {
            let mark = try #require(note["mark"]?.stringValue)
            #expect(addresses[mark] == note["owner"]?.stringValue, "\(what)")
        }

        // What the notes name is on the other device as well.
        let tablet = try process("tablet", faults: false)
        tablet.tell("keep")
        var isWhole = false
        while !isWhole {
            guard let (named, here) = Self.kept(try await tablet.line()) else { continue }
            isWhole = named == here && named >= 2 * notes.count
        }
        tablet.end()

        let marks = Set(notes.compactMap { $0["mark"]?.stringValue })
        let noted = files.filter { marks.contains($0.id) }.map(\.name)
        try await expect(names, in: client, on: "phone", what)
        try await expect(noted, in: reader, on: "tablet", what)
    }

    /// Expects that a device has the files with these names, each with its bytes, and nothing else.
    private func expect(_ names: [String], in client: BkendClient, on device: String, _ what: String) async throws {
        let store = try await client.openLocalStore(at: URL(filePath: path(device)))
        let here = try await store.files.list()
        #expect(Set(here.map(\.name)) == Set(names), "\(what)")
        for file in here {
            let bytes = try await store.files.data(file.id)
            #expect(bytes == Self.bytes(of: file.name), "\(what)")
        }
        // The sweep goes among the writes; closing waits for it.
        await store.close()
        let left = try FileManager.default.subpathsOfDirectory(atPath: path(device))
            .filter { $0.contains("/files/") && !$0.hasSuffix("/.held") }
        #expect(left.count == here.count, "\(what)")
    }

    /// The bytes of a photo, which its name decides.
    private static func bytes(of name: String) -> Data { Data(String(repeating: name, count: 3_000).utf8) }

    private func files(_ client: BkendClient) async throws -> [RemoteFile] {
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
