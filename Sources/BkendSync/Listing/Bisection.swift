import BkendWire

/// Finds where the server's members of a subscription and ours differ, by counting ranges of `id`: about d·log n small
/// questions for d differences. It knows no store; the caller counts the members here.
package struct Bisection: Sendable, Hashable {
    /// A question to the server.
    package enum Ask: Sendable, Hashable {
        /// How many rows are in the left part of a range.
        case count(left: IDRange, of: Range)
        /// The rows of a range: a leaf, or what is left of it behind a full page.
        case rows(IDRange)
    }

    /// A range whose counts differ.
    package struct Range: Sendable, Hashable {
        var ids: IDRange
        /// Nil when it is still to be asked.
        var theirs: Int?
    }

    /// The members here, as asked for in a transaction.
    package protocol Members {
        /// How many members a range has.
        func count(in range: IDRange) throws -> Int
        /// The member at a position of a range, ascending by id.
        func id(at position: Int, in range: IDRange) throws -> String?
    }

    private var open: [Range]
    private var leaves: [IDRange] = []
    private let leafSize: Int
    /// The whole, whose count differs.
    package init(total: Int, leafSize: Int) {
        open = [Range(ids: .all, theirs: total)]
        self.leafSize = leafSize
    }

    /// Two parts, of which one differs; the other one's count is asked for.
    package init(left: IDRange, count: Int, leafSize: Int) {
        open = [Range(ids: IDRange(after: left.through), theirs: nil), Range(ids: left, theirs: count)]
        self.leafSize = leafSize
    }

    /// The next question; nil when nothing differs any more.
    package mutating func next(_ members: some Members) throws -> Ask? {
        if let leaf = leaves.popLast() {
            return .rows(leaf)
        }
        while let range = open.popLast() {
            guard let theirs = range.theirs else { return .count(left: range.ids, of: range) }
            let mine = try members.count(in: range.ids)
            if mine == theirs { continue }
            // What the server has beyond a leaf is read by keyset: every row of it may be new.
            guard max(mine, 1) > leafSize, let middle = try members.id(at: mine / 2 - 1, in: range.ids) else {
                return .rows(range.ids)
            }
            return .count(left: IDRange(after: range.ids.after, through: middle), of: range)
        }
        return nil
    }

    /// Goes on behind a count.
    package mutating func take(count: Int, left: IDRange, of range: Range) {
        if let theirs = range.theirs {
            let right = IDRange(after: left.through, through: range.ids.through)
            open.append(Range(ids: right, theirs: max(0, theirs - count)))
        }
        open.append(Range(ids: left, theirs: count))
    }

    /// Goes on behind a page of a leaf; the ids it speaks for, so that members in it which it doesn't show have left.
    package mutating func take(rows page: AnswerPage, of range: IDRange, limit: Int) -> IDRange {
        guard page.rows.count >= limit || page.hasNext, let last = page.rows.last?.id else { return range }
        leaves.append(IDRange(after: last, through: range.through))
        return IDRange(after: range.after, through: last)
    }
}
