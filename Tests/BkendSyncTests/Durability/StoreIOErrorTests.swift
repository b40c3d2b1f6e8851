import BkendDocuments
import BkendWire
import CSQLite
import FaultDisk
import GRDB
import Testing

@testable import BkendSync

/// Every call that a write makes of the file system fails once, and then all from that one on.
@Suite struct StoreIOErrorTests {
    enum Operation: String, CaseIterable, Sendable {
        case create, createInNewTable, update, delete, several, send, adopt, receive, discard

        func run(_ store: StoreDatabase) throws {
            try store.write { tx in
                let ids = try tx.outbox.entries(table: "notes").map(\.record)
                switch self {
                case .create: _ = try tx.writes.create("notes", ["title": "new", "friend": .string(ids[0])])
                case .createInNewTable: _ = try tx.writes.create("places", ["title": "new"])
                case .update: try tx.writes.update("notes", "p1", set: ["title": "other", "friend": .string(ids[1])])
                case .delete: try tx.writes.delete("notes", "p2")
                case .several:
                    for number in 0..<20 { _ = try tx.writes.create("notes", ["number": .int(Int64(number))]) }
                    try tx.writes.delete("notes", ids[1])
                case .send:
                    let entry = try #require(try tx.queue.sendable(limit: 1).first)
                    try tx.sending.markInFlight(
                        entry.sequence, body: entry.sentFields.serialized(), epoch: try tx.epoch, user: entry.user)
                case .adopt:
                    let entry = try #require(try tx.outbox.entries(table: "notes").first)
                    let row: JSONObject = ["id": "s1", "title": "first", "clientKey": .string(entry.record)]
                    try tx.adopting.adopt(entry.sequence, row: row.serialized())
                case .receive:
                    let rows = (0..<20).map { number -> [UInt8] in
                        (["id": .string("p\(number)"), "title": "again"] as JSONObject).serialized()
                    }
                    _ = try tx.receiving.receive(rows, table: "notes", subscription: nil, askedAt: nil, isFresh: false)
                case .discard:
                    let entry = try #require(try tx.outbox.entries(table: "notes").first)
                    _ = try tx.decisions.discard(entry.sequence)
                }
            }
        }
    }

    private static func prepared() throws -> FaultDisk {
        let disk = FaultDisk()
        try disk.withStore { store throws in
            try store.write { tx in
                let rows = (0..<5).map { number -> [UInt8] in
                    (["id": .string("p\(number)"), "title": "pulled"] as JSONObject).serialized()
                }
                _ = try tx.receiving.receive(rows, table: "notes", subscription: nil, askedAt: nil, isFresh: false)
                let first = try tx.writes.create("notes", ["title": "first"])
                for _ in 0..<3 { _ = try tx.writes.create("notes", ["title": "more", "friend": .string(first)]) }
            }
        }
        return disk
    }

    @Test(
        "A write whose k-th call fails is there or leaves nothing, and succeeds when tried again",
        arguments: Operation.allCases, [1, nil])
    func writeWhoseK(
        operation: Operation, times: Int?
    ) throws {
        try EveryCall(of: operation.rawValue, on: try Self.prepared()) { try operation.run($0) }.fail(times: times)
    }

    @Test("On a full disk a write throws and queues nothing, and reads go on")
    func fullDiskWrite() throws {
        let disk = try Self.prepared()
        try disk.withStore { store throws in
            let before = try StoreAudit.contents(store)
            disk.fail(.write, after: 0, times: nil, code: SQLITE_FULL)
            for operation in Operation.allCases {
                let thrown = #expect(throws: DatabaseError.self, "\(operation)") { try operation.run(store) }
                #expect(thrown?.resultCode == .SQLITE_FULL)
                #expect(try StoreAudit.contents(store) == before, "\(operation)")
                #expect(try store.read { try $0.documents.find(Query(), in: "notes").count } == 9)
            }
            disk.heal()
            try Operation.create.run(store)
            #expect(try StoreAudit.faults(store) == [])
            #expect(try store.read { try $0.outbox.entryCount() } == 5)
        }
    }
}
