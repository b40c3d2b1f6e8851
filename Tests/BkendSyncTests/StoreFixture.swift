import BkendDocuments
import BkendSync
import BkendWire
import GRDB
import Synchronization
import Testing

/// A store in memory with a clock that ticks a second at every look and numbers instead of chance.
final class StoreFixture: Sendable {
    let queue: DatabaseQueue
    let environment: StoreEnvironment
    let store: StoreDatabase

    init(changeLimit: Int = 10_000) throws {
        queue = try DocumentStorage.inMemory()
        environment = StoreEnvironment.ticking()
        store = try StoreDatabase(over: queue, environment: environment, changeLimit: changeLimit)
    }

    /// What a process finds that opens the store after a crash.
    func reopened() throws -> StoreDatabase { try StoreDatabase(over: queue, environment: environment) }

    /// Marks a table as one without unique fields, so that updates fold.
    func allowFolding(_ table: String = "notes") throws {
        try store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: table) }
    }

    func create(_ fields: JSONObject, in table: String = "notes") throws -> String {
        try store.write { try $0.writes.create(table, fields) }
    }

    func update(_ id: String, _ fields: JSONObject, in table: String = "notes") throws {
        _ = try store.write { try $0.writes.update(table, id, set: fields) }
    }

    func delete(_ id: String, in table: String = "notes") throws { try store.write { try $0.writes.delete(table, id) } }

    /// What queries see of a record.
    func visible(_ id: String, in table: String = "notes") throws -> JSONObject? {
        try store.read { try $0.documents.document(table, id)?.json }
    }

    func state(_ id: String, in table: String = "notes") throws -> SyncState {
        try store.read { try $0.documents.syncState(table, id) }
    }

    func lane(_ id: String, in table: String = "notes") throws -> [OutboxEntry] {
        try store.read { try $0.outbox.entries(of: table, id) }
    }

    /// The change rows that a piece of work leaves.
    func changes(_ work: () throws -> Void) throws -> [StoreChange] {
        let before = try store.read { try $0.changes.latest }
        try work()
        guard case .rows(let rows) = try store.read({ try $0.changes.rows(after: before) }) else { return [] }
        return rows
    }
}

extension StoreEnvironment {
    /// A clock that ticks a second at every look, and numbers that count up.
    static func ticking() -> StoreEnvironment {
        let ticks = Mutex<Int64>(1_700_000_000_000)
        let numbers = Mutex<UInt64>(0)
        return StoreEnvironment(
            now: {
                ticks.withLock { now in
                    now += 1_000
                    return Timestamp(clamping: now)
                }
            },
            random: {
                numbers.withLock { number in
                    number += 1
                    return number
                }
            })
    }
}

/// The reason of a refusal by the store.
func refusal(_ work: () throws -> Void) -> StoreError.Reason? {
    do {
        try work()
        return nil
    } catch {
        return (error as? StoreError)?.reason
    }
}

extension StoreFixture {
    /// Takes a record from the server.
    @discardableResult
    func receive(
        _ rows: JSONObject..., in table: String = "notes", subscription: Int64? = nil, askedAt mark: Int64? = nil,
        isFresh: Bool = false
    ) throws -> Received {
        try store.write {
            try $0.receiving.receive(
                rows.map { $0.serialized() }, table: table, subscription: subscription, askedAt: mark, isFresh: isFresh)
        }
    }

    /// Sends the entry at the head of a record's lane: it is in flight.
    @discardableResult
    func send(_ id: String, in table: String = "notes") throws -> OutboxEntry {
        try store.write { tx in
            let epoch = try tx.epoch
            let entry = try #require(try tx.outbox.entries(of: table, id).first(where: \.isLive))
            try tx.sending.markInFlight(
                entry.sequence, body: entry.sentFields.serialized(), epoch: epoch, user: entry.user)
            return try #require(try tx.outbox.entry(entry.sequence))
        }
    }

    /// The server answers a create.
    func adopt(_ id: String, as serverID: String, in table: String = "notes", adding fields: JSONObject = [:]) throws {
        try store.write { tx in
            let entry = try #require(try tx.outbox.entries(of: table, id).first)
            var row: JSONObject = ["id": .string(serverID)]
            for (key, value) in entry.sentFields { row[key] = value }
            for (key, value) in fields { row[key] = value }
            row["createdBy"] = .string(entry.user)
            row["updatedAt"] = "2023-12-01T00:00:00.000Z"
            let isAdopted = try tx.adopting.adopt(entry.sequence, row: row.serialized())
            #expect(isAdopted)
        }
    }

    func fail(_ entry: OutboxEntry) throws {
        try store.write {
            try $0.sending.fail(entry.sequence, because: EntryFailure(code: "data/validation-error", message: "no"))
        }
    }
}

extension StoreFixture {
    @discardableResult
    func answerUpdate(_ entry: OutboxEntry, _ row: String) throws -> Bool {
        try store.write { try $0.answers.completeUpdate(entry.sequence, row: Array(row.utf8)) }
    }

    @discardableResult
    func answerDelete(_ entry: OutboxEntry) throws -> Bool {
        try store.write { try $0.answers.completeDelete(entry.sequence) }
    }

    @discardableResult
    func answerCreate(_ entry: OutboxEntry, _ row: String) throws -> Bool {
        try store.write { try $0.adopting.adopt(entry.sequence, row: Array(row.utf8)) }
    }
}
