import BkendWire

/// What the push asks of the store.
protocol PushStore: MetaStore, SpecStore, TwinStore {
    // MARK: Entries

    /// The number of the newest entry that is still there, 0 for none.
    var newestEntry: Int64 { get throws }

    /// The entry of that number, nil when there is none (any more).
    func entry(_ sequence: Int64) throws -> OutboxEntry?
    /// Entries in the order they were made: of all tables or one, in any state or one.
    func entries(
        table: String?, state: OutboxEntry.State?, after sequence: Int64, limit: Int
    ) throws -> [OutboxEntry]
    /// Entries that may be sent now, in order.
    func sendable(limit: Int, skipping: [SendableSkip]) throws -> [OutboxEntry]
    /// Whether other records of a table have writes of an entry's kind that wait for the server.
    func hasOthersWaiting(beside entry: OutboxEntry) throws -> Bool
    /// Whether a table has queued entries of a kind behind one.
    func hasQueued(_ table: String, _ kind: OutboxEntry.Kind, after sequence: Int64) throws -> Bool
    /// Whether a record of that id is here.
    func isKnown(_ table: String, _ id: String) throws -> Bool
    /// The latest version of a record that the server sent.
    func baseText(_ table: String, _ id: String) throws -> [UInt8]?

    // MARK: States

    /// Marks an entry as sent, with the exact body; checks who leads and who is signed in.
    func markInFlight(_ sequence: Int64, body: [UInt8], epoch: Int64, user: String) throws
    /// Nobody knows whether an entry was applied.
    func markAmbiguous(_ sequence: Int64, _ failure: EntryFailure?) throws
    /// Nobody can find out whether an entry was applied: the app decides.
    func markUnresolved(_ sequence: Int64, _ failure: EntryFailure?) throws
    /// Queues an entry again that was certainly not applied.
    func requeue(_ sequence: Int64, after failure: EntryFailure?) throws
    /// Makes an entry a dead letter.
    func fail(_ sequence: Int64, because failure: EntryFailure) throws

    // MARK: What the server did

    /// A create is on the server as this row; false when the entry is gone.
    @discardableResult
    func adopt(_ sequence: Int64, row: [UInt8]) throws -> Bool
    /// An update is on the server, whose record is this row.
    @discardableResult
    func completeUpdate(_ sequence: Int64, row: [UInt8]) throws -> Bool
    /// A delete is done.
    @discardableResult
    func completeDelete(_ sequence: Int64) throws -> Bool
    /// An update goes on with these fields, on the server's present row.
    func rebase(_ sequence: Int64, onto row: [UInt8], fields: JSONObject) throws
    /// A delete takes the server's present row for its before-image.
    func retakeImage(ofDelete sequence: Int64, row: [UInt8]) throws
    /// Makes the entries of a record that was deleted elsewhere a create of its own; false when there are none.
    func recreate(_ table: String, _ id: String) throws -> Bool
    /// Drops a record that was deleted elsewhere; the entries that went with it.
    func gone(_ table: String, _ id: String) throws -> [OutboxEntry]
}

/// What is asked of the store to know what tables are like.
protocol SpecStore: EngineStore {
    /// Tables that have writes or subscriptions, in order.
    func tablesToLearn() throws -> [String]
    /// What is known of a table, nil for nothing.
    func facts(of table: String) throws -> TableFacts?
    /// Keeps what the server said about a table.
    func setFacts(_ facts: TableFacts, of table: String) throws
}

/// What is asked of the store before a row is deleted that no entry asks to delete.
protocol TwinStore: EngineStore {
    /// Whether the create of a record that was to be made again was called off.
    func isCalledOff(_ table: String, _ id: String) throws -> Bool
    /// Whether an id is one of the id table's.
    func hasAlias(_ id: String) throws -> Bool
    /// Whether a row is a record that was made again.
    func wasMadeAgain(_ row: AnswerRow, table: String) throws -> Bool
    /// Whether a row is the record that its key's create has become.
    func bearsItsKey(_ row: AnswerRow, table: String) throws -> Bool
    /// Whether a row bears the key of a create that was cancelled here.
    func isCancelled(_ row: AnswerRow, table: String) throws -> Bool
    /// The record that a row is a second copy of, nil for none.
    func original(ofCopy row: AnswerRow, table: String) throws -> String?
    /// The entries of a record, in order.
    func entries(of table: String, _ id: String) throws -> [OutboxEntry]
    /// The row is the record from now on, under another id than the server gave it first.
    func readopt(_ original: String, as row: AnswerRow, table: String, isGone: Bool) throws
    /// Shows a second copy like any other record.
    func keepTwin(_ table: String, _ id: String) throws
    /// The reports that the app has not acknowledged, oldest first.
    func reports(after number: Int64) throws -> [SyncReport]
    /// Takes a report back.
    func acknowledge(_ number: Int64) throws
}
