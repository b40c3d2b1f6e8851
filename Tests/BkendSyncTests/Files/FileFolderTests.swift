import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// The folder of a store's files: what is swept, what makes room, and what stays.
@Suite struct FileFolderTests {
    @Test("A sweep takes what no row names, and nothing that anybody is at work on")
    func sweep() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            let files = try world.files
            // A process was killed before its row, another one in the middle of the bytes, and one is at work.
            try Data("no row".utf8).write(to: URL(filePath: files.file(String(repeating: "a", count: 32))))
            try Data("half".utf8).write(to: URL(filePath: files.file("b.part")))
            let draft = try files.draft()
            try draft.write(Array("being written".utf8))
            let named = try files.draft()
            try named.write(Array("without a row yet".utf8))
            let bytes = try named.finish()
            #expect(try world.names().count == 5)
            #expect(try world.store.sweepFiles() == 0)
            #expect(try Set(world.names()) == [file.bytes, draft.name + ".part", bytes.name])
            // Once the lock is gone, the row decides.
            named.release()
            try world.store.sweepFiles()
            #expect(try Set(world.names()) == [file.bytes, draft.name + ".part"])
            #expect(try world.store.openFile(file.record).bytes.data() == Data("photo".utf8))
        }
    }

    @Test("While sweeps are held nothing is taken, and what was to be put aside stays that way")
    func held() throws {
        try FileWorld.run { world in
            let files = try world.files
            try world.attach("photo")
            let lost = String(repeating: "a", count: 32)
            try Data("no row".utf8).write(to: URL(filePath: files.file(lost)))
            try world.store.write { try $0.setMeta(MetaKey.unclaimedFiles, "1") }
            do {
                let hold = try SweepHold(files)
                #expect(try hold != nil && SweepHold(files) != nil && SweepHold(files, isShared: false) == nil)
                #expect(try world.store.sweepFiles() == 0)
                #expect(try world.names().contains(lost))
                withExtendedLifetime(hold) {}
            }
            #expect(try world.store.sweepFiles() == 1)
            #expect(try world.store.read { try $0.meta(MetaKey.unclaimedFiles) } == nil)
        }
    }

    @Test("A row that comes between a sweep's look at the folder and its lock keeps the bytes")
    func lookedUpUnderTheLock() throws {
        try FileWorld.run { world in
            let draft = try world.files.draft()
            try draft.write([1])
            let bytes = try draft.finish()
            draft.release()
            var isAsked = false
            _ = try world.files.sweep(bytes.name, aside: false) { name in
                isAsked = true
                // Nobody else can have the lock now.
                let other = open(try world.files.file(name), O_RDONLY)
                defer { close(other) }
                #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
                return true
            }
            #expect(try isAsked && world.names() == [bytes.name])
        }
    }

    @Test("A draft that is dropped leaves nothing; one whose name a sweep took is made anew")
    func drafts() throws {
        try FileWorld.run { world in
            let files = try world.files
            do {
                let draft = try files.draft()
                try draft.write([1])
            }
            do {
                let draft = try files.draft()
                try draft.write([1])
                _ = try draft.finish()
            }
            #expect(try world.names() == [])
        }
    }

    @Test("What the server has too makes room, in the order of the last use; what is open or waits stays")
    func evicted() throws {
        try FileWorld.run { world in
            var all: [StoredFile] = []
            for number in 0..<4 { all.append(try world.attach("photo number \(number)")) }
            for number in 0..<3 { try world.adopt(all[number], as: "f\(number)", key: "k\(number)") }
            let size = all[0].size
            world.store.fileLimits.cached = 3 * size
            try world.store.evictFiles()
            #expect(try world.names().count == 4)
            // The first one was used last.
            var first: OpenedBytes? = try world.store.openFile("f0").bytes
            world.store.fileLimits.cached = 2 * size
            try world.store.evictFiles()
            #expect(fileProblem { _ = try world.store.openFile("f1") } == .notHere)
            world.store.fileLimits.cached = 0
            try world.store.evictFiles()
            #expect(fileProblem { _ = try world.store.openFile("f2") } == .notHere)
            #expect(try first?.data() == Data("photo number 0".utf8))
            #expect(try Set(world.names()) == [all[0].bytes, all[3].bytes])
            first = nil
            try world.store.evictFiles()
            #expect(try world.names() == [all[3].bytes])
            #expect(try world.store.read { try $0.files.all().map(\.record) } == [all[3].record])
            #expect(try world.visible(FileTable.name, "f0") == nil)
        }
    }

    @Test("A store opens by the limits that were set last, so that no start empties a larger cache")
    func limitsStay() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store.sqlite"
        func open() throws -> (StoreCore, OpenStore) {
            let database = try StoreDatabase.open(path: path, owner: "ann")
            let core = StoreCore.shared(
                over: database, lock: ChangeFeed.Lock(folder: folder, name: "store.sqlite.lock"))
            return (core, OpenStore(core))
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do {
            let (core, store) = try open()
            var limits = core.database.fileLimits
            limits.cached = 1 << 30
            limits.free = 0
            core.setFileLimits(limits)
            // More than the default limit, as far as the rows know.
            try await store.write { tx in
                for number in 0..<3 {
                    try tx.db.perform(
                        """
                        INSERT INTO sync_files (record, key, url, bytes, size, sha256, used)
                        VALUES (?1, ?1, ?1, ?1, 200 << 20, '', 1)
                        """, .text("f\(number)"))
                }
            }
            await store.close()
        }
        do {
            let (core, store) = try open()
            #expect(core.database.fileLimits.cached == 1 << 30 && core.database.fileLimits.free == 0)
            // After what the opening has to look at.
            try await store.write { _ in }
            #expect(try core.database.read { try $0.files.all().count } == 3)
            // A lower limit takes effect without an opening.
            var limits = core.database.fileLimits
            limits.cached = 450 << 20
            core.setFileLimits(limits)
            try await store.write { _ in }
            #expect(try core.database.read { try $0.files.all().map(\.record) } == ["f1", "f2"])
            await store.close()
        }
    }

    @Test("Bytes that made room without their rows are known to be gone")
    func rowsWithoutCachedBytes() throws {
        try FileWorld.run { world in
            let (cached, waiting) = (try world.attach("1"), try world.attach("2"))
            try world.adopt(cached, as: "f1")
            try world.files.remove([cached.bytes, waiting.bytes])
            for name in ["f1", waiting.record] {
                #expect(fileProblem { _ = try world.store.openFile(name) } == .notHere)
            }
            // What waits keeps its row: the app is told when it is to be sent.
            #expect(try world.store.read { try $0.files.all().map(\.record) } == [waiting.record])
        }
    }

    @Test("After a salvage files that wait are there, and bytes whose rows are lost are put aside and reported")
    func salvaged() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store.sqlite"
        func open() throws -> StoreDatabase { try StoreDatabase.open(path: path, owner: "ann") }
        let (kept, lost): (StoredFile, StoredFile)
        do {
            let store = try open()
            kept = try store.attach(.data(Data("kept".utf8)), FileWorld.fields)
            lost = try store.attach(.data(Data("lost".utf8)), FileWorld.fields)
            _ = try store.write { try $0.writes.create("notes", ["cover": .string(kept.url)]) }
        }
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(sql: "DELETE FROM sync_entries WHERE record = ?", arguments: [lost.record])
        }
        try queue.close()
        DamageMark.note("quick_check", beside: path)
        let store = try open()
        #expect(store.damage?.savedEntries == 2)
        #expect(try store.sweepFiles() == 1)
        #expect(try store.openFile(kept.key).bytes.data() == Data("kept".utf8))
        #expect(fileProblem { _ = try store.openFile(lost.record) } == .notHere)
        let aside = try #require(store.files).file("unclaimed")
        #expect(try FileManager.default.contentsOfDirectory(atPath: aside) == [lost.bytes])
        let report = try #require(try store.read { try $0.reports.all().first })
        #expect(report.kind == "unclaimedFiles" && report.detail["count"] == 1)
        #expect(try store.read { try $0.outbox.entries(table: "notes").first?.fields["cover"] } == .string(kept.url))
        #expect(try StoreAudit.faults(store) == [])
    }

    @Test("A guest's files go along into the user's store, with their bytes and ids")
    func moved() throws {
        try FileWorld.run(owner: "") { guest in
            try FileWorld.run(owner: "ann") { user in
                let file = try guest.attach("photo")
                let gone = try guest.attach("gone")
                try guest.files.remove([gone.bytes])
                let note = try guest.store.write { try $0.writes.create("notes", ["text": .string("(\(file.url))")]) }
                #expect(try GuestMove.run(from: guest.store, into: user.store, user: "ann") == 3)
                #expect(try guest.names() == [] && user.names().count == 1)
                #expect(try user.store.openFile(file.key).bytes.data() == Data("photo".utf8))
                #expect(try user.entries(FileTable.name).map(\.user) == ["ann", "ann"])
                #expect(try user.store.sweepFiles() == 0 && user.names().count == 1)
                try user.adopt(file, as: "f1", url: "https://s/1")
                #expect(try user.visible("notes", note)?["text"] == "(https://s/1)")
                #expect(
                    try user.store.read { try $0.transfers.waiting(areLarge: false, than: 9, held: nil, limit: 9) }
                        .count == 1)
            }
        }
    }
}
