import BkendWire

/// The arithmetic of a subscription's cursor: the largest `updatedAt` seen, kept as the server's own string.
package enum PullCursor {
    /// `min(cursor, drainedAt) − overlap`, in the stored form of dates. The server's time bounds it because one row may be
    /// stamped an hour ahead; a cursor that isn't a date is taken as it stands.
    package static func lowerBound(_ cursor: String, _ drainedAt: Timestamp?, _ overlap: Duration) -> String {
        guard let reached = Timestamp(cursor) else { return cursor }
        let start = min(reached, drainedAt ?? reached)
        return Timestamp(clamping: start.milliseconds - overlap.milliseconds).description
    }

    /// The larger of the cursor and the rows' `updatedAt`.
    package static func advanced(_ cursor: String?, _ rows: [AnswerRow]) -> String? {
        rows.compactMap(\.updatedAt).reduce(cursor) { reached, moment in
            guard let reached else { return moment }
            return reached.precedesInBytes(moment) ? moment : reached
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
