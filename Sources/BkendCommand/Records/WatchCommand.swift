import ArgumentParser
import Bkend
import BkendSync
import BkendWire
import Foundation

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show records of a table, and each change to them until the command is ended.",
        discussion: """
            A line begins with + for a record that is new in the result, with ~ for one that has changed, and with - \
            for one that is gone. All records that match are kept in a local store, in a folder of its own that is \
            removed at the end. Without a network the command waits, and then shows what it has missed.
            """)

    @OptionGroup var query: QueryOptions
    @OptionGroup var result: ResultOptions
    @Option(help: ArgumentHelp("How often the server is asked for changes.", valueName: "seconds"))
    var interval = 2.0
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (0.1...3_600).contains(interval) else { throw ValidationError("--interval is from 0.1 to 3600 seconds") }
        if query.search != nil { throw ValidationError("--search can't be watched; use --where with ~ /text/i") }
    }

    func run() async throws {
        try await connection.run { client, output in
            let filter = try query.filter.map { try FilterParser.reading($0) }
            let fields = try result.fields()
            let order = try result.order()
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let store = try await client.openLocalStore(at: folder.url)
            var watched = store.table(query.table).query
            if let filter { watched.parts.filter = filter }
            try await store.subscribe(to: watched)
            watched.parts.sort = order
            var options = SyncOptions()
            options.shortestPoll = .seconds(interval)
            options.longestPoll = .seconds(interval)
            try await store.sync.start(options)
            await withTaskGroup { [watched] group in
                group.addTask { await Ending.requested() }
                group.addTask { await StatusNotes().tell(store.sync.statuses) }
                group.addTask {
                    // The first result is what the server had, not what comes page by page.
                    _ = await store.sync.settled()
                    var printer = ChangePrinter(output, fields: fields)
                    for await snapshot in watched.live() { printer.take(snapshot) }
                }
                await group.next()
                await store.close()
                group.cancelAll()
            }
        }
    }
}

/// Prints the changes of a live query.
private struct ChangePrinter {
    private let output: Output
    private let fields: [String]?
    private var table: RecordTable?
    private var shown: [String: JSONObject] = [:]

    init(_ output: Output, fields: [String]?) {
        self.output = output
        self.fields = fields
    }

    mutating func take(_ snapshot: Snapshot<JSONObject>) {
        if let error = snapshot.error { Output.note("bkend: \(RecordTable.shown("\(error)"))") }
        let records = snapshot.records.map(\.json)
        for place in snapshot.changes.deleted {
            guard let record = shown.removeValue(forKey: place.id) else { continue }
            tell("deleted", "-", record)
        }
        for (places, change, sign) in [
            (snapshot.changes.inserted, "inserted", "+"), (snapshot.changes.updated, "updated", "~"),
        ] {
            if table == nil, !places.isEmpty, !output.isJSON {
                let first = places.prefix(Query.Page.maximumLimit).map { records[$0.index] }
                table = RecordTable(first, fields: fields, terminal: output.terminal.narrowed(by: 2))
                output.line("  " + (table?.heading ?? ""))
            }
            for place in places {
                let record = records[place.index]
                // Its state alone may have changed.
                if shown[place.id] == record { continue }
                shown[place.id] = record
                tell(change, sign, record)
            }
        }
    }

    private func tell(_ change: String, _ sign: String, _ record: JSONObject) {
        guard !output.isJSON else {
            let selected = fields.map { fields in JSONObject(fields.compactMap { f in record[f].map { (f, $0) } }) }
            return output.json(["change": .string(change), "record": .object(selected ?? record)])
        }
        if let table { output.line("\(sign) \(table.line(record))") }
    }
}

/// Tells on standard error why nothing comes, once for each reason.
private struct StatusNotes {
    func tell(_ statuses: AsyncStream<SyncStatus>) async {
        var last: String?
        for await status in statuses {
            let note = Self.note(status)
            if let note, note != last { Output.note("bkend: \(note)") }
            // While it is syncing, a reason may be about to come back.
            if note != nil || status.state == .idle { last = note }
        }
    }

    private static func note(_ status: SyncStatus) -> String? {
        if status.subscriptions.contains(where: { $0.phase == .denied }) {
            return "this user may not list the table"
        }
        if let problem = status.lastError, status.state != .offline { return RecordTable.shown("\(problem)") }
        switch status.state {
        case .offline: return "no connection to the server; what changes meanwhile is shown later"
        case .signedOut: return "the session has ended; use 'bkend login'"
        default: return nil
        }
    }
}

/// A folder for one run of the command.
private struct TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "bkend-watch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}

/// The user's wish to end the command.
private enum Ending {
    /// Waits for SIGINT, SIGTERM or SIGHUP, or for this task to be cancelled.
    static func requested() async {
        let signals = [SIGINT, SIGTERM, SIGHUP]
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.finish() }
            source.resume()
            return source
        }
        for await _ in stream {}
        for source in sources { source.cancel() }
        // A second signal ends the command at once.
        for number in signals { signal(number, SIG_DFL) }
    }
}
