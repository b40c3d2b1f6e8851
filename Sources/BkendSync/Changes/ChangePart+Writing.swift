import BkendDocuments
import BkendWire
import GRDB

/// What a transaction makes visible, and what the log says of it at its end.
extension ChangePart where Store == StoreTransaction {
    /// Notes what a record was before this transaction changes it.
    func touch(_ key: RecordKey) throws { _ = try position(of: key) }

    /// What queries see of a record now, nil for nothing. The record counts as touched.
    func now(_ key: RecordKey) throws -> [UInt8]? { store.touched[try position(of: key)].now }

    /// Whether this transaction has touched a record.
    func isTouched(_ key: RecordKey) -> Bool { store.touched.position(of: key) != nil }

    private func position(of key: RecordKey) throws -> Int {
        if let position = store.touched.position(of: key) { return position }
        let text = try store.collection(key.table)?.document(id: key.id, in: db)?.bytes
        return store.touched.append(
            TouchedRecord(key: key, before: text, now: text, stateBefore: try store.outbox.state(of: key)))
    }

    /// Makes queries see that text, nil for nothing. A text that says what is there already is no write.
    /// `isChecked`: the text has passed the strict check, and the id was read from it.
    func show(_ text: [UInt8]?, at key: RecordKey, isChecked: Bool = false) throws {
        let position = try position(of: key)
        let now = store.touched[position].now
        if now == text { return }
        if let now, let text, try DocumentReader.object(now).says(sameAs: DocumentReader.object(text)) { return }
        if let text {
            try store.indexes.storing(in: key.table) { collection in
                if now == nil, isChecked {
                    try collection.insert([NewDocument(id: key.id, checked: text)], in: db)
                } else if now == nil {
                    try collection.insert(text: text, id: key.id, in: db)
                } else {
                    _ = try collection.replace(text: text, id: key.id, in: db)
                }
            }
        } else {
            _ = try store.collection(key.table)?.delete(id: key.id, in: db)
        }
        store.touched[position].now = text
    }

    /// Makes queries see the server's records of ids of which nothing is known here.
    func showNew(_ rows: [AnswerRow], table: String) throws {
        let documents = rows.map { NewDocument(id: $0.id, checked: $0.text) }
        try store.indexes.storing(in: table) { try $0.insert(documents, in: db) }
        store.touched.reserve(rows.count)
        for row in rows {
            let key = RecordKey(table, row.id)
            store.touched.append(TouchedRecord(key: key, before: nil, now: row.text, stateBefore: .synced))
        }
    }

    /// Makes one record of two ids: what was under `old` is from now on the history of `new`. Shows nothing at `old`.
    func moveHistory(from old: RecordKey, to new: RecordKey) throws {
        try show(nil, at: old)
        let position = try position(of: old)
        let target = try self.position(of: new)
        store.touched[position].isMoved = true
        // A rename inside a transaction that began it: observers know the first id only.
        store.touched[target].formerly = store.touched[position].formerly ?? old.id
        store.touched.release(old)
        if store.touched[position].before != nil && store.touched[target].before == nil {
            store.touched[target].before = store.touched[position].before
        }
    }

    /// Appends one row for each record that is another than before, and trims the log.
    func log(keeping limit: Int) throws {
        var rows: [LogRow] = []
        rows.reserveCapacity(store.touched.indices.count)
        for position in store.touched.indices where !store.touched[position].isMoved {
            if let kind = try change(of: store.touched[position]) { rows.append((position, kind)) }
        }
        if rows.isEmpty { return }
        var left = rows[...]
        while !left.isEmpty {
            let count = left.count >= LogSQL.manyRows ? LogSQL.manyRows : 1
            try append(left.prefix(count), count == 1 ? LogSQL.insertion : LogSQL.manyInsertion)
            left = left.dropFirst(count)
        }
        try trimLog(to: limit)
    }

    /// Removes the oldest rows, a tenth of the log at a time: each time the log's two ends are other pages to write.
    private func trimLog(to limit: Int) throws {
        let last = db.lastInsertedRowID - Int64(limit)
        guard last > 0, try db.number("SELECT min(sequence) FROM sync_changes") <= last - Int64(limit / 10) else {
            return
        }
        try db.perform("DELETE FROM sync_changes WHERE sequence <= ?", .int(last))
    }

    private typealias LogRow = (position: Int, kind: StoreChange.Kind)

    /// What the log must say of a record, nil for nothing.
    private func change(of record: TouchedRecord) throws -> StoreChange.Kind? {
        if record.formerly != nil { return record.before != nil || record.now != nil ? .document : .state }
        if record.before != record.now { return .document }
        return try store.outbox.state(of: record.key) != record.stateBefore ? .state : nil
    }

    private func append(_ rows: ArraySlice<LogRow>, _ insertion: String) throws {
        try db.run(insertion) { statement in
            for (position, kind) in rows {
                try statement.bind(store.touched[position].key.table)
                try statement.bind(store.touched[position].key.id)
                if let formerly = store.touched[position].formerly {
                    try statement.bind(formerly)
                } else {
                    statement.skip(1)
                }
                try statement.bind(kind.rawValue)
            }
            _ = try statement.step()
        }
    }
}

/// The statements that append to the log.
private enum LogSQL {
    /// How many rows one statement appends where there are so many: to number them (`AUTOINCREMENT`), each statement
    /// looks the last number up and writes it back.
    static let manyRows = 50
    /// The statement that appends one row.
    static let insertion = insertion(of: 1)
    /// The statement that appends so many.
    static let manyInsertion = insertion(of: manyRows)

    private static func insertion(of rows: Int) -> String {
        let values = repeatElement("(?, ?, ?, ?)", count: rows).joined(separator: ", ")
        return "INSERT INTO sync_changes (collection, record, formerly, kind) VALUES \(values)"
    }
}
