import BkendDocuments
import BkendWire
import FaultDisk
import GRDB
import Synchronization
import Testing

@testable import BkendSync

/// Opening, making and migrating a store while calls of the file system fail or the power goes.
@Suite struct StoreOpeningFaultTests {
    /// The shipped steps and one more, as a later version brings it: a new column, a new table, rows rewritten.
    static let longer =
        StoreSchema.migrations + [
            """
            ALTER TABLE sync_entries ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
            UPDATE sync_entries SET priority = sequence;
            CREATE TABLE sync_notes (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
            INSERT INTO sync_notes (text) SELECT record FROM sync_entries;
            """
        ]

    enum Kind: String, CaseIterable, Sendable {
        case new, existing, migrating

        var migrations: [String] { self == .migrating ? longer : StoreSchema.migrations }

        func prepared() throws -> FaultDisk {
            let disk = FaultDisk()
            if self == .new { return disk }
            try disk.withStore { store throws in
                try store.write { tx in for _ in 0..<5 { _ = try tx.writes.create("notes", ["title": "here"]) } }
            }
            return disk
        }
    }

    /// What a disk holds, whichever of the two formats it has.
    private static func contents(_ disk: FaultDisk, _ migrations: [String]) throws -> Set<String> {
        try disk.withStore(migrations: migrations) { store throws in
            #expect(try StoreAudit.faults(store) == [])
            return try StoreAudit.contents(store)
        }
    }

    /// Opens a disk that an opening was cut short on: a new one, or one whole before, is as after an opening that nothing
    /// disturbed. One that was to be migrated has the old format or the new one, and nothing between.
    private static func judge(_ disk: FaultDisk, _ kind: Kind, _ old: Set<String>, _ new: Set<String>, _ place: String)
        throws
    {
        if kind == .migrating {
            let found = disk.afterKill()
            do {
                #expect(try contents(found, StoreSchema.migrations) == old, "\(place)")
            } catch let error as StoreError {
                #expect(error.reason == .newerFormat(longer.count), "\(place)")
            }
        }
        #expect(try contents(disk, kind.migrations) == new, "\(place)")
        try disk.withStore(migrations: kind.migrations) { store throws in
            let count = try store.read { try $0.outbox.entryCount() }
            _ = try store.write { try $0.writes.create("notes", ["title": "later"]) }
            #expect(try store.read { try $0.outbox.entryCount() } == count + 1, "\(place)")
        }
    }

    @Test("An opening whose k-th call fails leaves a store that opens", arguments: Kind.allCases, [1, nil])
    func openingWhoseK(kind: Kind, times: Int?) throws {
        let prepared = try kind.prepared()
        let old = kind == .new ? [] : try Self.contents(prepared.afterKill(), StoreSchema.migrations)
        let new = try Self.contents(prepared.afterKill(), kind.migrations)
        #expect((old == new) == (kind == .existing))
        let step = EveryCall.isLong ? 1 : 5
        var call = Kind.allCases.firstIndex(of: kind) ?? 0
        var hasPassed = false
        while !hasPassed {
            let disk = prepared.afterKill()
            disk.fail(.all, after: call, times: times, seed: UInt64(call))
            var thrown: (any Error)?
            do { try disk.withStore(migrations: kind.migrations) { _ in } } catch { thrown = error }
            hasPassed = disk.failures == 0
            disk.heal()
            let place = "\(kind), call \(call): \(String(describing: thrown))"
            if let thrown { #expect(EveryCall.isTyped(thrown), "\(place)") }
            #expect(thrown == nil || !hasPassed, "\(place)")
            try Self.judge(disk.afterPowerCut(.shredded, seed: UInt64(call)), kind, old, new, place + ", power cut")
            try Self.judge(disk, kind, old, new, place)
            call += times == nil ? step * 3 : step
        }
        #expect(call > 20)
    }

    @Test("Wherever the power goes during an opening, the store opens", arguments: Kind.allCases)
    func whereverPowerGoes(kind: Kind) throws {
        let disk = try kind.prepared()
        let old = kind == .new ? [] : try Self.contents(disk.afterKill(), StoreSchema.migrations)
        let new = try Self.contents(disk.afterKill(), kind.migrations)
        let images = Mutex<[FaultDisk]>([])
        try disk.observing([.write, .truncate, .sync, .delete]) { _ in
            images.withLock { images in
                let cut = FaultDisk.PowerCut.allCases[images.count % FaultDisk.PowerCut.allCases.count]
                images.append(disk.afterPowerCut(cut, seed: UInt64(images.count)))
            }
        } during: {
            try disk.withStore(migrations: kind.migrations) { _ in }
        }
        let found = images.withLock { $0 }
        #expect(found.count > 3)
        for (number, image) in found.enumerated() { try Self.judge(image, kind, old, new, "\(kind), cut \(number)") }
    }

    @Test("A store is migrated step by step, keeps what it holds, and is refused by the version before")
    func storeMigratedStep() throws {
        let queue = try DocumentStorage.inMemory()
        func open(_ migrations: [String]) throws -> StoreDatabase {
            try StoreDatabase(
                over: queue, lock: nil, file: nil, environment: .still, changeLimit: 40, migrations: migrations)
        }
        let id = try open(StoreSchema.migrations).write { try $0.writes.create("notes", ["title": "old"]) }
        let store = try open(Self.longer + ["UPDATE sync_notes SET text = 'note ' || text;"])
        #expect(try store.read { try $0.meta("format") } == "\(StoreSchema.migrations.count + 2)")
        #expect(try store.read { try $0.outbox.entries().map(\.record) } == [id])
        #expect(try store.read { try $0.documents.document("notes", id)?.json["title"] } == "old")
        #expect(try queue.read { try String.fetchAll($0, sql: "SELECT text FROM sync_notes") } == ["note \(id)"])
        #expect(refusal { _ = try open(Self.longer) } == .newerFormat(StoreSchema.migrations.count + 2))
        #expect(try store.read { try $0.meta("format") } == "\(StoreSchema.migrations.count + 2)")
    }

    @Test("A migration that fails in its middle leaves the older format whole")
    func migrationFailsMiddle() throws {
        let queue = try DocumentStorage.inMemory()
        let store = try StoreDatabase(over: queue, environment: .still)
        _ = try store.write { try $0.writes.create("notes", ["title": "old"]) }
        let before = try StoreAudit.contents(store)
        for flaw in ["INSERT INTO nowhere VALUES (1);", "INSERT INTO sync_meta VALUES ('owner', 'twice');"] {
            #expect(throws: DatabaseError.self) {
                _ = try StoreDatabase(
                    over: queue, lock: nil, file: nil, environment: .still, changeLimit: 40,
                    migrations: Self.longer + [flaw])
            }
            #expect(try StoreAudit.contents(try StoreDatabase(over: queue, environment: .still)) == before)
        }
    }
}
