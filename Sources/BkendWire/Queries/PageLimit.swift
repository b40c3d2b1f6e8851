/// How many rows to ask for at once: a pure state machine for whoever reads a list page by page.
///
/// A server that answers `data/page-too-large` names how many rows fit; one page alone is known to be that heavy, but what
/// lies beside it is seldom much lighter. So the limit stays where it was put for a while, and then grows a little with
/// each page that comes: a server builds a page up to its limit before it can refuse it.
package struct PageLimit: Sendable, Hashable {
    /// The most rows, once nothing speaks against it.
    package let maximum: Int
    /// The rows of the next page.
    package private(set) var rows: Int
    /// The pages that are to come before it grows.
    private var rest = 0

    /// How many pages come before a limit that the server has set is tried to be passed.
    private static let restAfterRefusal = 16

    /// Pages of so many rows.
    package init(maximum: Int) {
        self.maximum = max(1, maximum)
        rows = self.maximum
    }

    /// Whether nothing speaks against the most rows.
    package var isWhole: Bool { rows == maximum }

    /// A page of so many rows was refused as too large; false when there is no smaller one.
    ///
    /// - Parameter named: the rows that fit, as the server says; half of them are asked for when it says nothing sensible.
    package mutating func refused(_ asked: Int, named: Int?) -> Bool {
        guard asked > 1 else { return false }
        let fits = named.flatMap { (1..<asked).contains($0) ? $0 : nil } ?? asked / 2
        rows = min(rows, fits)
        rest = Self.restAfterRefusal
        return true
    }

    /// A page of so many rows was too much for the connection.
    package mutating func lost(_ asked: Int) {
        // Of several that were lost together each says the same.
        if asked > 1 { rows = min(rows, asked / 2) }
    }

    /// A page came; the next may be a little larger.
    package mutating func came() {
        guard rest == 0 else { return rest -= 1 }
        rows = min(maximum, rows + max(1, rows / 8))
    }
}
