import Bkend
import BkendTesting
import ChildProcesses
import Foundation

@Table("notes")
struct KeptNote: Equatable {
    /// Names the note, as long as it lives.
    var mark: String
    /// The process that writes it; each writes its own.
    var owner: String
    /// Another one with each write.
    var value: Int
}

/// A process of an app that writes as fast as its outbox empties, until it is killed.
///
/// `AppProcess <url> <key> <folder> <owner> <most notes> [<seed>]` opens the local store in the folder, with the session
/// that lies there, and synchronises, with a seed over a network of random faults. Each line of its standard input is an
/// order:
///
/// - `write`, `rest`: begins and ends writing. Before each write it prints `try <mark> <value>`, and `did <mark> <value>`
///   once the write has returned; the value of a deleted note is `-`.
/// - `photos`: attaches photos and writes notes that name them, each pair for itself, until it is killed. Before each it
///   prints `try <name>`, and `did <name>` once both have returned.
/// - `keep`: keeps the photos that notes name, and prints `kept <named> <here>` with every status, until it is killed.
/// - `settle`: waits until the server has everything, and prints `settled <waiting> <failed> <unresolved>`.
/// - `rows`: prints `row <mark> <value>` for each note, and `rows`.
/// - `reports`: prints `report <JSON>` for each report and each entry that stays, and `reports`.
@main enum AppProcess {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard (6...7).contains(arguments.count), let most = Int(arguments[5]) else {
            throw Failure(what: "AppProcess <url> <key> <folder> <owner> <most notes> [<seed>]")
        }
        let seed = arguments.count == 7 ? UInt64(arguments[6]) : nil
        let network = try seed.map {
            try FaultTransport(
                .random(seed: $0, rate: 0.15, of: Fault.network + [.commitLate(.milliseconds(200))]))
        }
        var options = ClientOptions()
        options.logger.logLevel = .critical
        let client = try BkendClient(
            url: arguments[1], key: arguments[2], options: options,
            sessions: FileSessionStore(path: arguments[3] + "/session.json"), transport: network)
        let store = try await client.openLocalStore(at: arguments[3])
        try await store.subscribe(to: store.table(KeptNote.self))
        var sync = SyncOptions()
        sync.requestDeadline = .seconds(5)
        sync.serverTimeout = .seconds(2)
        sync.shortestPoll = .milliseconds(200)
        sync.longestPoll = .seconds(2)
        try await store.sync.start(sync)
        try ParentProcess.say("open")
        let writer = Writer(store: store, owner: arguments[4], most: most)
        for await order in ParentProcess.orders() {
            switch order {
            case "write": await writer.begin()
            case "rest":
                try await writer.rest()
                try ParentProcess.say("rests")
            case "photos": Task { try await attachPhotos(to: store, arguments[4]) }
            case "keep": Task { try await keepPhotos(in: store) }
            case "settle": try await settle(store)
            case "rows": try await tellRows(of: store)
            case "reports": try await tellReports(of: store)
            default: throw Failure(what: "no such order: \(order)")
            }
        }
        // Whoever gave orders is gone.
        await store.close()
        await client.shutdown()
        await network?.shutdown()
    }

    /// What stops the process.
    struct Failure: Error { var what: String }

    /// The bytes of a photo, which its name decides.
    private static func photo(_ name: String) -> Data { Data(String(repeating: name, count: 3_000).utf8) }

    private static func attachPhotos(to store: LocalStore, _ owner: String) async throws {
        while true {
            while try await store.outbox.counts().total > 12 { try await Task.sleep(for: .milliseconds(20)) }
            let number = Int(Date().timeIntervalSince1970 * 1_000_000)
            let name = "\(owner)-\(number).png"
            try ParentProcess.say("try \(name)")
            let photo = try await store.files.attach(photo(name), name: name, visibility: .public)
            let note = KeptNote(mark: photo.id, owner: photo.url, value: number)
            try await store.table(KeptNote.self).create(note)
            try ParentProcess.say("did \(name)")
        }
    }

    private static func keepPhotos(in store: LocalStore) async throws {
        let subscription = try await store.subscribe(
            to: store.table(KeptNote.self), keepingFiles: \.mark, \.owner)
        for await _ in store.sync.statuses {
            let (named, here) = try await store.files.progress(of: subscription.id)
            try ParentProcess.say("kept \(named) \(here)")
        }
    }

    private static func settle(_ store: LocalStore) async throws {
        var counts = try await store.outbox.counts()
        let end = ContinuousClock.now.advanced(by: .seconds(300))
        while ContinuousClock.now < end {
            await store.sync.syncNow()
            let status = await store.sync.settled(within: .seconds(5))
            counts = try await store.outbox.counts()
            // Beside a process that leads there is nothing to know but the outbox, which the other one empties.
            let isOther = status.state == .stopped
            let isUpToDate = isOther || status.subscriptions.allSatisfy(\.isUpToDate)
            if isUpToDate, counts.queued + counts.sending + counts.blocked == 0 { break }
            if isOther { try await Task.sleep(for: .milliseconds(100)) }
        }
        try ParentProcess.say(
            "settled \(counts.queued + counts.sending + counts.blocked) \(counts.failed) \(counts.unresolved)")
    }

    private static func tellRows(of store: LocalStore) async throws {
        for note in try await store.table(KeptNote.self).order(by: \.mark).fetch() {
            try ParentProcess.say("row \(note.mark) \(note.value)")
        }
        try ParentProcess.say("rows")
    }

    private static func tellReports(of store: LocalStore) async throws {
        for report in try await store.outbox.reports() {
            let line: JSON = [
                "kind": .string(report.kind), "record": .string(report.record), "detail": .object(report.detail),
            ]
            try ParentProcess.say("report \(line)")
        }
        for entry in try await store.outbox.entries() {
            let line: JSON = [
                "entry": .string("\(entry.state)"), "record": .string(entry.record), "fields": .object(entry.fields),
                "failure": .string("\(String(describing: entry.failure))"),
            ]
            try ParentProcess.say("report \(line)")
        }
        try ParentProcess.say("reports")
    }
}

/// Writes notes of one owner, and tells of each before and after.
actor Writer {
    private let notes: LocalTable<KeptNote>
    private let store: LocalStore
    private let owner: String
    private let most: Int
    private var writing: Task<Void, any Error>?
    private var value = 0

    init(store: LocalStore, owner: String, most: Int) {
        self.store = store
        notes = store.table(KeptNote.self)
        self.owner = owner
        self.most = most
    }

    func begin() {
        if writing == nil { writing = Task { try await write() } }
    }

    func rest() async throws {
        writing?.cancel()
        do { try await writing?.value } catch is CancellationError {} catch let error as StoreError
            where error.reason == .cancelled
        {}
        writing = nil
    }

    private func write() async throws {
        try await notes.index(by: \.owner)
        while true {
            try Task.checkCancellation()
            // More would wait for the server in any case, and the test with it.
            while try await store.outbox.counts().total > 200 { try await Task.sleep(for: .milliseconds(20)) }
            try await change()
        }
    }

    /// A create, an update or a delete; of those that are there already most are updates.
    private func change() async throws {
        // Never the value of a process before this one: it goes on with the time.
        value = max(value + 1, Int(Date().timeIntervalSince1970 * 1_000_000))
        let mine = notes.where { [owner] in $0.owner == owner }
        let count = try await mine.count()
        let chosen = count == 0 ? nil : try await mine.offset(Int.random(in: 0..<count)).limit(1).fetch().first
        switch (Int.random(in: 0..<100), chosen) {
        case (let dice, let note?) where count >= most || dice < 15:
            try await told(note.mark, "-") { try await self.notes.delete(note.id) }
        case (let dice, let note?) where dice < 60:
            let value = value
            try await told(note.mark, "\(value)") { try await self.notes.update(note.id) { $0.value = value } }
        default:
            let note = KeptNote(mark: "\(owner)-\(value)", owner: owner, value: value)
            try await told(note.mark, "\(value)") { try await self.notes.create(note) }
        }
    }

    private func told(_ mark: String, _ value: String, _ body: () async throws -> Void) async throws {
        try ParentProcess.say("try \(mark) \(value)")
        try await body()
        try ParentProcess.say("did \(mark) \(value)")
    }
}
