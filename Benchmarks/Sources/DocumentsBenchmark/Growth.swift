import Foundation
import Harness

/// How the times of the same operation change from the smallest size to the greatest.
struct Growth {
    private let figures: [Figure]

    init(_ figures: [Figure]) { self.figures = figures }

    /// Prints a line for each operation.
    func report() {
        let sizes = figures.compactMap(\.size)
        guard let least = sizes.min(), let most = sizes.max(), least < most else { return }
        Report.line("== growth of one operation's time, \(least) → \(most) records")
        for small in figures where small.size == least {
            let same = figures.first {
                $0.size == most && $0.name == small.name && $0.reference == small.reference
            }
            guard let great = same else { continue }
            let ours = great.subjectMicroseconds / small.subjectMicroseconds
            let theirs = great.referenceMicroseconds / small.referenceMicroseconds
            let name = small.name + String(repeating: " ", count: max(0, 38 - small.name.count))
            Report.line("\(name) ours ×\(Report.number(ours)), \(small.reference) ×\(Report.number(theirs))")
        }
    }
}
