import Bkend
import Foundation
import Harness

/// What a create costs with many waiting for the server, against one with a hundred waiting.
extension StoreRun {
    /// The same creates by turns, in a store with a short outbox and in one with a long one.
    func grow(_ waiting: Int) async throws {
        let short = try await StoreArticles(folder: folder.path + "/short")
        let long = try await StoreArticles(folder: folder.path + "/long")
        try await short.queue(0..<100)
        try await long.queue(0..<waiting)
        for observer in GrowthObserver.allCases {
            let watches = [await observer.watch(short.table), await observer.watch(long.table)]
            let count = 50
            let results = try await options.interleaving.measure([
                Contender("\(waiting) waiting", operations: count) {
                    for number in 0..<count { try await long.table.create(Article(number)) }
                },
                Contender("100 waiting", operations: count) {
                    for number in 0..<count { try await short.table.create(Article(number)) }
                },
            ])
            for watch in watches { watch?.cancel() }
            try report.add(
                Figure(
                    "store", "create, \(observer.rawValue)", size: waiting, results[0], against: results[1],
                    kind: .time,
                    goal: .atMost(1.5)))
        }
        await short.close()
        await long.close()
    }
}

extension StoreArticles {
    /// Creates records that wait for the server.
    func queue(_ numbers: Range<Int>) async throws {
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 1_000) {
            try await table.createAll((start..<min(start + 1_000, numbers.upperBound)).map { Article($0) })
        }
    }
}
