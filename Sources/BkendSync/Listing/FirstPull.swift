import BkendWire

/// The first pull of a subscription: ranges of `id` of a few thousand rows, read side by side, each by keyset. Ids begin
/// with their time, so ranges are found by halving between the least and the greatest id and counting; one open-ended
/// keyset would make the server count all the rest at every page.
package struct FirstPull: Sendable, Hashable {
    /// A question to the server.
    package enum Ask: Sendable, Hashable {
        /// The newest row and the total: where the ordinary pull begins afterwards.
        case newest
        /// The row with the least id.
        case least
        /// The row with the greatest id.
        case greatest
        /// How many rows are in the left half of a range.
        case count(half: IDRange, of: Range)
        /// The next page of a range, whose rows past `IDRange.after` are still to be read.
        case rows(IDRange)
    }

    /// A range and how many rows it has, as far as known.
    package struct Range: Sendable, Hashable {
        var ids: IDRange
        var count: Int
        /// Bounds for halving, which the ids may not reach.
        var low: String
        var high: String
    }

    private enum Stage: Sendable, Hashable {
        case beginning
        case findingLeast
        case findingGreatest(least: String)
        case ranges
    }

    private var stage = Stage.beginning
    private var unsplit: [Range] = []
    private var unread: [IDRange] = []
    private var underWay: [Ask] = []
    private let rangeSize: Int

    /// The rows that match, as the server said at the beginning.
    package private(set) var expected: Int?
    /// The rows received.
    package private(set) var received = 0
    /// The largest `updatedAt` before it began, nil for an empty table.
    package private(set) var cursor: String?
    /// The server's time before it began.
    package private(set) var began: Timestamp?

    /// A first pull.
    package init(rangeSize: Int) { self.rangeSize = max(1, rangeSize) }

    /// Whether everything was read.
    package var isComplete: Bool {
        stage == .ranges && unsplit.isEmpty && unread.isEmpty && underWay.isEmpty
    }

    /// The questions that may go out now, so that no more than `parallel` are under way.
    package mutating func asks(parallel: Int) -> [Ask] {
        var asks: [Ask] = []
        while underWay.count < max(1, parallel), let ask = next() {
            underWay.append(ask)
            asks.append(ask)
        }
        return asks
    }

    private mutating func next() -> Ask? {
        switch stage {
        case .beginning: return underWay.isEmpty ? .newest : nil
        case .findingLeast: return underWay.isEmpty ? .least : nil
        case .findingGreatest: return underWay.isEmpty ? .greatest : nil
        case .ranges: break
        }
        while let range = unsplit.popLast() {
            guard range.count > rangeSize + rangeSize / 2,
                let middle = IDMidpoint.between(range.low, range.high)
            else {
                unread.insert(range.ids, at: 0)
                continue
            }
            return .count(half: IDRange(after: range.ids.after, through: middle), of: range)
        }
        return unread.popLast().map(Ask.rows)
    }

    /// The question failed and is to be asked again.
    package mutating func failed(_ ask: Ask) {
        guard let index = underWay.firstIndex(of: ask) else { return }
        underWay.remove(at: index)
        switch ask {
        case .newest, .least, .greatest: break
        case .count(_, let range): unsplit.append(range)
        case .rows(let range): unread.append(range)
        }
    }

    /// Goes on behind an answer. Rows of `.rows` are to be applied by the caller, in the same transaction.
    ///
    /// - Parameter limit: how many rows were asked for.
    package mutating func take(_ page: AnswerPage, for ask: Ask, limit: Int, date: Timestamp?) {
        guard let index = underWay.firstIndex(of: ask) else { return }
        underWay.remove(at: index)
        switch ask {
        case .newest:
            expected = page.total
            began = date
            cursor = page.rows.first?.updatedAt
            stage = .ranges
            if page.total > rangeSize + rangeSize / 2 {
                stage = .findingLeast
            } else if page.total > 0 {
                unread = [.all]
            }
        case .least:
            guard let least = page.rows.first?.id else { return stage = .ranges }
            stage = .findingGreatest(least: least)
        case .greatest:
            guard case .findingGreatest(let least) = stage else { return }
            stage = .ranges
            guard let greatest = page.rows.first?.id else { return unread = [.all] }
            unsplit = [Range(ids: .all, count: expected ?? 0, low: least, high: greatest)]
        case .count(let half, let range):
            guard let middle = half.through else { return }
            let left = Range(ids: half, count: page.total, low: range.low, high: middle)
            let rest = IDRange(after: middle, through: range.ids.through)
            let right = Range(ids: rest, count: max(0, range.count - page.total), low: middle, high: range.high)
            unsplit += [right, left]
        case .rows(let range):
            received += page.rows.count
            guard page.rows.count >= limit || page.hasNext, let last = page.rows.last?.id else { return }
            unread.append(IDRange(after: last, through: range.through))
        }
    }
}

/// The middle of two ids by their first sixteen hex digits, the time and most of what follows it.
enum IDMidpoint {
    /// An id between two others; nil when they aren't hex or leave no room.
    static func between(_ low: String, _ high: String) -> String? {
        guard let a = number(low), let b = number(high), b > a, b - a > 1 else { return nil }
        let digits = String(a + (b - a) / 2, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits + "00000000"
    }

    private static func number(_ id: String) -> UInt64? {
        guard id.utf8.count == 24 else { return nil }
        return UInt64(id.prefix(16), radix: 16)
    }
}
