import Foundation

extension Timestamp {
    /// The moment of a `Date`, rounded to the nearest millisecond; nil outside the years 0000 to 9999.
    package init?(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1_000).rounded()
        guard milliseconds.magnitude < 1e15 else { return nil }
        self.init(milliseconds: Int64(milliseconds))
    }

    /// The moment as a `Date`.
    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1_000) }
}
