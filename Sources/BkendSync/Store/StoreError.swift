import BkendWire

/// Why the local store refuses something. Nothing was changed.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// The table's name breaks a rule; the rule.
        case invalidTable(String)
        /// There is no such record on this device.
        case noSuchRecord
        /// The field is set by the server or by the store alone.
        case reservedField
        /// A value names a local id whose record was discarded before the server had it.
        case namesDiscardedRecord(String)
        /// There is no entry of that number; it may have been completed meanwhile.
        case noSuchEntry(Int64)
        /// The entry's state doesn't allow it; the state.
        case wrongState(Int64, OutboxEntry.State)
        /// The entry waits for others: for an earlier one of its record, or for a record that it names.
        case notReady(Int64)
        /// The edit would make creates wait for each other.
        case dependencyCycle(Int64)
        /// The entry was made by another user than the one who would send it.
        case otherUser(Int64)
        /// Another process leads synchronisation now.
        case notLeader(epoch: Int64)
        /// The store belongs to another user.
        case otherOwner
        /// The guest's store is on its way into a user's: it takes no writes, and nothing is sent from it.
        case beingTakenOver
        /// Writes wait in the outbox; how many.
        case outboxNotEmpty(Int)
        /// The database was made by a later version of this package.
        case newerFormat(Int)
        /// There is no subscription of that number.
        case noSuchSubscription(Int64)
        /// A row of an answer is no record; why.
        case malformedRow(String)
        /// The store is damaged and has to be set aside, which must not happen under the feet of other processes.
        case damagedWhileInUse
        /// What the store keeps for itself can't be read.
        case damaged(String)
        /// The store was closed.
        case closed
        /// The task was cancelled.
        case cancelled
        /// The database can't be read or written: what SQLite or the system says.
        case storage(String)
        /// The session store can't say who is signed in: what is wrong.
        case session(String)
        /// The query can't be run: what is wrong with it.
        case invalidQuery(String)
        /// A field's value nests arrays and objects deeper than can be stored; the limit. Nothing was stored.
        case tooDeep(limit: Int)
        /// The record can't be stored: what is wrong with it.
        case invalidRecord(String)
        /// The index can't be: what is wrong with it.
        case invalidIndex(String)
        /// The table, or the store, has as many indexes as it may; the limit. Drop one that isn't needed.
        case tooManyIndexes(limit: Int)
        /// A value has no JSON form; nothing was stored.
        case notEncodable(JSONCodingError)
        /// The record doesn't fit the model.
        case notDecodable(JSONCodingError)
        /// The server rejected a write of the record, which waits as a dead letter; the reason.
        case rejected(EntryFailure)
        /// The record was discarded or deleted.
        case discarded
        /// Nobody can say whether the server has the record; the app decides in the outbox.
        case unresolved
        /// The transaction is over: its objects work inside the closure alone.
        case transactionIsOver
    }

    /// What is wrong.
    public var reason: Reason
    /// The table, where one is concerned.
    public var table: String?
    /// The record's id, where one is concerned.
    public var record: String?
    /// The field, where one is concerned.
    public var field: String?

    /// An error about a table, record and field.
    package init(_ reason: Reason, table: String? = nil, record: String? = nil, field: String? = nil) {
        self.reason = reason
        self.table = table
        self.record = record
        self.field = field
    }

    /// What failed, on what, why, and what to do.
    public var description: String {
        let names = [table, record, field].compactMap(\.self)
        return (names.isEmpty ? "" : names.joined(separator: "/") + ": ") + explanation
    }

    var explanation: String {
        switch reason {
        case .invalidTable(let flaw): "the table's name is invalid: \(flaw)"
        case .invalidIndex(let flaw): "the index is invalid: \(flaw)"
        case .tooManyIndexes(let limit):
            "the limit is \(limit) indexes, including those from the server; drop one that isn't needed"
        case .noSuchRecord: "the record isn't on this device; subscribe to it or fetch it first"
        case .reservedField: "only the server or the store sets this field; leave it out"
        case .namesDiscardedRecord(let id):
            "the value refers to \(id), a record that was discarded before it reached the server; remove the id"
        case .noSuchEntry(let entry): "there is no entry \(entry) in the outbox; it may have completed in the meantime"
        case .wrongState(let entry, let state): "entry \(entry) can't be changed while it is \(state.rawValue)"
        case .notReady(let entry): "entry \(entry) is waiting for other entries and can't be sent yet"
        case .dependencyCycle(let entry):
            "with this edit, entry \(entry) and another create would wait for each other; remove one of the ids"
        case .otherUser(let entry): "another user made entry \(entry); it can only be sent as that user"
        case .notLeader: "another process has taken over syncing"
        case .otherOwner: "the store belongs to another user; open this user's store"
        case .beingTakenOver:
            "this guest's store is being moved into a user's store; write to the user's store (opening a store "
                + "finishes an interrupted move)"
        case .outboxNotEmpty(let count):
            "\(count) writes are not on the server yet; sync first, or pass `discardingOutbox: true` to discard them"
        case .newerFormat(let format):
            "the store was created by a later version (format \(format)); update this program to open it"
        case .noSuchSubscription(let number): "there is no subscription \(number)"
        case .malformedRow(let flaw): "a row in the response isn't a record: \(flaw)"
        case .damagedWhileInUse:
            "the store is damaged and another process has it open; close the other processes, then open the store again to "
                + "salvage its outbox"
        case .damaged(let detail): "the store's own data can't be read (\(detail)); open the store again to salvage it"
        case .closed: "the store was closed; open it again"
        case .cancelled: "the task was cancelled"
        case .storage(let detail): "the store's database failed (\(detail)); check free space and disk health"
        case .session(let detail): "can't determine the store's owner: \(detail)"
        case .invalidQuery(let flaw): "the query can't be run: \(flaw)"
        case .tooDeep(let limit):
            "nothing was stored; the value nests arrays and objects deeper than \(limit) levels; flatten it, or split it into "
                + "several records"
        case .invalidRecord(let flaw): "nothing was stored; the record is invalid: \(flaw)"
        case .notEncodable(let error): "nothing was stored; the value can't be encoded: \(error)"
        case .notDecodable(let error):
            "the record doesn't fit the model: \(error); make the field optional, give it a default, or correct its type"
        case .rejected(let failure):
            "the server rejected the write (\(failure)); edit, retry or discard it in the outbox"
        case .discarded: "the record was discarded or deleted"
        case .unresolved: "can't determine whether the server has the record; retry or discard it in the outbox"
        case .transactionIsOver: "the transaction has ended; use its objects only inside the closure"
        }
    }
}
