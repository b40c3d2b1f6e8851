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
                try #require(try tx.entries(state: .failed).first { $0.kind == kind }).sequence
            }
            switch self {
            case .evict: break
            case .takeOver: try tx.takeOver(by: "ann")
            case .wipe: try tx.wipe(losing: true)
            case .subscribe:
                _ = try tx.subscribe("loose", to: try RESTFilter(allOf: [Condition("number", .equals(2))]))
            case .unsubscribe, .unsubscribeKeeping:
                let number = try #require(try tx.subscriptions(of: "notes").first).number
                try tx.unsubscribe(number, keepingRecords: self == .unsubscribeKeeping)
            case .editLetter:
                let friend = try #require(try tx.entries(state: .queued).first { $0.kind == .create }).record
                try tx.edit(try letter(.update), set: ["title": "shorter", "friend": .string(friend)])
            case .retryUpdate: try tx.retry(try letter(.update))
            case .retryCreate: try tx.retry(try letter(.create))
            case .retryDelete: try tx.retry(try letter(.delete))
            case .discardUpdate: _ = try tx.discard(try letter(.update))
            case .discardCreate: _ = try tx.discard(try letter(.create))
            case .acknowledge: try tx.acknowledge(try #require(try tx.reports().first).number)
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
                let number = try tx.subscribe("notes")
                _ = try tx.receive(rows, table: "notes", subscription: number, askedAt: nil, isFresh: false)
                _ = try tx.receive(rows, table: "loose", subscription: nil, askedAt: nil, isFresh: false)
                let first = try tx.create("notes", ["title": "first"])
                _ = try tx.create("notes", ["title": "second", "friend": .string(first)])
                _ = try tx.create("people", ["title": "third"])
                try tx.update("notes", "p1", set: ["title": "too long"])
                try tx.delete("notes", "p2")
                try tx.report("race", "notes", "p1")
                for entry in try tx.entries() where ["p1", "p2", first].contains(entry.record) {
                    try tx.markInFlight(
                        entry.sequence, body: entry.sentFields.serialized(), epoch: try tx.epoch, user: entry.user)
                    try tx.fail(entry.sequence, because: EntryFailure(code: "data/refused", message: "no"))
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
