import BkendWire

/// The files that wait for the server, in numbers.
extension QueuePart {
    private static var waiting: String {
        """
        FROM sync_files AS file CROSS JOIN sync_entries AS entry
            ON entry.collection = '\(FileTable.name)' AND entry.record = file.record
            AND entry.kind = 'create' AND entry.state = 'queued'
        WHERE file.upload IS NOT NULL
        """
    }

    /// How many files wait, and how many bytes they have.
    func fileStatus() throws -> FileStatus {
        var status = FileStatus()
        // Nearly always there are none.
        if try store.outbox.entryCount(of: FileTable.name) == 0 { return status }
        let sql = "SELECT count(*), ifnull(sum(file.size), 0) \(Self.waiting)"
        if let (count, bytes) = try db.first(sql, read: { (Int($0.int(0)), $0.int(1)) }) {
            status.waiting = count
            status.bytes = bytes
        }
        return status
    }

    /// The entries of files that are held.
    func heldFiles(_ held: HeldFiles) throws -> [Int64] {
        try db.all(
            "SELECT entry.sequence \(Self.waiting) AND file.size > ? AND entry.sequence > ?", .int(held.above),
            .int(held.after)
        ) { $0.int(0) }
    }

    /// How many files are held.
    func heldFileCount(_ held: HeldFiles) throws -> Int {
        Int(
            try db.number(
                "SELECT count(*) \(Self.waiting) AND file.size > ? AND entry.sequence > ?", .int(held.above),
                .int(held.after)))
    }
}
