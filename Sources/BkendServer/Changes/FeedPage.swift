import BkendAccounts
import BkendWire

/// What one subscription is answered.
enum FeedPage {
    /// What has become of records, and where the subscription is now.
    struct Changes {
        var ids: [String] = []
        var outcomes: [ExactString: FeedFollower.Outcome] = [:]
        var since: String?
        var cursor: FeedCursor
        var hasMore = false
    }

    case changes(Changes)
    /// The cursor doesn't hold.
    case expired(FeedExpiry)
    case refused(ErrorBody)

    /// Writes the page as a member of the answer.
    func write(_ name: String, time: Timestamp, into out: inout AnswerBody) throws(TooManyRequests) {
        try out.write(#"{"name":"#)
        try out.write(JSON.string(name).serialized())
        switch self {
        case .refused(let error):
            try out.write(#","error":"#)
            try out.write(JSON.object(error.bounded.json).serialized())
        case .expired(let reason):
            var error = ErrorBody(.cursorExpired, Self.message(of: reason)).json
            error["reason"] = .string(reason.rawValue)
            // Clients that lose their cursors at the same moment come back one after another.
            error["retryAfter"] = .int(Int64.random(in: 0...60))
            try out.write(#","error":"#)
            try out.write(JSON.object(error).serialized())
        case .changes(let changes): try Self.write(changes, time: time, into: &out)
        }
        try out.write("}")
    }

    private static func write(
        _ changes: Changes, time: Timestamp, into out: inout AnswerBody
    ) throws(TooManyRequests) {
        var isFirst = true
        try out.write(#","upserts":["#)
        for id in changes.ids {
            guard case .upsert(let text) = changes.outcomes[ExactString(id)] else { continue }
            if !isFirst { try out.write(",") }
            try out.write(text)
            isFirst = false
        }
        isFirst = true
        try out.write(#"],"removed":["#)
        for id in changes.ids {
            guard case .removed(let stamp) = changes.outcomes[ExactString(id)] else { continue }
            if !isFirst { try out.write(",") }
            try out.write(JSONObject([("id", .string(id)), ("at", .string(stamp))]).serialized())
            isFirst = false
        }
        let rest = JSONObject([
            ("since", changes.since.map(JSON.string) ?? .null), ("cursor", .string(changes.cursor.text)),
            ("asOf", .string(LogPosition.text(changes.cursor.position))), ("time", .string(time.description)),
            ("hasMore", .bool(changes.hasMore)),
        ])
        try out.write("],")
        try out.write(Array(rest.serialized().dropFirst().dropLast()))
    }

    private static func message(of reason: FeedExpiry) -> String {
        switch reason {
        case .trimmed:
            "the changes after this cursor aren't kept any more: read what is newer than your last record, and compare "
                + "the number of records"
        case .changed:
            "the table, its rules or your rights have changed since, or the data was restored: compare all records"
        }
    }
}

/// Positions as clients see them.
enum LogPosition {
    /// A position with the lane that it belongs to. A database of SQLite has one.
    static func text(_ position: Int64) -> String { "1:\(position)" }
}
