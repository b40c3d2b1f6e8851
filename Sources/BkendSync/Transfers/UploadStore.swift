import BkendWire

/// What the uploads ask of the store.
protocol UploadStore: EngineStore {
    /// The number of the newest entry that is still there, 0 for none.
    var newestEntry: Int64 { get throws }

    /// Files that wait and aren't held, the oldest first.
    func files(in lane: UploadLane, held: HeldFiles?, limit: Int) throws -> [WaitingFile]
    /// A file that waits; nil once it doesn't.
    func waitingFile(_ sequence: Int64) throws -> WaitingFile?
    /// Keeps how far an upload is.
    func keep(_ upload: Upload, of waiting: WaitingFile) throws
    /// Deletions of files whose turn it is, in order.
    func fileDeletions(limit: Int) throws -> [OutboxEntry]
    /// Whether an earlier entry names the file of a deletion, which waits for it then.
    func isNamed(before deletion: OutboxEntry) throws -> Bool
    /// Takes a file out that was deleted elsewhere; entries that name it fail.
    func dropFile(_ sequence: Int64) throws

    /// A create is on the server as this row; false when the entry is gone.
    @discardableResult
    func adopt(_ sequence: Int64, row: [UInt8]) throws -> Bool
    /// Makes an entry a dead letter.
    func fail(_ sequence: Int64, because failure: EntryFailure) throws
    /// Nobody can find out what became of an entry.
    func markUnresolved(_ sequence: Int64, _ failure: EntryFailure?) throws
    /// A delete is done.
    @discardableResult
    func completeDelete(_ sequence: Int64) throws -> Bool
}
