import BkendWire
import Harness

/// Inserts the same records into several tables by turns, 100 in a transaction, and times each.
struct Filling {
    /// A table that is filled.
    struct Side {
        let name: String
        let insert: (Batch) throws -> Void
    }

    /// 100 records, as each side's caller would have them: JSON values, or typed properties.
    struct Batch {
        let documents: [JSONObject]
        let records: [SampleRecord]
    }

    private let sides: [Side]

    init(_ sides: [Side]) { self.sides = sides }

    /// Inserts so many records. A tenth of them counts as a round, so that the last round has the greatest tables.
    func run(_ count: Int) throws -> [Measurement] {
        var rounds = [[Taken]](repeating: [], count: sides.count)
        for tenth in 0..<10 {
            var sums = [Taken](repeating: Taken(), count: sides.count)
            let numbers = (count / 10 * tenth)..<(count / 10 * (tenth + 1))
            for (turn, begin) in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100).enumerated() {
                let records = (begin..<(begin + 100)).map { SampleRecord($0) }
                let batch = Batch(documents: records.map(\.document), records: records)
                for place in sides.indices {
                    let side = (place + turn) % sides.count
                    try sums[side].add { try sides[side].insert(batch) }
                }
            }
            for side in sides.indices { rounds[side].append(sums[side]) }
        }
        let records = Double(count / 10)
        return zip(sides, rounds).map { side, rounds in
            Measurement(
                name: side.name, seconds: Series(rounds.map { $0.seconds / records }),
                processorSeconds: Series(rounds.map { $0.processorSeconds / records }))
        }
    }
}

/// The time that some work took.
private struct Taken {
    private(set) var seconds = 0.0
    private(set) var processorSeconds = 0.0

    mutating func add(_ work: () throws -> Void) rethrows {
        let processor = ProcessFigures.own.processorSeconds
        let taken = try ContinuousClock().measure(work)
        seconds += taken / .seconds(1)
        processorSeconds += ProcessFigures.own.processorSeconds - processor
    }
}
