import Bkend
import BkendServer
import BkendTesting
import BkendWire
import Foundation
import Synchronization
import Testing

/// Processes of an app, one session's file, the real server on real sockets.
@Suite struct SharedSessionTests {
    /// Each round is one access token that expires.
    private static let rounds =
        ProcessInfo.processInfo.environment["BKEND_REFRESH_ROUNDS"].flatMap(Int.init) ?? 40
    private static let calls = 4

    @Test(
        "Processes meet the end of one access token again and again: each refresh token leaves once",
        arguments: [(2, rounds), (8, max(rounds / 4, 1))])
    func refreshes(processes: Int, rounds: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-shared-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = try RequestLog(path: folder + "/requests.log")
        let clock = Mutex(Timestamp.systemNow)
        let server = try await TestServer.start(folder: folder + "/data") {
            $0.now = { clock.withLock { $0 } }
            $0.requestLog = log
        }
        do {
            try await run(server, session: folder + "/app/session.json", processes, rounds) {
                clock.withLock { $0 = Timestamp(clamping: $0.milliseconds + 3_601_000) }
            }
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
        try judge(folder + "/requests.log", rounds)
    }

    private func run(
        _ server: TestServer, session path: String, _ count: Int, _ rounds: Int, expire: () -> Void
    ) async throws {
        let store = try FileSessionStore(path: path)
        let app = try BkendClient(url: server.url, key: server.publishableKey, options: .silent, sessions: store)
        let id = try await app.accounts.signUp(email: "ada@example.com", password: "correct horse 1").id
        var first = try #require(try await store.load())
        // In the first round the early refresh of a session that is due runs against the one of the refused calls.
        first.obtainedAt = Date(timeIntervalSinceNow: -3_000)
        try await store.save(first)
        var seen: Set<String> = [first.refreshToken]
        let arguments = [server.url, server.publishableKey, path, "\(Self.calls)"]
        let processes = try (0..<count).map { _ in try LineProcess("SessionProcess", arguments) }
        defer { for process in processes { process.end() } }
        for round in 1...rounds {
            expire()
            for process in processes { process.tell("go") }
            for process in processes {
                #expect(try await process.line() == "ok \(id)", "round \(round)")
            }
            let session = try #require(try await store.load())
            #expect(session.status == .active && session.userID == id)
            #expect(seen.insert(session.refreshToken).inserted, "round \(round): the session is the one before")
        }
        #expect(try await app.accounts.sessions().count == 1)
    }

    /// Every refresh that the server saw is one of the rounds': no token came twice, not even within its grace.
    private func judge(_ log: String, _ rounds: Int) throws {
        let text = try String(contentsOfFile: log, encoding: .utf8)
        let lines = try text.split(separator: "\n").map { try JSON(parsing: $0.utf8) }
        let refreshes = lines.filter { $0["route"] == "/v1/auth/refresh" }
        #expect(refreshes.count == rounds)
        #expect(refreshes.allSatisfy { $0["status"] == 200 })
    }
}
