import BkendWire
import Foundation

/// What every machine asks of the store. Each machine's own protocol adds what it needs besides; the store's transaction
/// is all of them, and a test's store in memory is one.
protocol EngineStore {
    /// The user that the store belongs to, "" for a guest.
    var owner: String { get throws }
    /// A number that goes up with every write that the server answered.
    var mark: Int64 { get throws }

    /// The subscriptions of a table, or all, in the order they were made.
    func subscriptions(of table: String?) throws -> [Subscription]
    /// Whether a record is a member of a subscription.
    func isMember(_ id: String, of number: Int64) throws -> Bool
    /// The `updatedAt` of the server's last word on a record; nil for a record that it hasn't shown.
    func baseUpdatedAt(_ table: String, _ id: String) throws -> String?
    /// Takes rows from the server; see `Receiving`.
    func receive(
        _ rows: [AnswerRow], table: String, subscription: Int64?, askedAt mark: Int64?, isFresh: Bool
    ) throws -> Received
    /// Keeps a report for the app; its number.
    @discardableResult
    func report(_ kind: String, _ table: String, _ record: String, detail: JSONObject) throws -> Int64
}

/// What is kept under a name.
protocol MetaStore: EngineStore {
    /// A value that is kept under a name.
    func meta(_ key: String) throws -> String?
    /// Keeps a value under a name, nil to remove it.
    func setMeta(_ key: String, _ value: String?) throws
}

/// What the status asks of the store.
protocol StatusStore: EngineStore {
    /// Moves whenever anything in the outbox changed.
    var outboxVersion: Int64 { get throws }
    /// Whether this transaction changes anything in the outbox.
    var touchesOutbox: Bool { get }
    /// The device's time.
    var date: Date { get }

    /// The outbox in numbers.
    func outboxCounts() throws -> OutboxCounts
    /// The files that are to come, in numbers.
    func downloadStatus() throws -> DownloadStatus
    /// How many of the files that wait are held.
    func heldFileCount(_ held: HeldFiles) throws -> Int
}
