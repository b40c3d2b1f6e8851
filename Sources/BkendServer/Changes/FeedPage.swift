import BkendAccounts
import BkendWire

/// What one subscription is answered.
enum FeedPage {
    /// What has become of records, and where the subscription is now.
    struct Changes {
        var records = Records.none
        var since: String?
        var cursor: FeedCursor
        var hasMore = false
    }

    /// What is told of records.
    enum Records {
        case none
        case outcomes([ExactString: FeedFollower.Outcome], order: [String])
        /// The same as a text, which several subscriptions share.
        case text([UInt8])

        fileprivate func write<Failure: Error>(_ write: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
            switch self {
            case .none: try write(Array(#","upserts":[],"removed":[]"#.utf8))
            case .text(let text): try write(text)
            case .outcomes(let outcomes, let order):
                let comma = Array(",".utf8)
                var isFirst = true
                try write(Array(#","upserts":["#.utf8))
                for id in order {
                    guard case .upsert(let text)? = outcomes[ExactString(id)] else { continue }
                    if !isFirst { try write(comma) }
                    try write(text)
                    isFirst = false
                }
                isFirst = true
                try write(Array(#"],"removed":["#.utf8))
                for id in order {
                    guard case .removed(let stamp)? = outcomes[ExactString(id)] else { continue }
                    if !isFirst { try write(comma) }
                    try write(JSONObject([("id", .string(id)), ("at", .string(stamp))]).serialized())
                    isFirst = false
                }
                try write(Array("]".utf8))
            }
        }

        /// The records as one text.
        var rendered: Records {
            var text: [UInt8] = []
            write { text += $0 }
            return .text(text)
        }

        /// How many bytes the text has; 0 of what isn't one.
        var bytes: Int { if case .text(let text) = self { text.count } else { 0 } }
    }

    case changes(Changes)
    /// The cursor doesn't hold.
    case expired(FeedExpiry)
    case refused(ErrorBody)

    /// Whether the subscription is told nothing more under this cursor.
    var isOver: Bool { if case .changes = self { false } else { true } }

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
        try changes.records.write { text throws(TooManyRequests) in try out.write(text) }
        let rest = JSONObject([
            ("since", changes.since.map(JSON.string) ?? .null), ("cursor", .string(changes.cursor.text)),
            ("asOf", .string(LogPosition.text(changes.cursor.position))), ("time", .string(time.description)),
            ("hasMore", .bool(changes.hasMore)),
        ])
        try out.write(",")
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
