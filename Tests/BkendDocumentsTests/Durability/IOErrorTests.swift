import BkendWire
import CSQLite
import FaultDisk
import GRDB
import Testing

@testable import BkendDocuments

/// Every call that an operation makes of the file system fails once, and then all from that one on.
@Suite struct IOErrorTests {
    private typealias Contents = [String: [String: String]]

    enum Operation: String, CaseIterable, Sendable {
        case insert, patch, delete, createIndex, enableSearch, checkpoint

        func run(_ pool: DatabasePool) throws {
            if self == .checkpoint {
                return try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            }
            try pool.write { db in
                guard var collection = try BkendDocuments.Collection.named("things", in: db) else { return }
                switch self {
                case .insert: try collection.insert(["id": "new", "number": 1000, "title": "alpha"], in: db)
                case .patch: _ = try collection.patch(id: "id3", set: ["number": -3, "title": "beta"], in: db)
                case .delete: _ = try collection.delete(id: "id4", in: db)
                case .createIndex:
                    try collection.createIndex(IndexDefinition(name: "more", fields: [.init("a")]), in: db)
                case .enableSearch:
                    try collection.disableSearch(in: db)
                    try collection.enableSearch(in: db)
                case .checkpoint: break
                }
            }
        }
    }

    private static func prepared() throws -> FaultDisk {
        let disk = FaultDisk()
        try disk.withDatabase { pool throws in
            var writes = RandomWrites(seed: 11)
            try pool.write { try writes.prepare($0) }
        }
        return disk
    }

    private static func contents(_ pool: DatabasePool) throws -> Contents {
        try pool.read { try CollectionAudit.contents(of: $0) }
    }

    private static func isTyped(_ error: any Error) -> Bool { error is DatabaseError || error is StorageError }

    @Test(
        "An operation whose k-th call fails is done or leaves nothing, and succeeds when tried again",
        arguments: Operation.allCases, [1, nil])
    func operationWhoseK(
        operation: Operation, times: Int?
    ) throws {
        let prepared = try Self.prepared()
        let (before, after) = try prepared.afterKill().withDatabase { pool throws in
            let before = try Self.contents(pool)
            try operation.run(pool)
            return (before, try Self.contents(pool))
        }
        var call = 0
        while true {
            let disk = prepared.afterKill()
            let passed = try disk.withDatabase { pool throws in
                // Readers opened before, as in an app that runs.
                _ = try Self.contents(pool)
                disk.fail(.all, after: call, times: times, seed: UInt64(call))
                var thrown: (any Error)?
                do { try operation.run(pool) } catch { thrown = error }
                let failures = disk.failures
                disk.heal()
                if let thrown { #expect(Self.isTyped(thrown), "call \(call): \(thrown)") }
                let now = try Self.contents(pool)
                #expect(now == (thrown == nil ? after : before), "call \(call): \(String(describing: thrown))")
                try Self.judge(disk.afterPowerCut(.shredded, seed: UInt64(call)), [before, after], call)
                if thrown != nil { try operation.run(pool) }
                #expect(try Self.contents(pool) == after, "call \(call), again")
                #expect(try pool.read { try CollectionAudit.faults(in: $0) } == [], "call \(call)")
                return failures == 0
            }
            if passed {
                try Self.judge(disk.afterPowerCut(.shredded, seed: UInt64(call)), [after], call)
                break
            }
            // Failing for good says little that failing once didn't: every third call of those.
            call += times == nil ? 3 : 1
        }
        #expect(call > 5)
    }

    /// A commit that failed while it was being synced may stand in the log, whole: then it is found after a cut.
    private static func judge(_ disk: FaultDisk, _ allowed: [Contents], _ call: Int) throws {
        try disk.withDatabase { pool throws in
            #expect(allowed.contains(try contents(pool)), "call \(call), after the power went")
            #expect(try pool.read { try CollectionAudit.faults(in: $0) } == [], "call \(call), after the power went")
        }
    }

    @Test("A database opens, or says why not, whichever call fails; then it opens as it was")
    func databaseOpensOr() throws {
        let prepared = try Self.prepared()
        let before = try prepared.afterKill().withDatabase(Self.contents)
        var call = 0
        while true {
            let disk = prepared.afterKill()
            disk.fail(.all, after: call)
            do {
                let found = try disk.withDatabase(Self.contents)
                #expect(found == before)
            } catch {
                #expect(Self.isTyped(error), "call \(call): \(error)")
            }
            let failures = disk.failures
            disk.heal()
            try disk.withDatabase { pool throws in
                #expect(try Self.contents(pool) == before)
                #expect(try pool.read { try CollectionAudit.faults(in: $0) } == [], "call \(call)")
            }
            if failures == 0 { break }
            call += 1
        }
        #expect(call > 20)
    }

    @Test("On a full disk writes throw and reads go on")
    func fullDiskWrites() throws {
        let disk = try Self.prepared()
        try disk.withDatabase { pool throws in
            let before = try Self.contents(pool)
            disk.fail(.write, after: 0, times: nil, code: SQLITE_FULL)
            for operation in Operation.allCases where operation != .checkpoint {
                let thrown = #expect(throws: DatabaseError.self, "\(operation)") { try operation.run(pool) }
                #expect(thrown?.resultCode == .SQLITE_FULL)
                #expect(try Self.contents(pool) == before, "\(operation)")
            }
            disk.heal()
            try Operation.insert.run(pool)
            #expect(try Self.contents(pool) != before)
            #expect(try pool.read { try CollectionAudit.faults(in: $0) } == [])
        }
    }
}
