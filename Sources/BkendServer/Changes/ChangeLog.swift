import BkendStorage
import BkendWire

/// The log of changes: what happened to which record, in the order of commits, so that a client can ask what it has missed.
/// A row lies in the transaction of its change.
enum ChangeLog {
    /// The largest text that is kept as it was before a change. A larger one begins a new epoch of its table: what a list
    /// showed before can't be told any more.
    static let largestBefore = 1 << 20

    // MARK: Writing

    /// A change, to be written.
    struct Entry {
        var id: String
        var kind: LoggedChange.Kind
        var note: ChangeNote
        var before: [UInt8]?

        /// The text that is kept as it was.
        fileprivate var kept: [UInt8]? { before.flatMap { $0.count <= largestBefore ? $0 : nil } }

        /// About how many bytes it takes in the log, with its entries in the indexes.
        func bytes(in table: String) -> Int {
            let names = id.utf8.count + 3 * table.utf8.count + 2 * note.owner.utf8.count + note.author.utf8.count
            return rowBytes + names + (kept?.count ?? 0)
        }
    }

    /// Writes changes of a table at the end of the log.
    ///
    /// - Parameter first: the position of the write's first change; set by its first call.
    /// - Returns: the position of the last change.
    static func append(
        _ entries: [Entry], table: String, first: inout Int64?, in session: any SQLTransaction
    ) throws -> Int64? {
        guard !entries.isEmpty else { return nil }
        var position = try max(end(in: session) + 1, session.now.milliseconds * 1_000)
        var bytes = try session.first(ChangeLogSQL.lastOfTable, table, Int64.max) { $0.int(2) + $0.int(3) } ?? 0
        for entry in entries {
            let kept = entry.kept
            if kept?.count != entry.before?.count || entry.note.newOwner != nil { try renew(table, in: session) }
            // The sum counts a row from its own place on, so that a table's first row counts too.
            try session.execute(
                ChangeLogSQL.append, position, first ?? position, session.now.milliseconds, table, entry.id,
                entry.kind.rawValue, entry.note.stamp, entry.note.author, entry.note.owner,
                Int64.random(in: 1 ... .max), bytes, Int64(entry.bytes(in: table)),
                kept.map { String(decoding: $0, as: UTF8.self) })
            bytes += Int64(entry.bytes(in: table))
            first = first ?? position
            position += 1
        }
        return position - 1
    }

    /// Gives changes their positions without a row in the log: cursors of the table end.
    static func passOver(_ count: Int, table: String, in session: any SQLTransaction) throws -> Int64? {
        guard count > 0 else { return nil }
        let last = try max(end(in: session) + 1, session.now.milliseconds * 1_000) + Int64(count) - 1
        try session.execute(ChangeLogSQL.setEnd, last, last)
        try renew(table, in: session)
        return last
    }

    /// What a row takes besides of its texts, with its entries in the indexes.
    private static let rowBytes = 200

    /// Begins a new epoch of a table: whoever follows it lists it anew. What the log has of it goes when its time has come.
    static func renew(_ table: String, in session: any SQLTransaction) throws {
        try session.execute(ChangeLogSQL.renewTable, table, randomName())
    }

    /// Positions never come again, whatever is removed from the log.
    private static func keepEnd(in session: any SQLTransaction) throws {
        let end = try end(in: session)
        try session.execute(ChangeLogSQL.setEnd, end, end)
    }

    /// Begins another life of the environment: no cursor from before holds.
    static func beginAnotherLife(in session: any SQLTransaction) throws {
        try session.execute(ChangeLogSQL.renewEnd, randomName() + randomName() + randomName())
    }

    private static func randomName() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }

    // MARK: Trimming

    /// What is to be taken out of the log, step by step.
    struct Trimming {
        /// The bytes that the log may take.
        let limit: Int64
        /// The moment before which changes go in any case.
        let oldest: Timestamp
        /// How many changes go in one step.
        let step: Int
        /// What each table's changes take.
        private(set) var sizes: [Size]
        /// The place of the table that is next, and the moment before which its changes may go; nil for any.
        private var next: (place: Int, before: Timestamp?)?

        init(_ sizes: [Size], limit: Int64, oldest: Timestamp, step: Int) {
            (self.sizes, self.limit, self.oldest, self.step) = (sizes, limit, oldest, step)
            next = excess
        }

        /// Whether there is more to be taken out.
        var isMore: Bool { next != nil }

        /// Of the table whose changes take most when they take too much together, else of one that has old ones.
        private var excess: (place: Int, before: Timestamp?)? {
            if sizes.reduce(0, { $0 + $1.bytes }) > limit {
                return sizes.indices.max { sizes[$0].bytes < sizes[$1].bytes }.map { ($0, nil) }
            }
            return sizes.firstIndex { $0.oldest < oldest }.map { ($0, oldest) }
        }

        /// Takes some changes out, about a megabyte at most: others wait for the writer meanwhile.
        ///
        /// - Returns: what is left to be done, and how many bytes went.
        func taken(in session: any SQLTransaction) throws -> (rest: Trimming, bytes: Int) {
            guard let next else { return (self, 0) }
            let (left, bytes) = try takeOut(
                1 << 20, step, of: sizes[next.place].table, before: next.before, in: session)
            var sizes = sizes
            if let left { sizes[next.place] = left } else { sizes.remove(at: next.place) }
            return (Trimming(sizes, limit: limit, oldest: oldest, step: step), bytes)
        }
    }

    /// What a table's changes take.
    struct Size {
        let table: String
        /// About how many bytes.
        var bytes: Int64
        /// When the oldest one was made.
        var oldest: Timestamp
    }

    /// What each table's changes take. A look at each table's first and last change; nothing is added up.
    static func sizes(in session: any SQLSession) throws -> [Size] {
        var sizes: [Size] = []
        while let table = try session.first(
            ChangeLogSQL.nextTable, sizes.last?.table ?? "", read: { $0.text(0) })
        {
            guard let size = try size(of: table, in: session) else { break }
            sizes.append(size)
        }
        return sizes
    }

    private static func size(of table: String, in session: any SQLSession) throws -> Size? {
        let last = try session.first(ChangeLogSQL.lastOfTable, table, Int64.max) { $0.int(2) + $0.int(3) }
        return try session.first(ChangeLogSQL.oldest, table, 1) { row in
            Size(
                table: table, bytes: (last ?? 0) - row.int(2), oldest: Timestamp(clamping: row.int(4)))
        }
    }

    /// Takes some of a table's oldest changes out.
    ///
    /// - Parameters:
    ///   - bytes: about how many bytes, by whole changes.
    ///   - count: how many changes at most.
    /// - Returns: what is left of the table, nil when nothing is; and how many bytes went.
    private static func takeOut(
        _ bytes: Int64, _ count: Int, of table: String, before time: Timestamp?, in session: any SQLTransaction
    ) throws -> (left: Size?, bytes: Int) {
        var last: (position: Int64, mark: Int64)?
        var taken: Int64 = 0
        try session.read(ChangeLogSQL.oldest, [.text(table), .int(Int64(count))]) { row in
            if let time, Timestamp(clamping: row.int(4)) >= time { return false }
            last = (row.int(0), row.int(1))
            taken += row.int(3)
            return taken < bytes
        }
        if let last {
            try keepEnd(in: session)
            try session.execute(ChangeLogSQL.deleteOldest, table, last.position)
            try session.execute(ChangeLogSQL.trimTable, table, last.position, last.mark)
        }
        return (try size(of: table, in: session), Int(taken))
    }

    // MARK: Reading

    /// The position of the last change.
    static func end(in session: any SQLSession) throws -> Int64 {
        let last = try session.first(ChangeLogSQL.last) { $0.int(0) } ?? 0
        return max(last, try session.first(ChangeLogSQL.end) { $0.int(0) } ?? 0)
    }

    /// What cursors are made with.
    static func cursorSecret(in session: any SQLSession) throws -> String {
        try session.first(ChangeLogSQL.end) { $0.text(1) } ?? ""
    }

    /// The stamp of a record's last deletion, as long as the log holds it.
    static func deletion(of id: String, in table: String, in session: any SQLSession) throws -> String? {
        try session.first(ChangeLogSQL.deletion, table, id) { $0.text(0) }
    }

    /// What is kept of a table.
    static func of(_ table: String, in session: any SQLSession) throws -> TableLog {
        try session.first(ChangeLogSQL.table, table) { TableLog(epoch: $0.text(0), trimmed: $0.int(1)) }
            ?? TableLog(epoch: "", trimmed: 0)
    }

    /// A random number that belongs to a table's history up to a position. In another history, as after a backup was
    /// restored, it is another one.
    static func mark(of table: String, at position: Int64, in session: any SQLSession) throws -> Int64 {
        try session.first(ChangeLogSQL.lastOfTable, table, position) { $0.int(1) }
            ?? session.first(ChangeLogSQL.table, table) { $0.int(2) } ?? 0
    }

    /// Hands the changes of a table after a position to `visit`, oldest first, until it returns false.
    ///
    /// - Parameter owner: whose records alone; nil for all.
    static func changes(
        of table: String, owner: String?, after position: Int64, in session: any SQLSession,
        visit: (LoggedChange) throws -> Bool
    ) throws {
        let row = { (row: any SQLRow) in
            try visit(
                LoggedChange(
                    position: row.int(0), first: row.int(1), id: row.text(2),
                    kind: LoggedChange.Kind(rawValue: row.int(3)) ?? .updated, stamp: row.text(4), author: row.text(6),
                    owner: row.text(7), before: row.optionalText(5).map { Array($0.utf8) }))
        }
        if let owner {
            try session.read(ChangeLogSQL.afterOfOwner, [.text(table), .text(owner), .int(position)], row: row)
        } else {
            try session.read(ChangeLogSQL.after, [.text(table), .int(position)], row: row)
        }
    }
}
