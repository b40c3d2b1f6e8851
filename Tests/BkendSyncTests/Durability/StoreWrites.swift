import BkendDocuments
import BkendWire

@testable import BkendSync

/// Random transactions of an app and of the engine that serves it.
struct StoreWrites {
    static let tables = ["notes", "people"]

    /// Thrown by a transaction that takes everything back.
    struct TakenBack: Error {}

    private var random: SplitMix
    private var serverIDs = 0

    init(seed: UInt64) { random = SplitMix(state: seed) }

    /// One transaction's work.
    ///
    /// - Throws: `TakenBack` one time in ten, after its changes.
    mutating func write(_ store: StoreTransaction) throws {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            do {
                switch Int.random(in: 0..<30, using: &random) {
                case 0..<2: try index(store)
                case 2..<20: try app(store)
                default: try engine(store)
                }
            } catch is StoreError {
                // A write that isn't possible now: the id of a discarded record, say. Nothing of it is kept, whatever
                // else the transaction did.
                throw TakenBack()
            }
        }
        if Int.random(in: 0..<10, using: &random) == 0 { throw TakenBack() }
    }

    private mutating func app(_ store: StoreTransaction) throws {
        let table = pick(Self.tables)
        let ids = try store.documents.find(Query(sort: [.init("id")], page: .init(1, limit: .max)), in: table)
            .compactMap {
                try $0.json["id"]?.stringValue
            }
        guard let id = ids.randomElement(using: &random), Int.random(in: 0..<5, using: &random) > 1 else {
            _ = try store.writes.create(table, try fields(store))
            return
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<7: try store.writes.update(table, id, set: try fields(store))
        case 7..<9: try store.writes.delete(table, id)
        default:
            guard let failed = try store.outbox.entries(state: .failed).first else { return }
            if Bool.random(using: &random) {
                try store.decisions.retry(failed.sequence)
            } else {
                _ = try store.decisions.discard(failed.sequence)
            }
        }
    }

    /// Indexes come, are filled, and go.
    private mutating func index(_ store: StoreTransaction) throws {
        let table = pick(Self.tables)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: try store.indexes.keep([.init("title")], of: table)
        case 1: _ = try store.indexes.fill()
        default: _ = try store.indexes.drop([.init("title")], of: table)
        }
    }

    private mutating func engine(_ store: StoreTransaction) throws {
        let inFlight = try store.outbox.entries(state: .inFlight)
        if let entry = inFlight.randomElement(using: &random) { return try answer(entry, store) }
        let entries = try store.queue.sendable(limit: 3)
        if entries.isEmpty { return try pull(store) }
        for entry in entries {
            try store.sending.markInFlight(
                entry.sequence, body: entry.sentFields.serialized(), epoch: try store.epoch, user: entry.user)
        }
    }

    private mutating func answer(_ entry: OutboxEntry, _ store: StoreTransaction) throws {
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            return try store.sending.fail(entry.sequence, because: EntryFailure(code: "data/refused", message: "no"))
        case 1: return try store.sending.requeue(entry.sequence)
        default: break
        }
        switch entry.kind {
        case .create:
            serverIDs += 1
            try store.adopting.adopt(entry.sequence, row: row("s\(serverIDs)", entry.sentFields))
        case .update: try store.answers.completeUpdate(entry.sequence, row: row(entry.record, entry.sentFields))
        case .delete: try store.answers.completeDelete(entry.sequence)
        }
    }

    private mutating func pull(_ store: StoreTransaction) throws {
        let rows = try (0..<Int.random(in: 1...8, using: &random)).map { _ in
            row("p\(Int.random(in: 0..<30, using: &random))", try fields(store))
        }
        _ = try store.receiving.receive(rows, table: pick(Self.tables), subscription: nil, askedAt: nil, isFresh: false)
    }

    private func row(_ id: String, _ fields: JSONObject) -> [UInt8] {
        var row: JSONObject = ["id": .string(id)]
        for (key, value) in fields { row[key] = value }
        row["createdAt"] = "2024-01-01T00:00:00.000Z"
        row["updatedAt"] = "2024-01-01T00:00:00.000Z"
        return row.serialized()
    }

    /// A few fields; now and then one names a record that the server doesn't know yet.
    private mutating func fields(_ store: StoreTransaction) throws -> JSONObject {
        var fields: JSONObject = ["title": .string("title \(Int.random(in: 0..<100, using: &random))")]
        if Bool.random(using: &random) {
            fields["filler"] = .string(String(repeating: "x", count: Int.random(in: 0...2500, using: &random)))
        }
        let creates = try store.outbox.entries(state: .queued).filter { $0.kind == .create }
        if let named = creates.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0 {
            fields["friend"] = .string(named.record)
        }
        return fields
    }

    private mutating func pick(_ names: [String]) -> String { names[Int.random(in: 0..<names.count, using: &random)] }
}

/// The same numbers from the same seed on every machine (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
