import BkendWire

/// A file that waits for the server: its entry, and its row unless that was lost.
package struct WaitingFile: Hashable, Sendable {
    /// The entry.
    package var entry: OutboxEntry
    /// The row; nil where it is gone.
    package var file: StoredFile?

    /// A file that waits.
    package init(entry: OutboxEntry, file: StoredFile?) {
        self.entry = entry
        self.file = file
    }
}

/// Which files are sent next.
package struct TransferPart<Store: StoreView>: StorePart {
    let store: Store

    /// Files that wait and aren't held, the oldest first: small ones, or those with more bytes. Held ones are left out here:
    /// however many there are, they must not hide those that may go.
    func waiting(areLarge: Bool, than bytes: Int64, held: HeldFiles?, limit: Int) throws -> [WaitingFile] {
        // Of large ones there are few, and they have an index.
        let sql =
            areLarge
            ? """
            SELECT \(EntrySQL.columns) FROM sync_entries WHERE sequence IN (
                SELECT entry.sequence FROM sync_files AS file CROSS JOIN sync_entries AS entry
                    ON entry.collection = ?1 AND entry.record = file.record AND entry.kind = 'create'
                    AND entry.state = 'queued'
                WHERE file.upload IS NOT NULL AND file.size > ?2 AND NOT (file.size > ?4 AND entry.sequence > ?5))
            ORDER BY sequence LIMIT ?3
            """
            : """
            SELECT \(EntrySQL.columns) FROM sync_entries
            WHERE collection = ?1 AND state = 'queued' AND kind = 'create' AND NOT EXISTS (
                SELECT 1 FROM sync_files AS file WHERE file.record = sync_entries.record
                    AND (file.size > ?2 OR (file.size > ?4 AND sync_entries.sequence > ?5)))
            ORDER BY sequence LIMIT ?3
            """
        let entries = try db.all(
            sql, .text(FileTable.name), .int(bytes), .int(limit), .int(held?.above ?? .max), .int(held?.after ?? 0),
            read: EntrySQL.entry)
        return try entries.map { WaitingFile(entry: $0, file: try store.files.file($0.record)) }
    }

    /// A file that waits; nil once it doesn't.
    func waiting(_ sequence: Int64) throws -> WaitingFile? {
        guard let entry = try store.outbox.storedEntry(sequence), entry.isOfFile, entry.kind == .create,
            entry.state == .queued
        else { return nil }
        return WaitingFile(entry: entry, file: try store.files.file(entry.record))
    }

    /// Deletions of files whose turn it is, the oldest first.
    func deletions(limit: Int) throws -> [OutboxEntry] {
        try db.all(
            """
            SELECT \(EntrySQL.columns) FROM sync_entries AS entry
            WHERE collection = ? AND state = 'queued' AND kind = 'delete' AND \(EntrySQL.ready)
            ORDER BY sequence LIMIT ?
            """, .text(FileTable.name), .int(limit), read: EntrySQL.entry)
    }

    /// Whether an entry before the deletion of a file names the file anywhere, in before-images too: what takes the file out
    /// of a record may be rejected yet. Reads the entries of records, so it is asked last.
    func isNamed(before deletion: OutboxEntry) throws -> Bool {
        let file = try store.files.file(deletion.record)
        let names = [deletion.record, file?.key ?? deletion.record, file?.url ?? deletion.record]
        let sql = """
            SELECT 1 FROM sync_entries WHERE sequence < ?1 AND collection <> ?2 AND (
                instr(fields, ?3) OR instr(before, ?3) OR instr(fields, ?4) OR instr(before, ?4)
                OR instr(fields, ?5) OR instr(before, ?5)) LIMIT 1
            """
        return try db.number(
            sql, .int(deletion.sequence), .text(FileTable.name), .text(names[0]), .text(names[1]), .text(names[2])) != 0
    }
}

extension TransferPart where Store == StoreTransaction {
    /// Keeps how far an upload is, before its next request leaves. From the moment that it may be registered, its entry
    /// has a body: nothing folds into it any more, and it can't be taken back.
    func keep(_ upload: Upload, of waiting: WaitingFile) throws {
        try store.files.setUpload(upload, of: waiting.entry.record)
        var entry = waiting.entry
        let isMarked = upload.isMarked
        if isMarked == (entry.body != nil) { return }
        entry.body = isMarked ? Array((upload.key?.key ?? "").utf8) : nil
        if isMarked { entry.attempts += 1 }
        try store.outbox.save(entry)
    }
}

extension StoreView {
    /// Which files are sent next.
    package var transfers: TransferPart<Self> { TransferPart(store: self) }
}
