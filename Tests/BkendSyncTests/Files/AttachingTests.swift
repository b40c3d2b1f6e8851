import BkendDocuments
import BkendWire
import Foundation
import Testing

@testable import BkendSync

/// Files that are attached: bytes, rows, entries and the ids that records hold.
@Suite struct AttachingTests {
    @Test("A file's bytes are on disk before its row, its owner's alone, and its entry waits")
    func attached() throws {
        try FileWorld.run { world in
            let bytes = Data((0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            let file = try world.store.attach(.file(world.original("p.jpg", bytes)), FileWorld.fields)
            #expect(try world.names() == [file.bytes])
            var status = stat()
            #expect(stat(try world.files.file(file.bytes), &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(stat(try world.files.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
            var hash = SHA256()
            hash.update(Array(bytes))
            #expect(file.sha256 == hash.finish() && file.size == 600_000 && file.upload == Upload())
            let entry = try #require(try world.entries().first)
            #expect(entry.isOfFile && entry.kind == .create && entry.user == "ann" && entry.record == file.record)
            #expect(entry.fields["size"] == 600_000 && entry.fields["visibility"] == "public")
            #expect(try world.visible(FileTable.name, file.record)?["originalName"] == "a.png")
            #expect(try world.store.read { try $0.files.waitingBytes() } == 600_000)
            for name in [file.record, file.key, file.url] {
                #expect(try world.store.openFile(name).bytes.data() == bytes)
            }
            // Nothing of it is for the push of records.
            #expect(try world.store.read { try $0.queue.sendable(limit: 10) } == [])
            #expect(try world.store.read { try $0.subscriptions.tablesToLearn() } == [])
        }
    }

    @Test("What can't be attached leaves nothing")
    func refused() throws {
        try FileWorld.run { world in
            world.store.fileLimits.file = 1_000
            world.store.fileLimits.waiting = 1_500
            #expect(fileProblem { try world.attach("") } == .empty)
            let large = Data(count: 1_001)
            #expect(fileProblem { _ = try world.store.attach(.data(large), [:]) } == .tooLarge(limit: 1_000))
            let source = try world.original("large", large)
            #expect(fileProblem { _ = try world.store.attach(.file(source), [:]) } == .tooLarge(limit: 1_000))
            let none = source.appendingPathExtension("none")
            guard case .unreadable? = fileProblem({ _ = try world.store.attach(.file(none), [:]) }),
                case .unreadable? = fileProblem({
                    _ = try world.store.attach(.file(source.deletingLastPathComponent()), [:])
                })
            else {
                Issue.record("what is no file was attached")
                return
            }
            let note = try world.store.write { try $0.writes.create("notes", [:]) }
            guard case .invalid? = fileProblem({ try world.attach("a", ["metadata": ["note": .string(note)]]) }) else {
                Issue.record("a file that waits for a record was attached")
                return
            }
            #expect(refusal { try world.attach("a", ["id": "x"]) } == .reservedField)
            #expect(try world.names() == [] && world.entries().count == 1)
            _ = try world.store.attach(.data(Data(count: 1_000)), FileWorld.fields)
            guard case .noRoom? = fileProblem({ _ = try world.store.attach(.data(Data(count: 501)), [:]) }) else {
                Issue.record("more was attached than may wait")
                return
            }
            _ = try world.store.attach(.data(Data(count: 500)), FileWorld.fields)
        }
    }

    @Test("A disk that is nearly full takes no file; what the server has too makes room first")
    func fullDisk() throws {
        try FileWorld.run { world in
            let free = FreeBytes(1_000)
            let folder = FileFolder(try world.files.path) { _ in free.bytes }
            var limits = FileLimits()
            limits.free = 400
            _ = try folder.reserve(600, waiting: 0, limits) { _ in Issue.record("there is room") }
            // What is held by others counts.
            var held: ReservedRoom? = try folder.reserve(500, waiting: 0, limits) { _ in }
            var asked: [Int64] = []
            #expect(
                fileProblem { _ = try folder.reserve(200, waiting: 0, limits) { asked.append($0) } }
                    == .noRoom("the disk would have less than 400 bytes left"))
            #expect(held != nil)
            held = nil
            _ = try folder.reserve(700, waiting: 0, limits) { missing in
                asked.append(missing)
                free.bytes = 1_100
            }
            #expect(asked == [100, 100])
        }
    }

    private final class FreeBytes: @unchecked Sendable {  // used by one test's thread alone
        var bytes: Int64
        init(_ bytes: Int64) { self.bytes = bytes }
    }

    @Test("A file that changes while it is copied is copied again, three times")
    func sourceChanged() throws {
        try FileWorld.run { world in
            let source = try world.original("a", Data("first".utf8))
            func copy(changing times: Int) throws -> WrittenBytes {
                let draft = try world.files.draft()
                var left = times
                try AttachedSource.file(source).copy(to: draft, limit: 1_000) {
                    left -= 1
                    // Another size, since the times of two moments may be the same.
                    if left >= 0 { try Data(count: 10 + left).write(to: source) }
                }
                return try draft.finish()
            }
            #expect(try copy(changing: 2).size == 10)
            #expect(fileProblem { _ = try copy(changing: 3) } == .sourceChanged)
            #expect(try world.names() == [])
        }
    }

    // MARK: Ids

    @Test("Each of a file's ids stands in values, keys and texts, and becomes the server's in all of them at once")
    func placeholders() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            let other = try world.attach("other")
            let note = try world.store.write {
                try $0.writes.create(
                    "notes",
                    [
                        "cover": .string(file.record), "image": .object(["key": .string(file.key)]),
                        "text": .string("before ![](\(file.url)) and ~\(file.url)~ after, \(file.record)0"),
                        "captions": .object([file.record: "a cat"]), "plain": "~ and ~12",
                    ])
            }
            let late = try world.store.write {
                try $0.writes.create("notes", ["text": .string("<\(other.key)><\(file.key)>")])
            }
            let entries = try world.entries("notes")
            func dependencies(_ index: Int) throws -> [String] {
                try world.store.read { try $0.outbox.dependencies(of: entries[index].sequence) }
            }
            // Whichever id is named, the entry waits for the file.
            #expect(try dependencies(0) == [file.record])
            #expect(try dependencies(1) == [file.record, other.record])
            #expect(try world.store.read { try $0.queue.sendable(limit: 10) } == [])

            try world.adopt(file, as: "f1", key: "images/1/a.png", url: "https://s/images/1/a.png")
            let shown = try #require(try world.visible("notes", note))
            #expect(shown["cover"] == "f1" && shown["image"] == ["key": "images/1/a.png"])
            #expect(shown["captions"] == ["f1": "a cat"] && shown["plain"] == "~ and ~12")
            let address = "https://s/images/1/a.png"
            #expect(shown["text"] == .string("before ![](\(address)) and ~\(address)~ after, f10"))
            #expect(try world.entries("notes")[0].fields["text"] == shown["text"])
            #expect(try world.visible("notes", late)?["text"] == .string("<\(other.key)><images/1/a.png>"))
            #expect(try world.store.read { try $0.queue.sendable(limit: 10).map(\.record) } == [note])
            #expect(try dependencies(1) == [other.record])

            // The former ids go on working.
            for name in [file.record, file.key, file.url, "f1", "images/1/a.png", address] {
                #expect(try world.store.openFile(name).bytes.data() == Data("photo".utf8))
            }
            let again = try world.store.write {
                try $0.writes.create("notes", ["text": .string("![](\(file.url))"), "cover": .string(file.record)])
            }
            #expect(try world.visible("notes", again)?["text"] == .string("![](\(address))"))
            #expect(try world.visible("notes", again)?["cover"] == "f1")
            #expect(try StoreAudit.faults(world.store) == [])
        }
    }

    @Test("A record without an address of its own has the PUT's, without what signs it")
    func addressOfThePut() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            try world.store.write { tx in
                let key = UploadKey(key: "k", url: "https://s/k?sig=1", visibility: "public")
                try tx.files.setUpload(Upload(.registering, key: key, isMarked: true), of: file.record)
            }
            try world.adopt(file, as: "f1", key: "k")
            #expect(try world.store.openFile(file.url).file.url == "https://s/k")
        }
    }

    @Test("An update that replaces a waiting file folds into the create; one that adds a file doesn't")
    func folding() throws {
        try FileWorld.run { world in
            try world.store.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
            let (first, second) = (try world.attach("1"), try world.attach("2"))
            let note = try world.store.write { try $0.writes.create("notes", ["cover": .string(first.record)]) }
            _ = try world.store.write {
                try $0.writes.update("notes", note, set: ["cover": .string(second.record)])
            }
            #expect(try world.entries("notes").count == 1)
            // So the first one can go without taking the record along.
            try world.store.write { try $0.attaching.delete(first.record) }
            #expect(try world.entries("notes").map(\.state) == [.queued])
            let third = try world.attach("3")
            _ = try world.store.write { try $0.writes.update("notes", note, set: ["film": .string(third.url)]) }
            #expect(try world.entries("notes").map(\.kind) == [.create, .update])
        }
    }

    // MARK: Ends

    @Test("A file that is deleted before it was sent goes at once, and what names it fails")
    func deletedBefore() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            let note = try world.store.write { try $0.writes.create("notes", ["t": .string("(\(file.url))")]) }
            try world.store.write { try $0.attaching.delete(file.url) }
            let entry = try #require(try world.entries().first)
            #expect(entry.record == note && entry.failure?.code == EntryFailure.dependencyDiscarded)
            #expect(try world.names() == [])
            #expect(fileProblem { _ = try world.store.openFile(file.record) } == .notHere)
            for name in [file.record, file.key, file.url] {
                #expect(
                    refusal {
                        _ = try world.store.write { try $0.writes.create("notes", ["t": .string("(\(name))")]) }
                    } == .namesDiscardedRecord(name))
            }
        }
    }

    @Test("A file that may be registered can't be taken back, and its deletion waits for what names it")
    func deletedAfter() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            let key = UploadKey(key: "k", url: "u", visibility: "public")
            try world.store.write { tx in
                let waiting = try #require(
                    try tx.transfers.waiting(areLarge: false, than: 100, held: nil, limit: 1).first)
                try tx.transfers.keep(Upload(.registering, key: key, isMarked: true), of: waiting)
            }
            let entry = try #require(try world.entries().first)
            #expect(
                refusal { try world.store.write { _ = try $0.decisions.discard(entry.sequence) } }
                    == .wrongState(entry.sequence, .inFlight))
            #expect(
                fileProblem { try world.store.replaceBytes(of: file.key, with: .data(Data("x".utf8))) }
                    == .beingRegistered)
            let note = try world.store.write { try $0.writes.create("notes", ["cover": .string(file.record)]) }
            try world.store.write { try $0.attaching.delete(file.record) }
            try world.store.write { try $0.attaching.delete(file.record) }
            #expect(try world.entries(FileTable.name).map(\.kind) == [.create, .delete])
            #expect(try world.visible(FileTable.name, file.record) == nil)
            try world.adopt(file, as: "f1")
            func deletions() throws -> [String] {
                try world.store.read { snapshot in
                    try snapshot.transfers.deletions(limit: 10).filter { try !snapshot.transfers.isNamed(before: $0) }
                        .map(\.record)
                }
            }
            #expect(try deletions() == [])
            let create = try #require(try world.entries("notes").first)
            try world.store.write { tx in
                _ = try tx.adopting.adopt(create.sequence, row: Array(#"{"id":"n1","cover":"f1"}"#.utf8))
            }
            #expect(try deletions() == ["f1"])
            let delete = try #require(try world.entries(FileTable.name).first)
            try world.store.write { _ = try $0.answers.completeDelete(delete.sequence) }
            #expect(try world.entries() == [] && world.names() == [])
            #expect(try world.store.read { try $0.documents.document("notes", note)?.json["cover"] } == "f1")
        }
    }

    @Test("Other bytes keep the ids; those before them go")
    func replaced() throws {
        try FileWorld.run { world in
            let file = try world.attach("one")
            try world.store.replaceBytes(of: file.url, with: .data(Data("three".utf8)))
            let (now, bytes) = try world.store.openFile(file.record)
            #expect(try bytes.data() == Data("three".utf8))
            #expect(now.size == 5 && now.record == file.record && now.key == file.key && now.bytes != file.bytes)
            #expect(try world.names() == [now.bytes])
            #expect(try world.entries().first?.fields["size"] == 5)
            #expect(fileProblem { try world.store.replaceBytes(of: "x", with: .data(Data("x".utf8))) } == .notHere)
        }
    }

    @Test("A file that has lost its row gets new bytes under its ids, unless it may be on the server")
    func lostRow() throws {
        try FileWorld.run { world in
            let file = try world.attach("one")
            try world.store.write { try $0.db.perform("DELETE FROM sync_files") }
            try world.store.replaceBytes(of: file.key, with: .data(Data("three".utf8)))
            for name in [file.record, file.key, file.url] {
                #expect(try world.store.openFile(name).bytes.data() == Data("three".utf8))
            }
            let entry = try #require(try world.entries().first)
            #expect(entry.fields["size"] == 5 && entry.record == file.record)
            try world.store.write { tx in
                try tx.db.perform("DELETE FROM sync_files")
                var entry = entry
                entry.body = Array("k".utf8)
                try tx.outbox.save(entry)
            }
            #expect(
                fileProblem { try world.store.replaceBytes(of: file.url, with: .data(Data("x".utf8))) }
                    == .beingRegistered)
        }
    }

    @Test("Metadata can't come to name a record that the server doesn't have")
    func editedMetadata() throws {
        try FileWorld.run { world in
            _ = try world.attach("one")
            let entry = try #require(try world.entries().first)
            let note = try world.store.write { try $0.writes.create("notes", [:]) }
            let problem = fileProblem {
                try world.store.write {
                    try $0.decisions.edit(entry.sequence, set: ["metadata": ["of": .string(note)]])
                }
            }
            guard case .invalid = problem else {
                Issue.record("\(problem as Any)")
                return
            }
        }
    }

    @Test("A store with waiting files isn't wiped unasked, and then the bytes go too")
    func wiped() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            #expect(refusal { try world.store.write { try $0.ownership.wipe() } } == .outboxNotEmpty(1))
            #expect(try world.names() == [file.bytes])
            try world.store.write { try $0.ownership.wipe(losing: true) }
            #expect(try world.names() == [] && world.store.read { try $0.files.all() } == [])
        }
    }

    @Test("No record's write goes to the table of files")
    func notATable() throws {
        try FileWorld.run { world in
            let file = try world.attach("photo")
            func isRefused(_ work: () throws -> Void) -> Bool {
                if case .invalidTable? = refusal(work) { true } else { false }
            }
            try world.store.write { tx in
                #expect(isRefused { _ = try tx.writes.create(FileTable.name, [:]) })
                #expect(isRefused { try tx.writes.update(FileTable.name, file.record, set: ["size": 1]) })
                #expect(isRefused { try tx.writes.delete(FileTable.name, file.record) })
            }
        }
    }
}
