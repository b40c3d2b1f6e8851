import BkendWire
import Foundation

/// What the engine's machines ask of the store, answered by the parts of one transaction.
struct EngineTransaction: StorePart {
    let store: StoreTransaction

    /// Begins to lead; see `Sending`.
    func lead() throws -> Int64 { try store.sending.lead() }

    func requireLeader(_ epoch: Int64) throws { try store.requireLeader(epoch) }
}

extension EngineTransaction: EngineStore {
    var owner: String { get throws { try store.owner } }

    var mark: Int64 { get throws { try store.settled.mark } }

    func subscriptions(of table: String?) throws -> [Subscription] { try store.subscriptions.all(of: table) }

    func isMember(_ id: String, of number: Int64) throws -> Bool { try store.members.contains(id, of: number) }

    func baseUpdatedAt(_ table: String, _ id: String) throws -> String? {
        try store.documents.baseUpdatedAt(table, id)
    }

    func receive(
        _ rows: [AnswerRow], table: String, subscription: Int64?, askedAt mark: Int64?, isFresh: Bool
    ) throws -> Received {
        try store.receiving.receive(
            rows, table: table, subscription: subscription, askedAt: mark, isFresh: isFresh)
    }

    func report(_ kind: String, _ table: String, _ record: String, detail: JSONObject) throws -> Int64 {
        try store.reports.add(kind, table, record, detail: detail)
    }
}

extension EngineTransaction: MetaStore {
    func meta(_ key: String) throws -> String? { try store.meta(key) }

    func setMeta(_ key: String, _ value: String?) throws { try store.setMeta(key, value) }
}

extension EngineTransaction: StatusStore {
    var outboxVersion: Int64 { get throws { try store.outboxVersion } }

    var touchesOutbox: Bool { store.touchesOutbox }

    var date: Date { store.environment.now().date }

    func outboxCounts() throws -> OutboxCounts {
        var counts = try store.outbox.inNumbers(reports: store.reports.count())
        counts.files = try store.queue.fileStatus()
        return counts
    }

    func downloadStatus() throws -> DownloadStatus { try store.downloads.status() }

    func heldFileCount(_ held: HeldFiles) throws -> Int { try store.queue.heldFileCount(held) }
}
