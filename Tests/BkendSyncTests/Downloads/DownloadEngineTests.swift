import BkendWire
import Testing

@testable import BkendSync

/// Which files the engine fetches, and what it makes of each answer.
@Suite struct DownloadEngineTests {
    @Test("A file that a record names comes once, and stays")
    func whole() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1", "title": "f9"])
        #expect(run.names == ["file"] && run.status.waiting == 1)
        try run.describe("f1")
        let get = try #require(run.gets.first)
        #expect(get.url == "https://s/images/f1/a.png?sig=1" && get.have == 0 && get.tag == nil && get.size == 10)
        #expect(try run.download("f1")?.bytes == get.name)
        try run.bytes()
        #expect(run.names == [] && run.status == DownloadStatus())
        let file = try #require(try run.file("f1"))
        #expect(file.bytes == get.name && file.size == 10 && file.sha256 == "aa" && file.upload == nil)
        for name in ["images/f1/a.png", "https://s/images/f1/a.png"] { #expect(try run.file(name) == file) }
        #expect(try run.isKept("f1"))
        #expect(try run.store.read { try $0.documents.document(FileTable.name, "f1")?.json["originalName"] } == "a.png")
        // Another record names it, by whatever name.
        try run.show("n2", ["pictures": ["images/f1/a.png"], "cover": "https://s/images/f1/a.png"])
        #expect(run.names == [])
        try run.hide("n1")
        #expect(try run.isKept("f1"))
        try run.hide("n2")
        #expect(try !run.isKept("f1") && run.file("f1") == file)
    }

    @Test("At most three files come at once, those first that were asked for first")
    func places() throws {
        let run = try DownloadRun()
        try run.show("n1", ["pictures": ["f1", "f2", "f3", "f4", "f5"]])
        #expect(run.names == ["file", "file", "file"] && run.status.waiting == 5)
        try run.describe("f1")
        try run.bytes()
        #expect(run.names.count == 3 && run.status.waiting == 4)
        #expect(run.run.requests.last?.request.operation == .file(id: "f4"))
    }

    @Test("What the server refuses isn't asked for again until a record that names it changes")
    func refused() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.run.refuse("file", 404, "file/not-found")
        #expect(run.names == [] && run.status.refused == 1 && run.status.waiting == 0)
        #expect(try run.refusal("f1")?.status == 404)
        run.run.tell(.syncNow)
        try run.show("n2", ["cover": "f2"])
        try run.run.refuse("file", 403, "file/access-denied")
        #expect(run.names == [] && run.status.refused == 2)
        run.run.restart()
        #expect(run.names == [])
        try run.show("n1", ["cover": "f1", "title": "b"])
        #expect(run.names == ["file"] && run.status.refused == 1)
    }

    @Test("A file that no record names any more is given up in the middle")
    func givenUp() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.describe("f1", size: 20)
        try run.bytes(to: 10, of: 20)
        #expect(run.names == ["get"] || run.names == [])
        try run.hide("n1")
        #expect(run.names == [] && run.status == DownloadStatus())
        #expect(try run.download("f1") == nil)
    }

    @Test("A record that names another file lets the first one go")
    func replaced() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.show("n1", ["cover": "f2"])
        #expect(run.run.requests.map(\.request.operation).contains(.file(id: "f2")))
        #expect(!run.run.requests.map(\.request.operation).contains(.file(id: "f1")))
        #expect(run.status.waiting == 1)
    }

    @Test("After a crash a file goes on where it was, with the same bytes only")
    func resumed() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        let size: Int64 = 20 << 20
        try run.describe("f1", size: size)
        let first = try #require(run.gets.first)
        #expect(first.most == 8 << 20)
        try run.bytes(to: 8 << 20, of: size)
        let second = try #require(run.gets.first)
        #expect(second.have == 8 << 20 && second.tag == "\"t\"" && second.name == first.name)
        run.run.restart()
        // The address is asked for anew, the record isn't.
        try run.address("f1", query: "sig=2")
        #expect(run.gets.first?.have == 8 << 20 && run.gets.first?.url.hasSuffix("sig=2") == true)
        try run.answerBytes(416)
        run.run.waitForTimer()
        #expect(run.gets.first?.have == 0 && run.gets.first?.tag == nil)
    }

    @Test("Parts without a strong tag are never put together")
    func weak() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.describe("f1", size: 20)
        try run.bytes(to: 10, of: 20, tag: nil)
        run.run.waitForTimer()
        #expect(run.gets.first?.have == 0)
    }

    @Test("An address that has expired is asked for again at once; one that is refused at once a few times")
    func expired() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.describe("f1", size: 1 << 20)
        try run.bytes(to: 100 << 10, of: 1 << 20)
        try run.answerBytes(403)
        #expect(run.names == ["fileAddress"])
        for attempt in 1...5 {
            try run.address("f1")
            #expect(run.gets.first?.have == 100 << 10)
            try run.answerBytes(403)
            if attempt < 5 { run.run.waitForTimer() }
        }
        #expect(run.names == [] && run.status.refused == 1)
    }

    @Test("Bytes that aren't what the record promises are fetched twice more, then never")
    func damaged() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.describe("f1")
        for _ in 1...2 {
            try run.bytes(sha256: "bb")
            #expect(try run.file("f1") == nil)
            run.run.waitForTimer()
            try run.address("f1")
            #expect(run.gets.first?.have == 0)
        }
        // Another number of bytes is as good as other bytes.
        try run.bytes(to: 0, of: 11)
        #expect(run.names == [] && run.status.refused == 1)
        #expect(try run.refusal("f1")?.code == "damaged")
    }

    @Test("A storage's silence keeps files waiting, and neither records nor questions to bkend")
    func silence() throws {
        let run = try DownloadRun()
        try run.show("n1", ["pictures": ["f1", "f2"]])
        try run.describe("f1")
        try run.describe("f2")
        for _ in 1...4 {
            try run.run.answer("get", .lost(SyncFailure(.broken)))
            for _ in 1...5 where run.gets.isEmpty { run.run.waitForTimer() }
            #expect(run.run.status.state != .offline)
        }
        _ = try run.store.write { try $0.writes.create("notes", [:]) }
        run.run.tell(.localWrite)
        #expect(run.run.names.contains("spec"))
    }

    @Test("A server without files is asked seldom, and no file is refused for it")
    func noFiles() throws {
        let run = try DownloadRun()
        try run.show("n1", ["pictures": ["f1", "f2", "f3", "f4", "f5", "f6"]])
        for _ in 1...3 { try run.run.refuse("file", 404, .routeNotFound) }
        #expect(run.names == [] && run.status.waiting == 6 && run.status.refused == 0)
        run.run.waitForTimer()
        #expect(run.names.count <= 3)
    }

    @Test("An address in a record is fetched only where bkend has said that files are")
    func strangers() throws {
        let run = try DownloadRun(fields: ["cover", "text"])
        try run.show("n1", ["cover": "https://evil.example/x.png", "text": "![](https://store.example/y.png)"])
        // Any file's record says where files are; there is none yet.
        try run.run.answer("files", 200, Self.page([]))
        run.run.waitForTimer()
        #expect(run.names == [] && run.status.refused == 2)
        #expect(try run.refusal("https://evil.example/x.png")?.code == "unknownHost")
        // bkend names the storage.
        try run.show("n2", ["cover": "f1"])
        try run.run.answer("file", 200, DownloadRun.record("f1", host: "store.example"))
        #expect(run.gets.map(\.url) == ["https://store.example/y.png"])
        try run.bytes(of: nil, sha256: nil)
        #expect(try run.refusal("https://evil.example/x.png") != nil)
    }

    @Test("What was held for want of room is looked at again after a start")
    func held() throws {
        let run = try DownloadRun()
        try run.store.write {
            try $0.db.perform("INSERT INTO sync_downloads (name, state, size) VALUES ('f1', 'held', 10)")
        }
        run.run.tell(.localWrite)
        #expect(run.names == [] && run.status.lacksRoom && run.status.waiting == 1)
        run.run.restart()
        #expect(run.names == ["file"] && !run.status.lacksRoom)
    }

    @Test("Where files are is learnt from any file's record")
    func origins() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "https://store.example/y.png"])
        // A lost answer says nothing.
        try run.run.lose("files")
        run.run.waitForTimer()
        try run.run.answer("files", 200, Self.page([DownloadRun.record("f9", host: "store.example")]))
        #expect(run.gets.map(\.url) == ["https://store.example/y.png"])
    }

    private static func page(_ rows: [JSONObject]) -> JSONObject {
        [
            "items": .array(rows.map { .object($0) }),
            "pagination": [
                "total": .int(Int64(rows.count)), "page": 1, "limit": 100, "totalPages": 1, "hasNext": false,
                "hasPrev": false,
            ],
        ]
    }

    @Test("A public file that is known by its address alone is named by it")
    func byAddress() throws {
        let run = try DownloadRun()
        try run.store.write { try $0.downloads.noteOrigin(of: "https://store.example/z") }
        let url = "https://store.example/images/a.png?w=1"
        try run.show("n1", ["cover": .string(url)])
        #expect(run.gets.map(\.url) == [url])
        try run.bytes(status: 200)
        let file = try #require(try run.file(url))
        #expect(file.record == url && file.size == 10)
        let record = try run.store.read { try $0.documents.document(FileTable.name, url)?.json }
        #expect(record?["originalName"] == "a.png" && record?["mimeType"] == "image/png")
        // One that isn't there is no reason to ask again and again.
        try run.show("n2", ["cover": "https://store.example/b.png"])
        for _ in 1...5 {
            try run.answerBytes(404)
            run.run.waitForTimer()
        }
        #expect(run.names == [] && run.status.refused == 1)
    }

    @Test("A file whose bytes are gone while its record is there isn't asked for again and again")
    func gone() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        for _ in 1...5 {
            try run.describe("f1")
            try run.answerBytes(404)
            run.run.waitForTimer()
        }
        #expect(run.names == [] && run.status.refused == 1)
    }

    @Test("A file that never answers holds up no other")
    func poisoned() throws {
        let run = try DownloadRun()
        try run.show("n1", ["pictures": ["f1", "f2", "f3", "f4"]])
        for id in ["f1", "f2", "f3"] { try run.describe(id) }
        for _ in 1...3 { try run.answerBytes(302) }
        // Another storage's.
        try run.run.answer("file", 200, DownloadRun.record("f4"))
        try run.run.answer("fileAddress", 200, ["url": "https://other.example/f4"])
        try run.bytes()
        #expect(try run.file("f4") != nil && run.status.waiting == 3)
    }

    @Test("Names that can't be those of files hold up none that can")
    func strange() throws {
        let run = try DownloadRun()
        var names = (0..<30).map { JSON.string("no.\($0)") }
        names.append("f1")
        try run.show("n1", ["pictures": .array(names)])
        for _ in 1...5 where run.names.isEmpty { run.run.waitForTimer() }
        #expect(run.names == ["file"] && run.status.refused == 30)
    }

    @Test("A guest's question about a file that isn't public refuses the file, and not the guest")
    func guest() throws {
        let run = try DownloadRun(UploadRun(user: ""))
        try run.show("n1", ["pictures": ["f1", "f2", "f3", "f4", "f5", "f6"]])
        for _ in 1...6 { try run.run.refuse("file", 401, "common/authentication-required") }
        #expect(run.status.refused == 6 && run.run.status.state != .signedOut)
        // Who signs in may see them.
        try run.store.write { try $0.ownership.takeOver(by: "ann") }
        #expect(try run.store.read { try $0.downloads.status() }.waiting == 6)
    }

    @Test("No file is named by nothing")
    func nothing() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        var record = DownloadRun.record("f1")
        record["url"] = nil
        record["key"] = nil
        try run.run.answer("file", 200, record)
        try run.address("f1")
        try run.bytes()
        #expect(try run.file("f1") != nil && run.file("") == nil)
        #expect(throws: StoreError.self) { try run.store.write { try $0.attaching.delete("") } }
    }

    @Test("A file that isn't public is its id, also where a record has its address of then")
    func privateAddress() throws {
        let upload = try UploadRun(server: "https://s/v1 k")
        let run = try DownloadRun(upload)
        let address = "https://s/v1/files/f1/download"
        try run.show("n1", ["pictures": [.string(address), "f1"]])
        #expect(run.names == ["file"] && run.status.waiting == 1)
        try run.describe("f1")
        try run.bytes()
        #expect(try run.file(address)?.record == "f1" && run.isKept(address))
        try run.show("n1", ["pictures": [.string(address)], "title": "b"])
        #expect(run.names == [])
    }

    @Test("A key's file is looked for by its name")
    func byKey() throws {
        let run = try DownloadRun()
        try run.show("n1", ["pictures": ["images/f1/a.png", "images/f2/a.png"]])
        guard case .files(let query) = try #require(run.run.requests.last?.request.operation) else {
            Issue.record("no list")
            return
        }
        #expect(query.contains(QueryItem("search", "a.png")))
        let page = Self.page([DownloadRun.record("f0"), DownloadRun.record("f1")])
        try run.run.answer("files", 200, page)
        try run.run.answer("files", 200, page)
        #expect(try run.refusal("images/f2/a.png")?.code == "file/not-found")
        try run.address("f1")
        try run.bytes()
        #expect(try run.file("images/f1/a.png")?.record == "f1")
    }

    @Test("A file that was attached here is kept once it is on the server, and never fetched")
    func attached() throws {
        let upload = try UploadRun()
        let run = try DownloadRun(upload)
        let photo = try upload.attach("p.png")
        let id = try run.store.write { try $0.writes.create("notes", ["cover": .string(photo.record)]) }
        run.run.tell(.localWrite)
        try upload.complete("k1")
        #expect(!upload.names.contains("file"))
        try run.show("n1", ["cover": "f-k1", "clientKey": .string(id)])
        #expect(run.names == [] && run.status == DownloadStatus())
        #expect(try run.isKept("f-k1"))
    }

    @Test("What a subscription keeps can change, and it ends with it")
    func changes() throws {
        let run = try DownloadRun(fields: ["cover"])
        try run.show("n1", ["cover": "f1", "pictures": ["f2"]])
        #expect(run.status.waiting == 1)
        try run.store.write { try $0.subscribing.keepFiles(at: ["pictures"], of: run.subscription) }
        run.run.tell(.subscriptionsChanged)
        #expect(run.status.waiting == 1)
        #expect(try run.download("f2") != nil && run.download("f1") == nil)
        try run.describe("f2")
        try run.bytes()
        #expect(try run.store.read { try $0.downloads.progress(of: run.subscription) } == (1, 1))
        #expect(try run.isKept("f2"))
        try run.store.write { try $0.subscribing.unsubscribe(run.subscription) }
        run.run.tell(.subscriptionsChanged)
        #expect(try !run.isKept("f2"))
    }

    @Test("A kept file whose bytes are gone comes again")
    func lost() throws {
        let run = try DownloadRun()
        try run.show("n1", ["cover": "f1"])
        try run.describe("f1")
        try run.bytes()
        let file = try #require(try run.file("f1"))
        try run.store.write { try $0.attaching.forget([file]) }
        run.run.tell(.timer)
        #expect(run.names == ["file"])
    }

    @Test("Many records are looked at in portions, and all of them")
    func portions() throws {
        let run = try DownloadRun()
        let rows = try (0..<450).map { number in
            try AnswerRow(
                ([
                    "id": .string("n\(number)"), "cover": .string("f\(number)"),
                    "createdAt": "2026-01-01T00:00:00.000Z",
                    "updatedAt": "2026-01-01T00:00:00.000Z",
                ] as JSONObject).serialized(), table: "notes")
        }
        _ = try run.store.write {
            try $0.receiving.receive(rows, table: "notes", subscription: run.subscription, askedAt: nil, isFresh: true)
        }
        run.run.tell(.subscriptionsChanged)
        #expect(run.status.waiting == 200)
        run.run.waitForTimer()
        run.run.waitForTimer()
        #expect(run.status.waiting == 450)
    }

    @Test("A wiped store keeps nothing of downloads")
    func wiped() throws {
        let run = try DownloadRun()
        try run.show("n1", ["pictures": ["f1", "f2"]])
        try run.describe("f1")
        try run.store.write { try $0.ownership.wipe(losing: true) }
        for table in ["kept", "looks", "downloads"] {
            #expect(try run.store.read { try $0.db.number("SELECT count(*) FROM sync_\(table)") } == 0)
        }
        #expect(try run.store.read { try $0.downloads.status() } == DownloadStatus())
    }

    @Test("No sweep takes bytes that came whole and whose row isn't committed yet")
    func swept() throws {
        try FileWorld.run { world in
            let folder = try world.files
            let other = try StoreDatabase.open(path: world.path, owner: "ann")
            var download = Download(name: "f1")
            download.file = DownloadRun.record("f1", size: 3)
            download.bytes = FileDraft.newName() + FileFolder.downloadSuffix
            let name = try #require(download.bytes)
            do {
                let bytes = try FetchedFile(name, have: 0, in: folder)
                try bytes.write(Array("abc".utf8))
                try bytes.synchronize()
            }
            try world.store.write { tx in
                try tx.attaching.take(download, DownloadedBytes(size: 3, sha256: "aa"))
                try other.sweepFiles()
            }
            let bytes = try world.store.openFile("f1").bytes.data()
            #expect(String(decoding: bytes, as: UTF8.self) == "abc")
            try other.sweepFiles()
            #expect(try world.names().count == 1)
        }
    }
}
