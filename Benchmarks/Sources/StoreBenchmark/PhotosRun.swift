import Bkend
import Foundation
import GRDB
import Harness

/// Measurements of stores with files, which wait for a server or are cached.
struct PhotosRun {
    let folder: TemporaryFolder
    private let count: Int
    private let options: ReportOptions
    private let report: Harness.Report

    init(count: Int, _ options: ReportOptions) throws {
        self.count = count
        self.options = options
        folder = try TemporaryFolder()
        report = Harness.Report("local store with files, \(count) photos", options)
    }

    /// Attaches photos; then creates and photos by turns, in this store and in one where nothing waits.
    func attach() async throws {
        let bare = try await StoreArticles(folder: folder.path + "/bare")
        let full = try await StoreArticles(folder: folder.path + "/full")
        try bare.fill(0..<1_000)
        try full.fill(0..<1_000)
        full.store.files.limits.waiting = .max
        let photo = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        var peaks: [Int] = []
        for number in 0..<count {
            if number == count / 10 { peaks.append(ProcessFigures.own.peakMemory >> 20) }
            _ = try await full.store.files.attach(photo, name: "photo-\(number).jpg", visibility: .public)
        }
        peaks.append(ProcessFigures.own.peakMemory >> 20)
        let verdict = peaks[1] - peaks[0] <= 16 ? "met" : "MISSED"
        report.note(
            "memory: \(peaks[0]) MiB at the most after a tenth of the photos, \(peaks[1]) after all (16 more: \(verdict))"
        )
        let creates = 50
        try add(
            "create, a record",
            try await options.interleaving.measure([
                Contender("\(count) photos wait", operations: creates) {
                    for number in 0..<creates { try await full.table.create(Article(number)) }
                },
                Contender("none", operations: creates) {
                    for number in 0..<creates { try await bare.table.create(Article(number)) }
                },
            ]))
        let photos = 20
        try add(
            "attach, 100 KB",
            try await options.interleaving.measure([
                Contender("\(count) photos wait", operations: photos) {
                    for _ in 0..<photos { _ = try await full.store.files.attach(photo, name: "p.jpg") }
                },
                Contender("none", operations: photos) {
                    for _ in 0..<photos { _ = try await bare.store.files.attach(photo, name: "p.jpg") }
                },
            ]))
        await bare.close()
        await full.close()
    }

    /// Opening until the first read has answered: a store with files that the server has too, and one without any.
    func open(_ cached: Int) async throws {
        let paths = [folder.path + "/cached", folder.path + "/empty"]
        for (path, files) in [(paths[0], cached), (paths[1], 0)] {
            let articles = try await StoreArticles(folder: path)
            try articles.fill(0..<1_000)
            articles.store.files.limits.waiting = .max
            let bytes = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            for number in 0..<files { _ = try await articles.store.files.attach(bytes, name: "\(number).bin") }
            await articles.close()
            try Self.cache(in: path + "/main/1/store.sqlite")
        }
        let clock = ContinuousClock()
        func timed(_ path: String) async throws -> Double {
            let start = clock.now
            let opened = try await StoreArticles(folder: path)
            opened.store.files.limits.cached = .max
            guard try await opened.table.get(ArticleRow.id(500)) != nil else { throw Difference() }
            let taken = (clock.now - start) / .seconds(1)
            await opened.close()
            return taken
        }
        var times: [[Double]] = [[], []]
        for round in 0..<max(9, options.rounds) {
            for place in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                times[place].append(try await timed(paths[place]))
            }
        }
        let opened = try await StoreArticles(folder: paths[0])
        guard try await opened.store.files.list().count == cached, try await opened.store.outbox.counts().total == 0
        else { throw Difference() }
        await opened.close()
        func measurement(_ name: String, _ seconds: [Double]) -> Harness.Measurement {
            Harness.Measurement(
                name: name, seconds: Series(seconds), processorSeconds: Series(seconds).map { _ in 0 })
        }
        try add("open, first read", [measurement("\(cached) MiB cached", times[0]), measurement("none", times[1])])
    }

    /// The files of a store become such that the server has too: what waits for it goes.
    private static func cache(in path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(sql: "UPDATE sync_files SET upload = NULL; DELETE FROM sync_entries")
        }
        try queue.close()
    }

    private func add(_ name: String, _ results: [Harness.Measurement]) throws {
        try report.add(
            Figure("store", name, size: count, results[0], against: results[1], kind: .time, goal: .atMost(1.2)))
    }
}
