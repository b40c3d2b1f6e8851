import BkendWire
import FaultDisk
import GRDB
import Synchronization
import Testing

@testable import BkendDocuments

@Suite struct PowerCutTests {
    private typealias Contents = [String: [String: String]]
    /// A disk as found after a cut, and how many commits had returned before.
    private typealias Image = (disk: FaultDisk, returned: Int, seed: UInt64)

    /// Cuts the power before every sync and before some other calls while transactions run.
    @Test(
        "Wherever the power goes, what was committed is there and nothing is there by halves",
        arguments: FaultDisk.PowerCut.allCases)
    func whereverPowerGoes(
        cut: FaultDisk.PowerCut
    ) throws {
        let disk = FaultDisk()
        let images = Mutex<[Image]>([])
        let calls = Mutex<(number: UInt64, returned: Int)>((0, 0))
        var writes = RandomWrites(seed: 7)
        var checked = 0
        try disk.withDatabase { pool throws in
            try pool.checkpointOften()
            try pool.write { try writes.prepare($0) }
            var states = [try pool.read { try CollectionAudit.contents(of: $0) }]
            try disk.observing([.write, .truncate, .sync, .delete]) { call in
                let (number, returned) = calls.withLock { calls in
                    calls.number += 1
                    return calls
                }
                guard call == .sync || number % 7 == 0 else { return }
                let image = (disk.afterPowerCut(cut, seed: number), returned, number)
                images.withLock { $0.append(image) }
            } during: {
                for _ in 0..<40 {
                    do {
                        try pool.write { try writes.write($0) }
                    } catch is RandomWrites.TakenBack {}
                    states.append(try pool.read { try CollectionAudit.contents(of: $0) })
                    calls.withLock { $0.returned += 1 }
                    let taken = images.withLock { images in
                        defer { images = [] }
                        return images
                    }
                    for image in taken { try check(image, states) }
                    checked += taken.count
                }
            }
            #expect(Set(states).count > 25)
        }
        #expect(checked > 100)
    }

    private func check(_ image: Image, _ states: [Contents]) throws {
        try image.disk.withDatabase { pool throws in
            let faults = try pool.read { try CollectionAudit.faults(in: $0) }
            #expect(faults.isEmpty, "seed \(image.seed), after \(image.returned) commits")
            let found = try pool.read { try CollectionAudit.contents(of: $0) }
            let allowed = states[image.returned...min(image.returned + 1, states.count - 1)]
            #expect(allowed.contains(found), "seed \(image.seed), after \(image.returned) commits")
            // And life goes on.
            let name = RandomWrites.collections[0]
            try pool.write { db in
                try #require(try BkendDocuments.Collection.named(name, in: db)).insert(["id": "later"], in: db)
            }
            #expect(try pool.read { try CollectionAudit.contents(of: $0) }[name]?["later"] != nil)
        }
    }

    @Test(
        "A database that was being made when the power went opens as a new one", arguments: FaultDisk.PowerCut.allCases)
    func databaseBeingMade(cut: FaultDisk.PowerCut) throws {
        let disk = FaultDisk()
        let images = Mutex<[FaultDisk]>([])
        try disk.observing([.write, .truncate, .sync, .delete]) { _ in
            for seed in 0..<2 {
                let image = disk.afterPowerCut(cut, seed: UInt64(seed))
                images.withLock { $0.append(image) }
            }
        } during: {
            try disk.withDatabase { _ in }
        }
        let found = images.withLock { $0 }
        #expect(found.count > 20)
        for image in found {
            try image.withDatabase { pool throws in
                #expect(try pool.read { try CollectionAudit.contents(of: $0) } == [:])
                var writes = RandomWrites(seed: 1)
                try pool.write { try writes.prepare($0) }
            }
        }
    }

    @Test("The audit notices a lost index entry, a wrong count and a document changed behind our back")
    func auditNoticesLost() throws {
        let disk = FaultDisk()
        try disk.withDatabase { pool throws in
            var writes = RandomWrites(seed: 3)
            try pool.write { try writes.prepare($0) }
            func faults(after sql: String) throws -> [String] {
                try pool.write { db in
                    var faults: [String] = []
                    try db.inSavepoint {
                        try db.execute(sql: sql)
                        faults = try CollectionAudit.faults(in: db)
                        return .rollback
                    }
                    return faults
                }
            }
            #expect(try faults(after: "SELECT 1") == [])
            #expect(try faults(after: "DELETE FROM c1_i1 WHERE row = 3").count == 1)
            #expect(try faults(after: "UPDATE bkend_collections SET documents = 9 WHERE number = 1").count == 1)
            #expect(
                try faults(
                    after: """
                        UPDATE c1 SET document = json_set(document, '$.number', -1, '$.title', 'alpha beta gamma delta')
                        WHERE row = 5
                        """
                ).count > 1)
        }
    }
}
