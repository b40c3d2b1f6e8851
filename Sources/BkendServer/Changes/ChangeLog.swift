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
        var bytes = try session.first(ChangeLogSQL.lastOfTable, table, Int64.max) { $0.int(2) } ?? 0
        for entry in entries {
            let isKept = entry.before.map { $0.count <= largestBefore } ?? true
            if !isKept || entry.note.newOwner != nil { try renew(table, in: session) }
            let before = isKept ? entry.before.map { String(decoding: $0, as: UTF8.self) } : nil
            bytes += Int64(rowBytes + entry.id.utf8.count + table.utf8.count + (isKept ? entry.before?.count ?? 0 : 0))
            try session.execute(
                ChangeLogSQL.append, position, first ?? position, table, entry.id, entry.kind.rawValue,
                entry.note.stamp, entry.note.author, entry.note.owner, Int64.random(in: 1 ... .max), bytes, before)
            first = first ?? position
            position += 1
        }
        return position - 1
    }

    /// What a row takes besides of its texts, with its entries in the indexes.
    private static let rowBytes = 200

    /// Begins a new epoch of a table: whoever follows it lists it anew.
    static func renew(_ table: String, in session: any SQLTransaction) throws {
        try session.execute(ChangeLogSQL.renewTable, table, randomName())
    }

    /// Forgets a table's changes, which was dropped or is new.
    static func forget(_ table: String, in session: any SQLTransaction) throws {
        try keepEnd(in: session)
        try session.execute(ChangeLogSQL.deleteTable, table)
        try renew(table, in: session)
    }

    /// Positions never come again, whatever is removed from the log.
    private static func keepEnd(in session: any SQLTransaction) throws {
        let end = try end(in: session)
        try session.execute(ChangeLogSQL.setEnd, end, end)
    }

    /// Begins another life of the environment: no cursor from before holds.
    static func beginAnotherLife(in session: any SQLTransaction) throws {
        try session.execute(ChangeLogSQL.renewEnd, randomName())
    }

    private static func randomName() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }

    // MARK: Trimming

    /// Takes a few of the oldest changes out of a log that is too large or too old: of the table whose changes take most.
    ///
    /// - Parameters:
    ///   - limit: the bytes that the log may take.
    ///   - time: changes from before it go in any case.
    ///   - step: how many changes go at once.
    /// - Returns: whether there is more to be taken out.
    static func trim(
        to limit: Int64, keepingAfter time: Timestamp, step: Int, in session: any SQLTransaction
    ) throws -> Bool {
        var (total, largest): (Int64, (table: String, bytes: Int64)?) = (0, nil)
        var oldest: (table: String, position: Int64)?
        var name = ""
        while let table = try session.first(ChangeLogSQL.nextTable, name, read: { $0.text(0) }) {
            name = table
            guard let first = try session.first(ChangeLogSQL.firstOfTable, table, read: { ($0.int(0), $0.int(2)) }),
                let last = try session.first(ChangeLogSQL.lastOfTable, table, Int64.max, read: { $0.int(2) })
            else { continue }
            let bytes = last - first.1 + Int64(rowBytes)
            total += bytes
            if bytes > largest?.bytes ?? 0 { largest = (table, bytes) }
            if first.0 < oldest?.position ?? .max { oldest = (table, first.0) }
        }
        if let largest, total > limit {
            try takeOut(step, of: largest.table, before: .max, in: session)
        } else if let oldest, oldest.position < time.milliseconds * 1_000 {
            try takeOut(step, of: oldest.table, before: time.milliseconds * 1_000, in: session)
        } else {
            return false
        }
        return true
    }

    private static func takeOut(
        _ count: Int, of table: String, before position: Int64, in session: any SQLTransaction
    ) throws {
        let rows = try session.all(ChangeLogSQL.oldest, table, count) { ($0.int(0), $0.int(1)) }
        guard let last = rows.last(where: { $0.0 < position }) else { return }
        try keepEnd(in: session)
        try session.execute(ChangeLogSQL.deleteOldest, table, last.0)
        try session.execute(ChangeLogSQL.trimTable, table, last.0, last.1)
    }

    // MARK: Reading

    /// The position of the last change.
    static func end(in session: any SQLSession) throws -> Int64 {
        let last = try session.first(ChangeLogSQL.last) { $0.int(0) } ?? 0
        return max(last, try session.first(ChangeLogSQL.end) { $0.int(0) } ?? 0)
    }

    /// Which life of the environment this is.
    static func incarnation(in session: any SQLSession) throws -> String {
        try session.first(ChangeLogSQL.end) { $0.text(1) } ?? ""
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
                    kind: LoggedChange.Kind(rawValue: row.int(3)) ?? .updated, stamp: row.text(4),
                    before: row.optionalText(5).map { Array($0.utf8) }))
        }
        if let owner {
            try session.read(ChangeLogSQL.afterOfOwner, [.text(table), .text(owner), .int(position)], row: row)
        } else {
            try session.read(ChangeLogSQL.after, [.text(table), .int(position)], row: row)
        }
    }
}
