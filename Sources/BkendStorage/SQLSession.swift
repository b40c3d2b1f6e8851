import BkendWire

/// SQL over one snapshot of a storage: for accounts, control data and definitions.
///
/// Statements are written in the SQL that SQLite and PostgreSQL share, with `?` for each value in turn. They stand in one
/// type for each store (`UserSQL`, `KeySQL`, …), so that a storage can prepare them all.
///
/// A session belongs to the body that was handed it, and to that body's thread.
package protocol SQLSession {
    /// The storage's time: one for the whole session.
    var now: Timestamp { get }

    /// Runs a statement that changes nothing: binds the values in turn and hands each row to `row`.
    ///
    /// - Parameter row: whether to go on with the next row.
    func read(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Bool) throws
}

/// SQL in a transaction that may write.
package protocol SQLTransaction: SQLSession {
    /// Runs a statement that changes rows, and hands each row that it returns (`RETURNING`) to `row`.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Void) throws -> Int

    /// Runs statements that make or alter tables: any number of them, without values.
    func script(_ sql: String) throws

    /// Asks for locks that the body found out about only by reading. Where they are held, this returns at once; else it
    /// throws, the storage takes them, and the body runs again from the start. So a body that goes on has read everything
    /// under its locks.
    ///
    /// - Throws: `LocksNeeded`, which is to be passed on.
    func hold(_ locks: Set<StorageLock>) throws
}

extension SQLSession {
    /// The first row of a statement's result, nil when there is none.
    package func first<Value>(
        _ sql: String, _ arguments: (any SQLBindable)?..., read: (any SQLRow) throws -> Value
    ) throws -> Value? {
        var value: Value?
        try self.read(sql, arguments.map(\.sqlValue)) { row in
            value = try read(row)
            return false
        }
        return value
    }

    /// All rows of a statement's result.
    package func all<Value>(
        _ sql: String, _ arguments: (any SQLBindable)?..., read: (any SQLRow) throws -> Value
    ) throws -> [Value] {
        try all(sql, arguments: arguments.map(\.sqlValue), read: read)
    }

    /// All rows of the result of a statement whose values were gathered before.
    package func all<Value>(
        _ sql: String, arguments: [SQLValue], read: (any SQLRow) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        try self.read(sql, arguments) { row in
            values.append(try read(row))
            return true
        }
        return values
    }

    /// The number in the first row's first column; 0 when there is none. For `count(*)`.
    package func count(_ sql: String, arguments: [SQLValue] = []) throws -> Int {
        var count = 0
        try read(sql, arguments) { row in
            count = Int(row.int(0))
            return false
        }
        return count
    }
}

extension SQLTransaction {
    /// Runs a statement that changes rows.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ arguments: (any SQLBindable)?...) throws -> Int {
        try execute(sql, arguments.map(\.sqlValue)) { _ in }
    }

    /// Runs a statement that changes at most one row, and reads what it returns (`RETURNING`); nil when it changed none.
    package func returning<Value>(
        _ sql: String, _ arguments: (any SQLBindable)?..., read: (any SQLRow) throws -> Value
    ) throws -> Value? {
        var value: Value?
        try execute(sql, arguments.map(\.sqlValue)) { row in value = try read(row) }
        return value
    }
}

extension (any SQLBindable)? {
    fileprivate var sqlValue: SQLValue { self?.sqlValue ?? .null }
}
