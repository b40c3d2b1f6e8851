import BkendDocuments
import BkendSync
import BkendWire
import Foundation
import GRDB
import Testing

@Suite("A store on disk")
struct StoreFileTests {
    /// A folder of its own, gone afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appendingPathComponent("notes.sqlite").path)
    }

    private func open(_ path: String, owner: String = "") throws -> StoreDatabase {
        try StoreDatabase.open(path: path, owner: owner, environment: .ticking())
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("What was written is there when it is opened again; files are their owner's alone")
    func reopening() throws {
        try withFolder { path in
            var store: StoreDatabase? = try open(path)
            let id = try #require(try store?.write { try $0.writes.create("notes", ["title": "A"]) })
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            #expect(mode(folder) == 0o700)
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                #expect(mode(folder + "/" + name) == 0o600, "\(name)")
            }
            store = nil
            let again = try open(path)
            #expect(again.health == .unsuspicious)
            #expect(again.damage == nil)
            #expect(try again.read { try $0.documents.document("notes", id)?.json["title"] } == "A")
            let synchronous = try again.writer.writeWithoutTransaction {
                try Int.fetchOne($0, sql: "PRAGMA synchronous")
            }
            #expect(synchronous == 2)
        }
    }

    @Test(
        "None of the files beside a store is made through a link",
        arguments: ["", "-wal", "-shm", ".lock", ".open", ".damaged"])
    func links(suffix: String) throws {
        try withFolder { path in
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            symlink(folder + "/elsewhere", path + suffix)
            _ = try? open(path).write { try $0.writes.create("notes", ["title": "A"]) }
            #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
        }
    }

    @Test("The lead is not taken through a link")
    func leaderLink() throws {
        try withFolder { path in
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            symlink(folder + "/elsewhere", folder + "/leader")
            #expect(throws: StorageError.self) { try LeaderLock(path: folder + "/leader").take() }
            #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
        }
    }

    @Test("A path that is open already gives the same store, however it is written")
    func sameStore() throws {
        try withFolder { path in
            let store = try open(path)
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            #expect(
                try open(folder + "/../" + URL(fileURLWithPath: folder).lastPathComponent + "/notes.sqlite") === store)
        }
    }

    @Test("Another user's store is refused, a new one is taken, a guest's is not taken unasked")
    func owner() throws {
        try withFolder { path in
            let store = try open(path, owner: "u1")
            #expect(refusal { _ = try open(path, owner: "u2") } == .otherOwner)
            #expect(refusal { _ = try open(path, owner: "") } == .otherOwner)
            #expect(try store.read { try $0.owner } == "u1")
        }
        try withFolder { path in
            let store = try open(path)
            _ = try store.write { try $0.writes.create("notes", ["a": 1]) }
            #expect(refusal { _ = try open(path, owner: "u1") } == .otherOwner)
            try store.write { try $0.ownership.takeOver(by: "u1") }
            #expect(try open(path, owner: "u1") === store)
        }
    }

    @Test("A later version's store is refused and stays as it is")
    func downgrade() throws {
        try withFolder { path in
            try open(path).write { try $0.setMeta("format", "99") }
            #expect(refusal { _ = try open(path) } == .newerFormat(99))
            #expect(refusal { _ = try open(path) } == .newerFormat(99), "the refusal holds nothing open")
            #expect(!FileManager.default.fileExists(atPath: path + ".damaged-1"))
        }
    }

    @Test("A file that is no store is refused and stays as it is")
    func foreign() throws {
        try withFolder { path in
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
            do {
                let other = try DatabaseQueue(path: path)
                try other.write { try $0.execute(sql: "CREATE TABLE theirs (a)") }
                try other.close()
            }
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(throws: StorageError.self) { _ = try open(path) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
    }

    @Test("A log that a read made grow shrinks again once the read has ended")
    func log() throws {
        try withFolder { path in
            let store = try open(path)
            _ = try store.write { try $0.writes.create("notes", ["title": "A"]) }
            let pool = try #require(store.writer as? DatabasePool)
            let snapshot = try pool.makeSnapshot()
            _ = try snapshot.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sync_entries") }
            try store.writer.writeWithoutTransaction { db in
                try db.execute(sql: "CREATE TABLE filling AS SELECT zeroblob(40000000) AS filling")
            }
            _ = try store.write { try $0.writes.create("notes", ["title": "B"]) }
            #expect(DocumentStorage.logBytes(ofDatabase: path) > 40_000_000)
            try snapshot.close()
            for title in ["C", "D"] { _ = try store.write { try $0.writes.create("notes", ["title": .string(title)]) } }
            #expect(DocumentStorage.logBytes(ofDatabase: path) <= StorageOptions.logKept)
            #expect(try store.read { try $0.outbox.entries().count } == 4)
        }
    }

    @Test("A damaged store is set aside and its outbox carried over")
    func salvage() throws {
        try withFolder { path in
            var ids: [String] = []
            do {
                let store = try open(path, owner: "u1")
                try store.write { tx in
                    _ = try tx.receiving.receive([Array(#"{"id":"s1","title":"S"}"#.utf8)], table: "notes")
                    ids.append(try tx.writes.create("notes", ["title": "A"]))
                    ids.append(try tx.writes.create("notes", ["parent": .string(ids[0])]))
                    try tx.writes.update("notes", "s1", set: ["title": "mine"])
                }
                try store.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            }
            // The check that runs behind leaves this mark when it finds damage.
            #expect(FileManager.default.createFile(atPath: path + ".damaged", contents: nil))
            let store = try open(path, owner: "u1")
            let damage = try #require(store.damage)
            #expect(damage.savedEntries == 3)
            #expect(damage.lostEntries == 0)
            #expect(FileManager.default.fileExists(atPath: damage.setAside))
            #expect(try store.read { try $0.documents.document("notes", "s1")?.json["title"] } == "mine")
            #expect(try store.read { try $0.outbox.entries().map(\.record) } == [ids[0], ids[1], "s1"])
            #expect(try store.read { try $0.outbox.dependencies(of: try $0.outbox.entries()[1].sequence) } == [ids[0]])
        }
    }

    @Test("A database that went missing or empty is told, not taken for a new one")
    func missing() throws {
        try withFolder { path in
            _ = try open(path).write { try $0.writes.create("notes", ["a": 1]) }
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            #expect(try open(path).damage?.isOutboxUnreadable == true)
            #expect(try open(path).damage == nil)
        }
    }

    @Test(
        "A file cut or overwritten anywhere is opened, refused as foreign, or set aside: never a crash, never silence")
    func random() throws {
        try withFolder { path in
            do {
                let store = try open(path)
                for number in 0..<40 {
                    _ = try store.write {
                        try $0.writes.create(
                            "notes", ["n": .int(Int64(number)), "pad": .string(String(repeating: "p", count: 500))])
                    }
                }
                try store.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            }
            let sound = try Data(contentsOf: URL(fileURLWithPath: path))
            var random = PropertyRandom(state: 7)
            for round in 0..<40 {
                var bytes = sound
                if random.chance(30) {
                    bytes = bytes.prefix(random.below(bytes.count))
                } else {
                    for _ in 0..<(1 + random.below(64)) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
                }
                let copy = path + ".\(round)"
                try bytes.write(to: URL(fileURLWithPath: copy))
                try inspect(copy)
            }
        }
    }

    private func inspect(_ path: String) throws {
        do {
            let store = try open(path)
            let count = try store.read { try $0.outbox.entryCount() }
            if count < 40, store.damage == nil {
                // Only a file with no content at all is a new store.
                #expect(count == 0)
            }
        } catch is StorageError {
        } catch is StoreError {
        } catch is DatabaseError {
        } catch is DamagedDocument {
        }
    }
}
