import BkendWire
import Foundation
import Synchronization
import Testing

@testable import BkendServer

/// kill -9 at random moments while clients upload. `make test` does a few; `make kill-files KILLS=200` does many, with 32
/// clients, against a release build.
@Suite(.serialized) struct FileKillTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kills = environment["FILE_KILLS"].flatMap { Int($0) } ?? 3
    private static let clients = environment["FILE_KILLS"] == nil ? 6 : 32

    /// What clients were promised: the files that were answered 201, by id, with the byte that fills them and their size.
    private final class Promised: Sendable {
        let files = Mutex<[String: (byte: UInt8, count: Int)]>([:])
        let refusals = Mutex<[String]>([])
        /// Those that were promised since the server started last.
        private let recent = Mutex<Set<String>>([])
        private let left = Mutex(0)

        func expect(_ count: Int) {
            left.withLock { $0 = count }
            recent.withLock { $0 = [] }
        }

        func add(_ id: String, byte: UInt8, count: Int) {
            files.withLock { $0[id] = (byte, count) }
            recent.withLock { _ = $0.insert(id) }
        }

        /// Those to look at after a kill: every recent one, and some of the others. After the last kill all.
        func toCheck(isLast: Bool) -> [String: (byte: UInt8, count: Int)] {
            let all = files.withLock { $0 }
            if isLast { return all }
            let recent = recent.withLock { $0 }
            let old = all.keys.filter { !recent.contains($0) }.shuffled().prefix(50)
            return all.filter { recent.contains($0.key) || old.contains($0.key) }
        }

        /// Whether so many answers have come that the server is to be killed.
        var isTime: Bool { left.withLock { $0 <= 0 } }

        func answered() { left.withLock { $0 -= 1 } }
    }

    @Test(
        "After kill -9 every registered file is whole, no row is without bytes, and a sweep leaves no bytes without a row"
    )
    func kills() async throws {
        try await withFolder { folder in
            let keys = try CommandTests.keys(try await CommandRun.run("init", folder))
            let promised = Promised()
            var swept = 0
            for kill in 0...Self.kills {
                let server = try await ServeProcess.start(folder, ["--rate-limit", "off"])
                let client = TestClient(server.url, key: keys.secret)
                for (id, file) in promised.toCheck(isLast: kill == Self.kills) {
                    let answer = try await client.get("/v1/files/\(id)/download")
                    let isWhole = answer.body.count == file.count && answer.body.allSatisfy { $0 == file.byte }
                    #expect(answer.status == 200 && isWhole, "\(id) after kill \(kill): \(answer.status)")
                }
                guard kill < Self.kills else {
                    #expect(try await server.end().status == 0)
                    break
                }
                promised.expect(Int.random(in: 10...(20 * Self.clients)))
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<Self.clients { group.addTask { await Self.upload(client, promised) } }
                    group.addTask {
                        _ = try? await blocking {
                            while !promised.isTime { usleep(500) }
                            usleep(UInt32.random(in: 0..<20_000))
                        }
                        _ = try? await server.end(SIGKILL)
                    }
                }
                let found = try Self.findings(folder)
                swept += found.count
                #expect(found.allSatisfy { $0.message.hasPrefix("no row names") }, "after kill \(kill): \(found)")
            }
            #expect(promised.refusals.withLock { $0 } == [])
            #expect(try Self.findings(folder) == [])
            #expect(objectFiles(folder).allSatisfy { ObjectFolder.isName($0) })
            let count = promised.files.withLock { $0.count }
            #expect(count > 0)
            print("\(Self.kills) kills, \(count) files, \(swept) objects without a row swept")
        }
    }

    /// Uploads files until the server dies.
    private static func upload(_ client: TestClient, _ promised: Promised) async {
        while true {
            let byte = UInt8.random(in: .min ... .max)
            // Most are small, so that two hundred kills fit on a disk.
            let count = Int.random(in: 1...(Int.random(in: 0..<10) == 0 ? 300_000 : 20_000))
            do {
                let upload = try await client.stored("a.bin", [UInt8](repeating: byte, count: count), type: "a/b")
                promised.answered()
                let file = try await client.register(upload, "a.bin", type: "a/b", size: count)
                promised.answered()
                if file.status == 201 {
                    promised.add(file.id, byte: byte, count: count)
                } else {
                    promised.refusals.withLock { $0.append("\(upload.put.status), \(file.text)") }
                }
            } catch {
                return
            }
        }
    }

    private static func findings(_ folder: String) throws -> [FolderFinding] {
        var findings: [FolderFinding] = []
        _ = try FolderCheck(folder) { findings.append($0) }.run()
        return findings.filter { $0.kind != .file }
    }
}
