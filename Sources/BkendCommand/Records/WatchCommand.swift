import ArgumentParser
import Bkend
import BkendSync
import BkendWire
import Foundation
import UnixSignals

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
            // From now on a signal ends the command in its own time.
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
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
                group.addTask { for await _ in signals { break } }
                group.addTask { await Self.tell(store.sync.statuses) }
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
        for place in snapshot.changes.deleted {
            guard let record = shown.removeValue(forKey: place.id) else { continue }
            tell("deleted", "-", record)
        }
        for (places, change, sign) in [
            (snapshot.changes.inserted, "inserted", "+"), (snapshot.changes.updated, "updated", "~"),
        ] {
            if table == nil, !places.isEmpty, !output.isJSON {
                let first = places.prefix(Query.Page.maximumLimit).map { snapshot.records[$0.index].json }
                table = RecordTable(first, fields: fields, terminal: output.terminal.narrowed(by: 2))
                output.line("  " + (table?.heading ?? ""))
            }
            for place in places {
                let record = snapshot.records[place.index].json
                // Its state alone may have changed.
                if shown[place.id] == record { continue }
                shown[place.id] = record
                tell(change, sign, record)
            }
        }
    }

    private func tell(_ change: String, _ sign: String, _ record: JSONObject) {
        guard !output.isJSON else {
            let selected = ResultOptions.selected(record, fields)
            return output.json(["change": .string(change), "record": .object(selected)])
        }
        if let table { output.line("\(sign) \(table.line(record))") }
    }
}

extension WatchCommand {
    /// Tells on standard error why nothing comes, once for each reason.
    private static func tell(_ statuses: AsyncStream<SyncStatus>) async {
        var last: String?
        for await status in statuses {
            let note = reason(status)
            if let note, note != last { Output.note("bkend: \(note)") }
            // While it is syncing, a reason may be about to come back.
            if note != nil || status.state == .idle { last = note }
        }
    }

    private static func reason(_ status: SyncStatus) -> String? {
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

/// A folder for one run of the command. It is removed too where a closed pipe ends the command.
private struct TemporaryFolder {
    let url: URL

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "bkend-watch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        self.url = url
        Output.beforeEnding { try? FileManager.default.removeItem(at: url) }
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
