import Bkend
import BkendTesting
import Foundation
import Testing

/// Processes of an app at one server. They are killed, stopped and started again, and what they wrote is accounted for.
actor AppWorld {
    /// A process, and what it prints besides of its writes.
    private struct App {
        let process: LineProcess
        let told: AsyncStream<String>
        let reading: Task<Void, Never>
    }

    nonisolated let url: String
    private let key: String
    private let most: Int
    private let folder: URL
    let ledger = Ledger()
    /// The processes that run, by owner, and the device that each is on: processes of one device share a store.
    private var apps: [String: App] = [:]
    private(set) var kills = 0

    /// A world without processes.
    ///
    /// - Parameter most: how many notes an owner keeps.
    init(url: String, key: String, folder: URL, most: Int = 60) {
        self.url = url
        self.key = key
        self.folder = folder
        self.most = most
    }

    /// Signs a new user in on devices, each with a folder of its own.
    func signIn(devices: [String]) async throws {
        var isNew = true
        for device in devices {
            let sessions = try FileSessionStore(path: path(device) + "/session.json")
            let client = try BkendClient(url: url, key: key, options: .silent, sessions: sessions)
            if isNew {
                try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
            } else {
                try await client.accounts.signIn(email: "ada@example.com", password: "correct horse 1")
            }
            isNew = false
            await client.shutdown()
        }
    }

    private func path(_ device: String) -> String { folder.appending(path: device).path }

    /// Starts a process that writes. Its owner's name begins with the device's, and a dot.
    func start(_ owner: String) async throws {
        let device = String(owner.prefix { $0 != "." })
        let process = try LineProcess("AppProcess", [url, key, path(device), owner, "\(most)"])
        let (told, next) = AsyncStream<String>.makeStream()
        let reading = Task { [ledger] in
            while let line = try? await process.line() {
                if await !ledger.take(line, of: owner) { next.yield(line) }
            }
            next.finish()
            await ledger.ended(owner)
        }
        let app = App(process: process, told: told, reading: reading)
        apps[owner] = app
        try await hear("open", from: app)
        app.process.tell("write")
    }

    /// kill -9, after so many more writes have returned; then it is started again.
    func kill(_ owner: String, after writes: Int) async throws {
        guard let app = apps[owner] else { return }
        await ledger.wait(for: writes, of: owner)
        kills += 1
        app.process.end()
        // What it printed before it died is read to the end.
        await app.reading.value
        try await start(owner)
    }

    /// Suspends a process until another one has written so many times, or has ended.
    func suspend(_ owner: String, until other: String, hasWritten writes: Int) async throws {
        guard let app = apps[owner] else { return }
        app.process.signal(SIGSTOP)
        await ledger.wait(for: writes, of: other)
        app.process.signal(SIGCONT)
    }

    /// Ends the writing, and has everything sent; what stays that isn't on the server.
    func settle() async throws -> [String] {
        for app in apps.values {
            app.process.tell("rest")
            try await hear("rests", from: app)
        }
        var left: [String] = []
        for (owner, app) in apps.sorted(by: { $0.key < $1.key }) {
            app.process.tell("settle")
            let line = try await next(of: app)
            if line != "settled 0 0 0" { left.append("\(owner): \(line)") }
        }
        return left
    }

    /// Whether all devices have what the server has, and it is what was written: what is wrong, and what they report.
    func flaws(admin: BkendClient) async throws -> (flaws: [String], reports: [String]) {
        var flaws: [String] = []
        var reports: [String] = []
        for _ in 0..<20 {
            let there = try await rows(admin)
            flaws = await ledger.flaws(of: there).map { "server: \($0)" }
            reports = []
            for (owner, app) in apps.sorted(by: { $0.key < $1.key }) {
                let here = try await rows(app)
                let lost = Set(there.map { "\($0.mark) \($0.value)" }).symmetricDifference(here)
                flaws += lost.sorted().map { "\(owner) differs: \($0)" }
                app.process.tell("reports")
                while case let line = try await next(of: app), line != "reports" { reports.append("\(owner): \(line)") }
            }
            if flaws.isEmpty { break }
            // A device may have to wait for its next poll.
            for app in apps.values {
                app.process.tell("settle")
                _ = try await next(of: app)
            }
        }
        return (flaws, reports)
    }

    private func rows(_ admin: BkendClient) async throws -> [(mark: String, value: Int)] {
        var rows: [(mark: String, value: Int)] = []
        for try await record in admin.table("notes").order(byPath: "id").all() {
            rows.append((record["mark"]?.stringValue ?? "", Int(record["value"]?.intValue ?? 0)))
        }
        return rows
    }

    private func rows(_ app: App) async throws -> [String] {
        app.process.tell("rows")
        var rows: [String] = []
        while case let line = try await next(of: app), line != "rows" { rows.append(String(line.dropFirst(4))) }
        return rows
    }

    /// The processes' ids, by owner.
    var processes: [String: Int32] { apps.mapValues(\.process.id) }

    /// Ends everything.
    func end() async {
        for app in apps.values {
            app.process.end()
            await app.reading.value
        }
        apps = [:]
    }

    private func hear(_ line: String, from app: App) async throws {
        let told = try await next(of: app)
        if told != line { throw LineProcess.Failure(what: "a process says \(told) instead of \(line)") }
    }

    private func next(of app: App) async throws -> String {
        for await line in app.told { return line }
        throw LineProcess.Failure(what: "a process of the app has ended")
    }
}
