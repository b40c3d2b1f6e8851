import BkendWire
import FaultDisk
import Testing

@testable import BkendSync

/// What happens to a store as a whole, and to its dead letters, while calls of the file system fail or the power goes.
@Suite struct StoreLifecycleFaultTests {
    enum Operation: String, CaseIterable, Sendable {
        case takeOver, wipe, evict, subscribe, unsubscribe, unsubscribeKeeping
        case editLetter, retryUpdate, retryCreate, retryDelete, discardUpdate, discardCreate, acknowledge

        func run(_ store: StoreDatabase) throws {
            if self == .evict {
                // Only what nothing holds may go: the rest doesn't fit either.
                _ = try store.evict(toFit: 0)
                return
            }
            try store.write { try run($0) }
        }

        private func run(_ tx: StoreTransaction) throws {
            func letter(_ kind: OutboxEntry.Kind) throws -> Int64 {
                try #require(try tx.outbox.entries(state: .failed).first { $0.kind == kind }).sequence
            }
            switch self {
            case .evict: break
            case .takeOver: try tx.ownership.takeOver(by: "ann")
            case .wipe: try tx.ownership.wipe(losing: true)
            case .subscribe:
                _ = try tx.subscribing.subscribe("loose", to: try RESTFilter(allOf: [Condition("number", .equals(2))]))
            case .unsubscribe, .unsubscribeKeeping:
                let number = try #require(try tx.subscriptions.all(of: "notes").first).number
                try tx.subscribing.unsubscribe(number, keepingRecords: self == .unsubscribeKeeping)
            case .editLetter:
                let friend = try #require(try tx.outbox.entries(state: .queued).first { $0.kind == .create }).record
                try tx.decisions.edit(try letter(.update), set: ["title": "shorter", "friend": .string(friend)])
            case .retryUpdate: try tx.decisions.retry(try letter(.update))
            case .retryCreate: try tx.decisions.retry(try letter(.create))
            case .retryDelete: try tx.decisions.retry(try letter(.delete))
            case .discardUpdate: _ = try tx.decisions.discard(try letter(.update))
            case .discardCreate: _ = try tx.decisions.discard(try letter(.create))
            case .acknowledge: try tx.reports.acknowledge(try #require(try tx.reports.all().first).number)
            }
        }
    }

    /// A guest's store with members, loose records, waiting writes, dead letters of each kind and a report.
    private static func prepared() throws -> FaultDisk {
        let disk = FaultDisk()
        try disk.withStore { store throws in
            try store.write { tx in
                let rows = (0..<6).map { number -> [UInt8] in
                    (["id": .string("p\(number)"), "title": "pulled", "number": .int(Int64(number))] as JSONObject)
                        .serialized()
                }
                let number = try tx.subscribing.subscribe("notes")
                _ = try tx.receiving.receive(rows, table: "notes", subscription: number, askedAt: nil, isFresh: false)
                _ = try tx.receiving.receive(rows, table: "loose", subscription: nil, askedAt: nil, isFresh: false)
                let first = try tx.writes.create("notes", ["title": "first"])
                _ = try tx.writes.create("notes", ["title": "second", "friend": .string(first)])
                _ = try tx.writes.create("people", ["title": "third"])
                try tx.writes.update("notes", "p1", set: ["title": "too long"])
                try tx.writes.delete("notes", "p2")
                try tx.reports.add("race", "notes", "p1")
                for entry in try tx.outbox.entries() where ["p1", "p2", first].contains(entry.record) {
                    try tx.sending.markInFlight(
                        entry.sequence, body: entry.sentFields.serialized(), epoch: try tx.epoch, user: entry.user)
                    try tx.sending.fail(entry.sequence, because: EntryFailure(code: "data/refused", message: "no"))
                }
            }
        }
        return disk
    }

    private static func calls(of operation: Operation) throws -> EveryCall {
        EveryCall(of: operation.rawValue, on: try prepared(), step: 7, mayBeDoneWhenThrown: operation == .evict) {
            try operation.run($0)
        }
    }

    @Test(
        "An operation whose k-th call fails is there or leaves nothing, and succeeds when tried again",
        arguments: Operation.allCases, [1, nil])
    func operationWhoseK(
        operation: Operation, times: Int?
    ) throws {
        try Self.calls(of: operation).fail(times: times)
    }

    @Test("Wherever the power goes, an operation is found whole or not at all", arguments: Operation.allCases)
    func whereverPowerGoes(operation: Operation) throws {
        try Self.calls(of: operation).cut()
    }
}
