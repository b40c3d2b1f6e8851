import Bkend
import Foundation
import Harness

/// The measurements over one store.
struct StoreRun {
    let folder: TemporaryFolder
    private let size: Int
    let options: ReportOptions
    let report: Harness.Report
    private let ours: StoreArticles
    private let theirs: GRDBArticles

    init(size: Int, _ options: ReportOptions) async throws {
        self.size = size
        self.options = options
        folder = try TemporaryFolder()
        ours = try await StoreArticles(folder: folder.path + "/store")
        theirs = try GRDBArticles(path: folder.path + "/typed.sqlite")
        report = Harness.Report("local store, \(size) records", options)
        try ours.fill(0..<size)
        try theirs.fill(0..<size)
    }

    func close() async { await ours.close() }

    /// One durable write a call: the record, its outbox entry and the change log against a bare row.
    func create() async throws {
        let count = 50
        let next = Counter(from: size)
        let results = try await options.interleaving.measure([
            Contender("store", operations: count) {
                for number in 0..<count { try await ours.table.create(Article(number)) }
            },
            Contender("GRDB insert", operations: count) {
                for _ in 0..<count { try await theirs.insert(next.take()) }
            },
        ])
        try add("create, durable", results[0], against: results[1], .atMost(2))
    }

    /// Both sides must give the same records: a wrong answer is no figure.
    func query() async throws {
        let moments = (0..<200).map { ArticleRow.moment($0 * (size - 40) / 200) }
        for moment in [moments[3], moments[150]] {
            let (own, other) = (try await ours.after(moment), try await theirs.after(moment))
            guard own.map(\.title) == other.map(\.title), own.count == 20 else { throw Difference() }
        }
        let results = try await options.interleaving.measure([
            Contender("store", operations: moments.count) {
                for moment in moments { _ = try await ours.after(moment) }
            },
            Contender("GRDB Codable", operations: moments.count) {
                for moment in moments { _ = try await theirs.after(moment) }
            },
        ])
        try add("index, 20 typed rows", results[0], against: results[1], .atMost(1.5))
    }

    /// Twenty typed records by an index of the app's own, with nobody's creates among them; and how long it took to make.
    func indexed() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        try await ours.table.index(by: \.category, \.views)
        let seconds = (clock.now - start) / .seconds(1)
        let categories = (0..<100).map { "category-\($0)" }
        for category in categories.prefix(3) {
            let (own, other) = (try await ours.least(of: category), try await theirs.least(of: category))
            guard own.map(\.views) == other.map(\.views), own.count == 20 else { throw Difference() }
        }
        let results = try await options.interleaving.measure([
            Contender("store", operations: categories.count) {
                for category in categories { _ = try await ours.least(of: category) }
            },
            Contender("GRDB Codable", operations: categories.count) {
                for category in categories { _ = try await theirs.least(of: category) }
            },
        ])
        try add("own index, 20 typed rows", results[0], against: results[1], .atMost(1.5))
        report.note("the index was made in \(Harness.Report.number(seconds)) s, in steps of 2,000 records")
    }

    /// From the call of a durable write until a reader of a live query of 20 rows has the snapshot.
    func observe() async throws {
        let live = ours.table.order(by: \.createdAt, .descending).limit(20).live()
        var iterator = live.makeAsyncIterator()
        guard await iterator.next()?.records.count == 20 else { throw Difference() }
        let clock = ContinuousClock()
        var whole: [Double] = []
        var after: [Double] = []
        for number in 0..<max(20, options.rounds * 20) {
            let start = clock.now
            let made = try await ours.table.create(Article(number))
            let returned = clock.now
            var snapshot = await iterator.next()
            while let shown = snapshot, shown.records.first?.id != made.id { snapshot = await iterator.next() }
            whole.append((clock.now - start) / .seconds(1))
            after.append((clock.now - returned) / .seconds(1))
        }
        try addTime("write until snapshot, 20 rows", whole, limit: 0.005)
        report.note("of it after the write returned: \(Harness.Report.number(Series(after).median * 1e6)) µs")
    }

    /// Opening until the first read has answered; the store was closed in order.
    func open(_ count: Int) async throws {
        let path = folder.path + "/large"
        let filled = try await StoreArticles(folder: path)
        try filled.fill(0..<count)
        await filled.close()
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<options.rounds {
            let start = clock.now
            let opened = try await StoreArticles(folder: path)
            let found = try await opened.table.get(ArticleRow.id(count / 2))
            times.append((clock.now - start) / .seconds(1))
            guard found != nil else { throw Difference() }
            await opened.close()
        }
        let series = Series(times)
        let limit = series.map { _ in 0.1 }
        try report.add(
            Figure(
                "store", "open, first read", size: count, measurement("store", series),
                against: measurement("100 ms", limit), kind: .time, goal: .atMost(1)))
    }

    private func add(
        _ name: String, _ subject: Harness.Measurement, against reference: Harness.Measurement, _ goal: Goal
    ) throws {
        try report.add(Figure("store", name, size: size, subject, against: reference, kind: .time, goal: goal))
    }

    private func addTime(_ name: String, _ times: [Double], limit: Double) throws {
        // The median of all is what is promised: one value, against the limit.
        let median = Series([Series(times).median])
        try report.add(
            Figure(
                "store", name, size: size, measurement("store", median),
                against: measurement("\(Int(limit * 1_000)) ms", Series([limit])), kind: .time, goal: .atMost(1)))
    }

    private func measurement(_ name: String, _ seconds: Series) -> Harness.Measurement {
        Harness.Measurement(name: name, seconds: seconds, processorSeconds: seconds.map { _ in 0 })
    }
}

/// Numbers for records that don't exist yet.
private final class Counter {
    private var next: Int

    init(from first: Int) { next = first }

    func take() -> Int {
        defer { next += 1 }
        return next
    }
}

/// The two sides gave different answers.
struct Difference: Error {}
