import BkendDocuments
import BkendWire
import GRDB

extension StoreTransaction {
    /// Notes what a record was before this transaction changes it; where it stands in `touched`.
    @discardableResult
    func touch(_ key: RecordKey) throws -> Int {
        if let position = positions[key] { return position }
        let text = try collection(key.table)?.document(id: key.id, in: db)?.bytes
        touched.append(TouchedRecord(key: key, before: text, now: text, stateBefore: try state(of: key)))
        positions[key] = touched.count - 1
        return touched.count - 1
    }

    /// Makes queries see that text, nil for nothing. A text that says what is there already is no write.
    /// `isChecked`: the text has passed the strict check, and the id was read from it.
    func show(_ text: [UInt8]?, at key: RecordKey, isChecked: Bool = false) throws {
        let position = try touch(key)
        let now = touched[position].now
        if now == text { return }
        if let now, let text, try DocumentReader.object(now).says(sameAs: DocumentReader.object(text)) { return }
        if let text {
            let collection = try collectionForWriting(key.table)
            if now == nil {
                try collection.insert(text: text, id: key.id, isChecked: isChecked, in: db)
            } else {
                _ = try collection.replace(text: text, id: key.id, in: db)
            }
        } else {
            _ = try collection(key.table)?.delete(id: key.id, in: db)
        }
        touched[position].now = text
    }

    /// Makes one record of two ids: what was under `old` is from now on the history of `new`. Shows nothing at `old`.
    func moveHistory(from old: RecordKey, to new: RecordKey) throws {
        try show(nil, at: old)
        let position = try touch(old)
        let target = try touch(new)
        touched[position].isMoved = true
        // A rename inside a transaction that began it: observers know the first id only.
        touched[target].formerly = touched[position].formerly ?? old.id
        positions[old] = nil
        if touched[position].before != nil && touched[target].before == nil {
            touched[target].before = touched[position].before
        }
    }

    /// Appends one row for each record that is another than before, and trims the log.
    func logChanges(keeping limit: Int) throws {
        var latest: Int64 = 0
        for record in touched where !record.isMoved {
            let kind: StoreChange.Kind
            if record.formerly != nil {
                kind = record.before != nil || record.now != nil ? .document : .state
            } else if record.before != record.now {
                kind = .document
            } else if try state(of: record.key) != record.stateBefore {
                kind = .state
            } else {
                continue
            }
            try db.perform(
                "INSERT INTO sync_changes (collection, record, formerly, kind) VALUES (?, ?, ?, ?)",
                .text(record.key.table), .text(record.key.id), .optional(record.formerly), .text(kind.rawValue))
            latest = db.lastInsertedRowID
        }
        if latest > limit {
            try db.perform("DELETE FROM sync_changes WHERE sequence <= ?", .int(latest - Int64(limit)))
        }
    }
}
