import BkendWire

/// An error of the local store. Nothing was changed.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// The table's name is invalid, for the given reason.
        case invalidTable(String)
        /// The record isn't on this device.
        case noSuchRecord
        /// Only the server or the store sets the field.
        case reservedField
        /// A value refers to a local id whose record was discarded before it reached the server.
        case namesDiscardedRecord(String)
        /// There is no entry with this number. It may have completed in the meantime.
        case noSuchEntry(Int64)
        /// The entry's state, which doesn't allow the operation.
        case wrongState(Int64, OutboxEntry.State)
        /// The entry waits for another entry: an earlier one of its record, or the create of a record that it refers
        /// to.
        case notReady(Int64)
        /// The edit would make creates wait for each other.
        case dependencyCycle(Int64)
        /// The entry was made by a different user than the one who would send it.
        case otherUser(Int64)
        /// Another process has taken over syncing.
        case notLeader(epoch: Int64)
        /// The store belongs to another user.
        case otherOwner
        /// The guest's store is being moved into a user's store. It accepts no writes, and nothing is sent from it.
        case beingTakenOver
        /// The number of writes that wait in the outbox.
        case outboxNotEmpty(Int)
        /// The database was created by a later version of this package.
        case newerFormat(Int)
        /// There is no subscription with this number.
        case noSuchSubscription(Int64)
        /// A row in a response isn't a record, for the given reason.
        case malformedRow(String)
        /// The store is damaged and must be set aside, but other processes have it open.
        case damagedWhileInUse
        /// The store's own data can't be read.
        case damaged(String)
        /// The store was closed.
        case closed
        /// The task was cancelled.
        case cancelled
        /// The database can't be read or written; the message of SQLite or the system.
        case storage(String)
        /// The store can't be opened or moved as requested, for the given reason.
        case unusable(String)
        /// The session store can't determine who is signed in, for the given reason.
        case session(String)
        /// The query can't be run, for the given reason.
        case invalidQuery(String)
        /// A field's value nests arrays and objects deeper than the limit. Nothing was stored.
        case tooDeep(limit: Int)
        /// The record is invalid, for the given reason. Nothing was stored.
        case invalidRecord(String)
        /// The index is invalid, for the given reason.
        case invalidIndex(String)
        /// The table or the store already has the maximum number of indexes. Drop one that isn't needed.
        case tooManyIndexes(limit: Int)
        /// A value can't be encoded as JSON. Nothing was stored.
        case notEncodable(JSONCodingError)
        /// The record doesn't fit the model.
        case notDecodable(JSONCodingError)
        /// The server rejected a write of the record, for the given reason. The write is a dead letter.
        case rejected(EntryFailure)
        /// The record was discarded or deleted.
        case discarded
        /// It is unknown whether the server has the record. The app decides in the outbox.
        case unresolved
        /// A file can't be attached, or isn't on this device.
        case file(LocalFileProblem)
        /// The transaction has ended. Its objects work only inside the closure.
        case transactionIsOver
    }

    /// What is wrong.
    public var reason: Reason
    /// The table, if the error concerns one.
    public var table: String?
    /// The record's id, if the error concerns a record.
    public var record: String?
    /// The field, if the error concerns one.
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
        case .noSuchRecord: "the record isn't on this device; subscribe to it or download it first"
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
        case .unusable(let flaw): flaw
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
        case .file(let problem): problem.explanation
        case .transactionIsOver: "the transaction has ended; use its objects only inside the closure"
        }
    }
}
