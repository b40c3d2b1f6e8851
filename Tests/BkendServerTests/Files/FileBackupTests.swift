import BkendWire
import Foundation
import Synchronization
import Testing

@testable import BkendServer

/// Backups while files come and go.
@Suite struct FileBackupTests {
    @Test("A backup made while clients upload and delete holds each file that was there before it, whole")
    func underLoad() async throws {
        try await withFolder { folder in
            let keys = try CommandTests.keys(try await CommandRun.run("init", folder))
            let server = try await ServeProcess.start(folder, ["--rate-limit", "off"])
            let load = FileLoad(TestClient(server.url, key: keys.secret))
            var expected: [[String: FileLoad.File]] = []
            let archives = (1...3).map { "\(folder).\($0).tar" }
            defer { for archive in archives { try? FileManager.default.removeItem(atPath: archive) } }
            try await load.during {
                for archive in archives { expected.append(try await load.promised(around: folder, archive)) }
            }
            #expect(try await server.end().status == 0)
            #expect(load.refusals == [])
            for (archive, files) in zip(archives, expected) {
                let restored = archive + ".restored"
                try await unpack(archive, to: restored)
                defer { try? FileManager.default.removeItem(atPath: restored) }
                var findings: [FolderFinding] = []
                _ = try FolderCheck(restored) { findings.append($0) }.run()
                #expect(findings == [])
                let second = try await ServeProcess.start(restored, ["--rate-limit", "off"])
                try await FileLoad.check(files, TestClient(second.url, key: keys.secret))
                #expect(try await second.end().status == 0)
            }
        }
    }
}

/// Clients that upload and delete files, and what they were promised.
final class FileLoad: Sendable {
    /// What was sent: a byte, and how often.
    struct File: Hashable {
        let byte: UInt8
        let count: Int
    }

    private struct State {
        /// Those that were answered 201, and that nobody has begun to delete.
        var files: [String: File] = [:]
        var refusals: [String] = []
        var isOver = false
    }

    private let client: TestClient
    private let state = Mutex(State())

    init(_ client: TestClient) { self.client = client }

    /// Answers that should not have been.
    var refusals: [String] { state.withLock { $0.refusals } }

    /// The files that are promised now.
    var promised: [String: File] { state.withLock { $0.files } }

    /// Runs `body` while clients work, from when there are some files.
    func during(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [self] in
                    defer { state.withLock { $0.isOver = true } }
                    try await work()
                }
            }
            defer { state.withLock { $0.isOver = true } }
            try await blocking { [self] in while !isOver, promised.count < 60 { usleep(1_000) } }
            try await body()
            state.withLock { $0.isOver = true }
            try await group.waitForAll()
        }
    }

    private var isOver: Bool { state.withLock { $0.isOver } }

    private func work() async throws {
        while !isOver {
            let file = File(byte: .random(in: .min ... .max), count: .random(in: 1...60_000))
            let bytes = [UInt8](repeating: file.byte, count: file.count)
            let answer = try await client.upload("a.bin", bytes, type: "a/b")
            state.withLock { state in
                if answer.status == 201 { state.files[answer.id] = file } else { state.refusals.append(answer.text) }
            }
            // Every third goes again.
            guard Int.random(in: 0..<3) == 0, let id = promised.keys.randomElement(),
                state.withLock({ $0.files.removeValue(forKey: id) }) != nil
            else { continue }
            let deletion = try await client.send("DELETE", "/v1/files/\(id)")
            if deletion.status != 200 { state.withLock { $0.refusals.append(deletion.text) } }
        }
    }

    /// Makes a backup, and gives the files that were there before it and are there after it.
    func promised(around folder: String, _ archive: String) async throws -> [String: File] {
        let before = promised
        let backup = try await CommandRun.run("backup", folder, archive)
        #expect(backup.status == 0, "\(backup.errors)")
        let after = promised
        return before.filter { after[$0.key] != nil }
    }

    /// Reads each file, and compares its bytes.
    static func check(_ files: [String: File], _ client: TestClient) async throws {
        #expect(!files.isEmpty)
        for (id, file) in files {
            let answer = try await client.get("/v1/files/\(id)/download")
            #expect(answer.status == 200, "\(id): \(answer.text)")
            #expect(answer.body.count == file.count && answer.body.allSatisfy { $0 == file.byte }, "\(id)")
        }
    }
}
