import BkendSync
import BkendWire
import Foundation

@testable import Bkend

/// A local store in memory, and a server's word on what it wrote.
struct LocalFixture: Sendable {
    let core: OpenStore
    let store: LocalStore

    init() throws {
        let shared = StoreCore(try StoreDatabase.inMemory())
        core = OpenStore(shared)
        feed = shared.feed
        store = LocalStore(core, userID: "u1")
    }

    /// What the live queries hang on.
    let feed: ChangeFeed

    var books: LocalTable<Book> { store.table(Book.self) }

    /// The table has no unique field, so that updates fold.
    func allowFolding() async throws {
        try await core.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "books") }
    }

    /// The first entry of a record is sent; the server answers a create with a record of this id.
    func confirmCreate(_ id: String, as serverID: String, table: String = "books") async throws {
        try await core.write { tx in
            let entry = try Self.send(id, table, in: tx)
            var row: JSONObject = ["id": .string(serverID)]
            for (key, value) in entry.sentFields { row[key] = value }
            row["createdBy"] = "u1"
            row["createdAt"] = "2025-01-08T00:00:00.000Z"
            row["updatedAt"] = "2025-01-08T00:00:00.000Z"
            _ = try tx.adopting.adopt(entry.sequence, row: row.serialized())
        }
    }

    /// The first entry of a record is sent; the server rejects it.
    func reject(_ id: String, table: String = "books", status: Int = 400) async throws {
        try await core.write { tx in
            let entry = try Self.send(id, table, in: tx)
            try tx.sending.fail(
                entry.sequence,
                because: EntryFailure(code: "data/validation-error", message: "title is too short", status: status))
        }
    }

    /// A page arrives from the server.
    func receive(_ rows: String..., table: String = "books", subscription: Int64? = nil) async throws {
        try await core.write {
            _ = try $0.receiving.receive(rows.map { Array($0.utf8) }, table: table, subscription: subscription)
        }
    }

    private static func send(_ id: String, _ table: String, in tx: StoreTransaction) throws -> OutboxEntry {
        guard let entry = try tx.outbox.entries(of: table, id).first(where: { $0.state == .queued }) else {
            throw StoreError(.noSuchRecord, table: table, record: id)
        }
        try tx.sending.markInFlight(
            entry.sequence, body: entry.sentFields.serialized(), epoch: try tx.epoch, user: entry.user)
        return entry
    }
}

/// The reason for which a call of the store fails; nil when it doesn't.
func refusal(_ body: () async throws -> Void) async -> StoreError.Reason? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StoreError)?.reason
    }
}
