import Bkend
import Harness
import Servers

/// Rows that were deleted on the server: how many requests it takes to find them.
struct DeletesRun {
    let table: TableServer
    let folder: TemporaryFolder

    private static let deleted = 10
    private static let most = 300

    func measure(_ report: Harness.Report) async throws {
        table.remove(0)
        let synced = try await SyncedStore(url: table.url, folder: folder.path + "/store")
        try await synced.pull()
        try await synced.wait { $0.state == .idle }
        table.remove(Self.deleted)
        defer { table.remove(0) }
        let before = table.requests
        let clock = ContinuousClock()
        let start = clock.now
        await synced.store.sync.syncNow()
        while try await synced.articles.query.count() != table.rows - Self.deleted {
            guard clock.now - start < .seconds(120) else { throw BenchmarkFailure("the deletions were not found") }
            try await Task.sleep(for: .milliseconds(10))
        }
        let seconds = (clock.now - start) / .seconds(1)
        try await synced.wait { $0.state == .idle }
        let requests = table.requests - before
        let verdict = requests <= Self.most ? "met" : "MISSED"
        report.note(
            "\(Self.deleted) deletions among \(table.rows): \(requests) requests (≤ \(Self.most): \(verdict)), "
                + "\(Harness.Report.number(seconds)) s until they were gone here")
        await synced.close()
    }
}
