import BkendWire
import Testing

@testable import BkendSync

/// Files in the engine, over a real store: what is sent when, and what is stored before.
@Suite struct UploadEngineTests {
    @Test("A file goes in three steps, each stored before it leaves; then the record that names it")
    func steps() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        let note = try run.store.write { try $0.writes.create("notes", ["text": .string("![](\(file.url))")]) }
        run.tell(.localWrite)
        #expect(run.names.contains("presign") && !run.names.contains("create"))
        let asked = try #require(run.requests.first { $0.request.operation == .presign }?.request)
        #expect(
            try JSON(parsing: asked.body ?? [])
                == ["filename": "a.png", "contentType": "image/png", "fileSize": 10, "visibility": "public"])
        #expect(asked.user == "ann")
        try run.present("k1")
        #expect(try run.upload(of: file)?.step == .putting)
        guard case .put(let put)? = run.requests.last?.request.operation else {
            Issue.record("\(run.names)")
            return
        }
        #expect(put.url == "https://s/k1?sig=1" && put.name == file.bytes && put.sendsDigest && put.sha256 == "aa")
        #expect(try run.entry(of: file)?.body == nil)
        try run.answerBytes()
        #expect(try run.upload(of: file)?.isMarked == true && run.entry(of: file)?.body != nil)
        let registration = try JSON(parsing: run.requests.last?.request.body ?? [])
        #expect(registration["s3Key"] == "k1" && registration["visibility"] == "public" && registration["size"] == 10)
        try run.answer("spec", 200, ["tableName": "notes", "schema": ["properties": [:]]])
        #expect(!run.names.contains("create"))
        try run.answer("register", 201, run.record("k1"))
        #expect(try run.entry(of: file) == nil && run.store.read { try $0.files.find(file.key)?.upload == nil })
        #expect(try run.fixture.visible(note)?["text"] == "![](https://s/k1)")
        run.waitForTimer()
        let create = try #require(run.requests.first { $0.request.operation.name == "create" }?.request)
        #expect(try JSON(parsing: create.body ?? [])["text"] == "![](https://s/k1)")
        #expect(run.status.files == FileStatus())
    }

    @Test("After a crash at any step the upload goes on there", arguments: 0..<3)
    func crashes(step: Int) throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        if step > 0 { try run.present("k1") }
        if step > 1 { try run.answerBytes() }
        let names = run.names
        run.restart()
        #expect(run.names == names && names == [["presign"], ["put"], ["register"]][step])
        if step < 1 { try run.present("k1") }
        if step < 2 { try run.answerBytes() }
        // It was registered before the crash.
        try run.refuse("register", 409, "file/s3-key-already-exists")
        #expect(run.requests.last?.request.operation == .file(id: "f-k1"))
        try run.answer("file", 200, run.record("k1"))
        #expect(try run.entry(of: file) == nil && run.requests.isEmpty)
    }

    @Test("A film holds up no photo, and files of a size go one after the other, the oldest first")
    func lanes() throws {
        let run = try UploadRun()
        let films = try (1...2).map { try run.attach("\($0).mov", bytes: 2 << 20) }
        let photos = try (1...2).map { try run.attach("\($0).png") }
        #expect(
            run.requests.map { $0.request.entries.first }
                == [films, photos].map { try? run.entry(of: $0[0])?.sequence })
        #expect(run.status.files.waiting == 4 && run.status.files.bytes == 2 * (2 << 20) + 20)
        // The first film is on its way for long.
        try run.present("film")
        try run.complete("photo 1")
        try run.complete("photo 2")
        #expect(run.names == ["put"] && run.status.files.waiting == 2)
        let films2 = try run.store.read { try $0.transfers.waiting(areLarge: true, than: 1 << 20, held: nil, limit: 9) }
        #expect(films2.map(\.entry.record) == films.map(\.record))
        #expect(try run.entry(of: photos[1]) == nil)
    }

    @Test("A large file goes in parts, one after the other, and goes on with the next one after a crash")
    func parts() throws {
        let run = try UploadRun()
        let film = try run.attach("a.mov", bytes: 20 << 20)
        try run.answer(
            "beginParts", 200, ["key": "k1", "uploadId": "u1", "fileId": "f-k1", "filename": "a.mov"])
        func part(_ number: Int, of expected: Range<Int64>) throws {
            let asked = try #require(run.requests.first?.request.body.flatMap { try? JSON(parsing: $0) })
            #expect(asked["partNumber"] == .int(Int64(number)) && asked["uploadId"] == "u1")
            try run.answer("partAddress", 200, ["url": .string("https://s/k1/\(number)?sig")])
            guard case .put(let put) = try #require(run.requests.first?.request.operation) else {
                Issue.record("\(run.names)")
                return
            }
            #expect(put.part == expected && put.type == nil && put.size == 20 << 20 && !put.sendsDigest)
        }
        try part(1, of: 0..<8 << 20)
        try run.answerBytes(tag: "\"e1\"")
        try part(2, of: 8 << 20..<16 << 20)
        #expect(run.status.files.sent == 8 << 20)
        try run.answerBytes(tag: "\"e2\"")
        run.restart()
        try part(3, of: 16 << 20..<20 << 20)
        try run.answerBytes(tag: "\"e3\"")
        let body = try #require(run.requests.first?.request.body.flatMap { try? JSON(parsing: $0) })
        #expect(body["parts"]?.arrayValue?.map { $0["etag"] } == ["\"e1\"", "\"e2\"", "\"e3\""])
        try run.answer("completeParts", 200, ["key": "k1", "location": "https://s/k1"])
        try run.answer("register", 201, run.record("k1"))
        #expect(run.names == [] && run.status.pending == 0)
        #expect(try run.store.read { try $0.files.find(film.record)?.record } == "f-k1")
    }

    @Test("Other bytes that come while the server is asked for a key get a key of their own size")
    func replacedMeanwhile() throws {
        let run = try UploadRun()
        let film = try run.attach("a.mov", bytes: 20 << 20)
        #expect(run.names == ["beginParts"])
        try run.store.write {
            try $0.attaching.replaceBytes(
                of: film.record, with: WrittenBytes(name: "other", size: 24 << 20, sha256: "bb"))
        }
        run.tell(.localWrite)
        #expect(run.names == ["beginParts"])
        let body = try #require(run.requests.first?.request.body.flatMap { try? JSON(parsing: $0) })
        #expect(body["fileSize"] == .int(24 << 20))
        try run.answer("beginParts", 200, ["key": "k1", "uploadId": "u1"])
        #expect(try run.upload(of: film)?.key?.parts?.total == 24 << 20)
    }

    @Test("A server that takes no parts gets the whole")
    func noParts() throws {
        let run = try UploadRun()
        _ = try run.attach("a.mov", bytes: 20 << 20)
        try run.refuse("beginParts", 404, .routeNotFound)
        #expect(run.names == ["presign"])
        try run.complete("k1")
        #expect(run.status.pending == 0)
    }

    @Test("A part that is refused again and again is sent less and less often")
    func refusedPart() throws {
        let run = try UploadRun()
        _ = try run.attach("a.mov", bytes: 20 << 20)
        try run.answer("beginParts", 200, ["key": "k1", "uploadId": "u1"])
        try run.answer("partAddress", 200, ["url": "https://s/k1/1?sig"])
        var waits: [Duration] = []
        for _ in 1...6 {
            try run.answerBytes(403)
            let before = run.present
            while !run.names.contains("put") {
                if run.names.contains("partAddress") {
                    try run.answer("partAddress", 200, ["url": "https://s/k1/1?sig"])
                } else {
                    run.waitForTimer()
                }
            }
            waits.append(before.duration(to: run.present))
        }
        #expect(waits.last ?? .zero > .seconds(10), "\(waits)")
    }

    @Test("A full quota holds up no record")
    func quota() throws {
        let run = try UploadRun()
        let files = try (0..<4).map { try run.attach("\($0).png") }
        // Three failures of other things would close the gate of all.
        for _ in files { try run.refuse("presign", 507, "common/insufficient-storage") }
        _ = try run.store.write { try $0.writes.create("notes", [:]) }
        run.tell(.localWrite)
        #expect(run.names.contains("spec"))
        #expect(try run.entry(of: files[0])?.state == .queued && run.status.failed == 0)
    }

    @Test("However many files are held, one that may go goes")
    func heldBeforeOthers() throws {
        let run = try UploadRun(uploads: .upTo(bytes: 1_000))
        for number in 0..<12 { try run.attach("\(number).png", bytes: 2_000) }
        for number in 0..<12 { try run.attach("\(number).mov", bytes: 2 << 20) }
        #expect(run.requests.isEmpty)
        let small = try run.attach("small.png")
        try run.complete("small")
        #expect(try run.entry(of: small) == nil)
    }

    @Test("Another visibility while the bytes are on their way takes another key")
    func visibilityMeanwhile() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png", visibility: "public")
        try run.present("k1")
        #expect(run.names == ["put"])
        let sequence = try #require(try run.entry(of: file)?.sequence)
        try run.store.write { try $0.decisions.edit(sequence, set: ["visibility": "private"]) }
        run.tell(.localWrite)
        #expect(run.names == ["presign"])
        let asked = try #require(run.requests.first?.request)
        #expect(try JSON(parsing: asked.body ?? [])["visibility"] == "private")
        try run.complete("k2")
        #expect(try run.entry(of: file) == nil)
    }

    @Test("A storage that fails holds up neither records nor files of another storage")
    func storageFails() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        try run.answerBytes(503, tag: nil)
        #expect(run.requests.isEmpty)
        _ = try run.store.write { try $0.writes.create("notes", [:]) }
        run.tell(.localWrite)
        try run.answer("spec", 200, ["tableName": "notes", "schema": ["properties": [:]]])
        #expect(run.names == ["create"])
        let other = try run.attach("b.png")
        try run.present("k2", host: "t")
        #expect(run.names == ["create", "put"])
        try run.answerBytes(of: "k2")
        try run.answer("register", 201, run.record("k2"))
        #expect(try run.entry(of: other) == nil && run.upload(of: file)?.losses == 1)
        for _ in 0..<5 where !run.names.contains("put") { run.waitForTimer() }
        try run.answerBytes(of: "k1")
        #expect(try run.upload(of: file)?.step == .registering)
    }

    @Test("Bytes go while the server asks for patience; a key doesn't")
    func gate() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        let film = try run.attach("film.mov", bytes: 2 << 20)
        let busy = ErrorBody(.rateLimitExceeded, "later", status: 429).json.serialized()
        try run.answer("presign", .answered(SyncAnswer(status: 429, retryAfter: .seconds(30), body: busy)))
        #expect(run.names == ["put"])
        try run.answerBytes(500, tag: nil)
        for _ in 0..<5 where run.names.isEmpty { run.waitForTimer() }
        // The storage's wait is over before the server's.
        #expect(run.names == ["put"])
        try run.answerBytes()
        #expect(run.names == [] && run.status.state != .idle)
        #expect(try run.upload(of: file)?.step == .registering && run.upload(of: film)?.step == .waiting)
    }

    @Test("A storage's refusals make a dead letter while it takes other files, and not otherwise")
    func refusals() throws {
        let run = try UploadRun()
        let bad = try run.attach("bad.mov", bytes: 2 << 20)
        try run.present("k1")
        for _ in 0..<7 {
            try run.answerBytes(400, tag: nil)
            run.tell(.syncNow)
        }
        #expect(try run.upload(of: bad)?.refusals == 0 && run.entry(of: bad)?.state == .queued)
        for number in 0..<Upload.mostRefusals {
            try run.attach("\(number).png")
            try run.present("p\(number)")
            try run.answerBytes(of: "p\(number)")
            try run.answer("register", 201, run.record("p\(number)"))
            try run.answerBytes(400, tag: nil)
            run.tell(.syncNow)
        }
        #expect(try run.entry(of: bad)?.state == .failed && run.status.failed == 1)
        // The file stays, and a retry goes on where it was.
        let sequence = try #require(try run.entry(of: bad)?.sequence)
        try run.store.write { try $0.decisions.retry(sequence) }
        run.tell(.localWrite)
        #expect(run.requests.last?.request.operation.isToStorage == true)
        #expect(try run.upload(of: bad)?.refusals == 0 && run.upload(of: bad)?.key?.key == "k1")
    }

    @Test("Bytes that are gone here make a dead letter, and other bytes can take their place")
    func bytesMissing() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        try run.answer("put", .lost(SyncFailure(.source, "the file's bytes aren't on this device any more")))
        let entry = try #require(try run.entry(of: file))
        #expect(entry.state == .failed && entry.failure?.code == "bytesMissing")
        try run.store.write { tx in
            try tx.attaching.replaceBytes(of: file.key, with: WrittenBytes(name: "others", size: 3, sha256: "bb"))
            try tx.decisions.retry(entry.sequence)
        }
        run.tell(.localWrite)
        #expect(run.names == ["presign"])
        try run.present("k2")
        guard case .put(let put)? = run.requests.last?.request.operation else { return }
        #expect(put.name == "others" && put.sha256 == "bb" && put.size == 3)
    }

    @Test("A row whose file is lost makes a dead letter")
    func rowMissing() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.lose("presign")
        try run.store.write { try $0.files.remove(file.record) }
        run.tell(.syncNow)
        #expect(try run.entry(of: file)?.failure?.code == "bytesMissing")
    }

    @Test("What the server refuses is a dead letter, and the record that names the file is blocked")
    func refusedByTheServer() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        let note = try run.store.write { try $0.writes.create("notes", ["cover": .string(file.key)]) }
        try run.refuse("presign", 400, "file/file-too-large")
        #expect(try run.entry(of: file)?.failure?.code == "file/file-too-large")
        #expect(try run.fixture.lane(note).map(\.state) == [.blocked])
        #expect(run.status.failed == 1 && run.status.files.waiting == 0)
        // Edited and retried, it goes.
        let sequence = try #require(try run.entry(of: file)?.sequence)
        try run.store.write { tx in
            try tx.decisions.edit(sequence, set: ["originalName": "b.png"])
            try tx.decisions.retry(sequence)
        }
        run.tell(.localWrite)
        try run.complete("k1")
        #expect(try run.fixture.lane(note).map(\.state) == [.queued])
        #expect(try run.fixture.visible(note)?["cover"] == "k1")
    }

    @Test("A file that was deleted on the server is reported and never uploaded again")
    func deletedElsewhere() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        let note = try run.store.write { try $0.writes.create("notes", ["cover": .string(file.record)]) }
        try run.present("k1")
        try run.answerBytes()
        try run.lose("register")
        run.tell(.syncNow)
        try run.refuse("register", 409, "file/s3-key-already-exists")
        for _ in 0..<2 {
            try run.refuse("file", 404, "file/not-found")
            run.tell(.syncNow)
        }
        #expect(try run.entry(of: file) == nil && !run.names.contains("presign"))
        let report = try #require(try run.store.read { try $0.reports.all().first })
        #expect(report.kind == "deletedElsewhere" && report.detail["mine"]?["originalName"] == "a.png")
        #expect(try run.fixture.lane(note).first?.failure?.code == EntryFailure.dependencyDiscarded)
    }

    @Test("Other bytes than were sent are deleted on the server and sent once more")
    func mismatch() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        try run.answerBytes()
        try run.answer("register", 201, run.record("k1", sha256: "bb"))
        #expect(run.requests.last?.request.operation == .deleteFile(id: "f-k1"))
        try run.answer("deleteFile", 200, ["success": true])
        try run.complete("k2")
        #expect(try run.entry(of: file) == nil)
        #expect(try run.store.read { try $0.files.find(file.record)?.record } == "f-k2")
    }

    // MARK: What the app decides

    @Test("What is discarded while its bytes are on their way is let go of")
    func discarded() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        try run.store.write { try $0.attaching.delete(file.record) }
        run.tell(.localWrite)
        #expect(run.requests.isEmpty)
        #expect(try run.store.read { try $0.files.all().isEmpty && $0.outbox.entries().isEmpty })
    }

    @Test("A file of which the server was asked to make a record is deleted there, after it is known")
    func deletedLater() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        try run.answerBytes()
        try run.store.write { try $0.attaching.delete(file.record) }
        run.tell(.localWrite)
        #expect(run.names == ["register"])
        try run.answer("register", 201, run.record("k1"))
        #expect(run.requests.map(\.request.operation) == [.deleteFile(id: "f-k1")])
        try run.lose("deleteFile")
        run.tell(.syncNow)
        try run.refuse("deleteFile", 404, "file/not-found")
        #expect(try run.store.read { try $0.files.all().isEmpty && $0.outbox.entries().isEmpty })
    }

    @Test("Files that the options hold wait for a word, and so does what names them")
    func held() throws {
        let run = try UploadRun(uploads: .upTo(bytes: 100))
        let large = try run.attach("large.png", bytes: 101)
        try run.attach("small.png", bytes: 100)
        _ = try run.store.write { try $0.writes.create("notes", ["cover": .string(large.record)]) }
        #expect(run.names.contains("presign") && run.status.files.held == 1 && run.status.files.waiting == 2)
        try run.complete("small")
        #expect(!run.names.contains("presign"))
        let held = try #require(run.status.heldFiles)
        #expect(try run.store.read { try $0.queue.hasEntriesToSend(besides: [], held: held) } == false)
        #expect(try run.store.read { try $0.queue.hasEntriesToSend(besides: []) })
        run.tell(.uploadNow)
        #expect(run.names.contains("presign") && run.status.files.held == 0)
        // What is attached later waits again.
        let later = try run.attach("later.png", bytes: 101)
        try run.complete("large")
        #expect(!run.names.contains("presign") && run.status.files.held == 1)
        #expect(try run.upload(of: later)?.step == .waiting)
    }

    @Test("Files of a guest wait for the sign-in")
    func guests() throws {
        let run = try UploadRun(user: "")
        let file = try run.attach("a.png")
        #expect(run.names == [] && run.status.files.held == 1 && run.status.files.waiting == 1)
        try run.store.write { try $0.ownership.takeOver(by: "ann") }
        run.tell(.sessionChanged(user: "ann"))
        #expect(run.names.contains("presign") && run.status.files.held == 0)
        try run.complete("k1")
        #expect(try run.entry(of: file) == nil)
    }

    @Test("A server that keeps no files stops no record")
    func noFiles() throws {
        let run = try UploadRun()
        try run.attach("a.png")
        try run.refuse("presign", 404, .routeNotFound)
        _ = try run.store.write { try $0.writes.create("notes", [:]) }
        run.tell(.localWrite)
        #expect(run.names.contains("spec") || run.names.contains("create"))
        #expect(run.status.failed == 0 && run.status.files.waiting == 1)
    }

    @Test("A key is given up after an answer that came after its address ended, by the server's own dates")
    func givenUp() throws {
        let run = try UploadRun()
        let file = try run.attach("a.png")
        try run.present("k1")
        // A portal's word.
        try run.answerBytes()
        try run.refuse("register", 404, "file/not-found")
        run.tell(.syncNow)
        try run.answerBytes(403, tag: nil)
        run.tell(.syncNow)
        #expect(run.names == ["register"])
        run.date = Timestamp(clamping: run.date.milliseconds + 961_000)
        try run.refuse("register", 400, "file/invalid-path")
        run.tell(.syncNow)
        #expect(run.names == ["presign"])
        #expect(try run.upload(of: file) == Upload() && run.entry(of: file)?.body == nil)
    }
}
