import Bkend
import Foundation
import Harness
import Servers

/// An engine with nothing to do: its requests, and its writes.
struct IdleRun {
    let table: TableServer
    let folder: TemporaryFolder

    private static let subscriptions = 3
    private static let intervals = 20

    func measure(_ report: Harness.Report) async throws {
        let path = folder.path + "/store"
        let synced = try await SyncedStore(url: table.url, folder: path)
        // The newest 100 rows and more, so that filling takes no time.
        for number in 0..<Self.subscriptions {
            let moment = Date(timeIntervalSince1970: 1_700_000_000 + Double(table.rows - 100 - number) / 10)
            let text = Filter.condition(Condition("createdAt", .greaterOrEqual(.string(Self.text(moment)))))
            try await synced.store.subscribe(to: synced.articles.filter(text))
        }
        var options = SyncOptions()
        options.shortestPoll = .seconds(1)
        options.longestPoll = .seconds(1)
        try await synced.store.sync.start(options)
        try await synced.wait { status in
            status.subscriptions.count == Self.subscriptions
                && status.subscriptions.allSatisfy { $0.phase == .current } && status.state == .idle
        }
        try await Task.sleep(for: .seconds(5))
        let (requests, files) = (table.requests, Self.files(path))
        try await Task.sleep(for: .seconds(Self.intervals))
        let more = table.requests - requests
        // Each poll asks for the newest row, every second one for another count.
        let most = (3 * Self.subscriptions * (Self.intervals + 1) + 1) / 2
        let touched = Self.files(path) != files
        report.note(
            "idle: \(more) requests of \(Self.subscriptions) subscriptions in \(Self.intervals) intervals of 1 s "
                + "(≤ \(most): \(more <= most ? "met" : "MISSED")); "
                + "database and log \(touched ? "written: MISSED" : "not written: met")")
        await synced.close()
    }

    private static func text(_ moment: Date) -> String {
        moment.formatted(.iso8601.year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: true))
    }

    /// When database and log were written last.
    private static func files(_ folder: String) -> [Date?] {
        ["store.sqlite", "store.sqlite-wal"].map { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/main/1/\(name)")
            return attributes?[.modificationDate] as? Date
        }
    }
}
