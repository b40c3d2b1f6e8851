import BkendWire
import Testing

@testable import BkendSync

/// An upload as a table: a state, an answer, the state after it and what comes of it.
@Suite struct UploadTests {
    /// A state in words: the step; the key, with `*` once it is marked; then counters: `r2` refusals, `l2` losses, `d1`
    /// other bytes than were sent, `m1` looks in vain, `p2` the page, `-f1` the record that is to go. `P` stands for parts,
    /// `P1/3` for one of three that is there, `P1/3@` for the address of the next.
    private static func upload(_ text: String) -> Upload {
        var upload = Upload()
        for (index, word) in text.split(separator: " ").enumerated() {
            let rest = String(word.dropFirst())
            switch word.first {
            case _ where index == 0: upload.step = Upload.Step(rawValue: String(word)) ?? .waiting
            case "k":
                upload.key = key(rest.filter { $0 != "*" })
                upload.isMarked = word.hasSuffix("*")
            case "r": upload.refusals = Int(rest) ?? 0
            case "l": upload.losses = Int(rest) ?? 0
            case "d": upload.mismatches = Int(rest) ?? 0
            case "m": upload.misses = Int(rest) ?? 0
            case "p": upload.page = Int(rest) ?? 1
            case "-": upload.surplus = rest
            case "P":
                upload.isInParts = true
                upload.key?.parts = parts(rest)
                upload.key?.life = UploadKey.lifeOfParts
            default: Issue.record("\(word) is no part of a state")
            }
        }
        return upload
    }

    private static func parts(_ text: String) -> UploadParts? {
        let counts = text.filter { $0 != "@" }.split(separator: "/").compactMap { Int($0) }
        guard counts.count == 2 else { return nil }
        var parts = UploadParts(uploadID: "u", total: Int64(counts[1]) << 23)
        parts.tags = (0..<counts[0]).map { "t\($0 + 1)" }
        parts.address = text.hasSuffix("@") ? "https://s/part" : nil
        return parts
    }

    private static func partsKey(_ name: String) -> UploadKey {
        var key = key(name)
        key.parts = parts("0/3")
        key.life = UploadKey.lifeOfParts
        return key
    }

    /// Key `1` has the id `f1`; keys from `7` on have none.
    private static func key(_ name: String) -> UploadKey {
        UploadKey(
            key: "images/\(name)/a.png", url: "https://s/images/\(name)/a.png?sig=1",
            fileID: name < "7" ? "f\(name)" : nil, visibility: "private", issuedAt: Timestamp(clamping: 0))
    }

    private static func file(_ id: String, key name: String, sha256: String? = nil, at: Int64 = 0) -> UploadedFile {
        UploadedFile(
            id: id, key: key(name).key, sha256: sha256, createdAt: Timestamp(clamping: at),
            row: AnswerRow(id: id, updatedAt: nil, text: []))
    }

    private static let no = EntryFailure(code: "no", message: "no")
    /// Before and after the address of a key ends, by the server's clock.
    private static let (early, late) = (Timestamp(clamping: 899_000), Timestamp(clamping: 961_000))
    /// After parts may come.
    private static let muchLater = Timestamp(clamping: 8 * 24 * 3_600_000)

    struct Line: Sendable {
        var before: String
        var answer: UploadAnswer
        var after: String
        var outcome: UploadOutcome
        var othersSucceed = false

        init(
            _ before: String, _ answer: UploadAnswer, _ after: String, _ outcome: UploadOutcome, others: Bool = false
        ) {
            (self.before, self.answer, self.after, self.outcome) = (before, answer, after, outcome)
            othersSucceed = others
        }
    }

    private static let unresolved = EntryFailure(
        code: "unresolved", message: "the server has taken the file's key and shows no file that has it")
    private static let damaged = EntryFailure(
        code: "damaged", message: "the server has stored other bytes than were sent, twice")

    private static let noFile = EntryFailure(
        code: "partsRefused", message: "the server has all parts of the file, and doesn't make a file of them")

    static let lines: [Line] = [
        // A key.
        Line("waiting", .issued(key("1")), "putting k1", .goesOn),
        Line("waiting", .refused(no), "waiting", .failed(no)),
        Line("waiting", .lost, "waiting", .waits),
        Line("waiting", .missing, "waiting", .waits),
        // The bytes.
        Line("putting k1", .stored(tag: "t"), "registering k1*", .goesOn),
        Line("putting k1 l4", .stored(tag: "t"), "registering k1*", .goesOn),
        Line("putting k1", .taken, "registering k1*", .goesOn),
        Line("putting k1*", .taken, "registering k1*", .waits),
        Line("putting k1", .expired(no), "waiting", .waits),
        Line("putting k1*", .expired(no), "registering k1*", .waits),
        Line("putting k1", .lost, "putting k1 l1", .waits),
        Line("putting k1 l4", .lost, "waiting", .waits),
        Line("putting k1* l4", .lost, "registering k1*", .waits),
        Line("putting k1 l3", .storageRefused(no), "putting k1", .waits),
        Line("putting k1", .bytesMissing(no), "putting k1", .failed(no)),
        // A storage that refuses everybody is at fault itself.
        Line("putting k1 r4", .storageRefused(no), "putting k1 r4", .waits),
        Line("putting k1 r3", .storageRefused(no), "putting k1 r4", .waits, others: true),
        Line("putting k1 r4", .storageRefused(no), "putting k1 r5", .failed(no), others: true),
        Line("putting k1 r4", .expired(no), "putting k1 r5", .failed(no), others: true),
        Line("putting k1 r1", .expired(no), "waiting r2", .waits, others: true),
        // The record.
        Line("registering k1*", .record(file("f1", key: "1")), "registering k1*", .done(file("f1", key: "1"))),
        Line("registering k1*", .record(file("f2", key: "2")), "registering k1*", .waits),
        Line("registering k1*", .lost, "registering k1*", .waits),
        Line("registering k1*", .exists, "finding k1*", .goesOn),
        Line("registering k1*", .refused(no), "registering k1*", .failed(no)),
        Line("registering k1*", .nothingStored(at: early), "putting k1*", .waits),
        Line("registering k1*", .nothingStored(at: late), "waiting", .waits),
        Line("registering k1*", .nothingStored(at: nil), "putting k1*", .waits),
        Line("registering k1*", .unknownKey(at: early), "registering k1*", .waits),
        Line("registering k1*", .unknownKey(at: late), "waiting", .waits),
        Line("registering k1*", .unknownKey(at: nil), "registering k1*", .waits),
        // Bytes in parts.
        Line("waiting P", .issued(partsKey("1")), "putting k1 P0/3", .goesOn),
        Line("putting k1 P0/3", .address("https://s/part"), "putting k1 P0/3@", .goesOn),
        Line("putting k1 P0/3@", .stored(tag: "t1"), "putting k1 P1/3", .goesOn),
        Line("putting k1 P2/3@ l3 r4", .stored(tag: "t3"), "putting k1 P3/3", .goesOn),
        Line("waiting P", .noParts, "waiting", .goesOn),
        Line("putting k1 P3/3", .completed, "registering k1* P3/3", .goesOn),
        Line("putting k1 P3/3", .lost, "putting k1 P3/3", .waits),
        // Where it is refused, an earlier completion may have done it.
        Line("putting k1 P3/3", .refused(no), "registering k1* P3/3", .goesOn),
        Line("putting k1 P1/3", .lost, "putting k1 P1/3", .waits),
        Line("putting k1 P1/3", .missing, "waiting P r1", .waits),
        Line("putting k1 P1/3", .refused(no), "waiting P r1", .waits),
        Line("putting k1 P1/3 r4", .refused(no), "putting k1 P1/3 r5", .failed(no)),
        Line("putting k1* P1/3", .refused(no), "registering k1* P1/3", .waits),
        Line("putting k1 P1/3@", .expired(no), "putting k1 P1/3", .waits),
        Line("putting k1 P1/3@ r4", .expired(no), "putting k1 P1/3 r5", .failed(no), others: true),
        Line("putting k1 P1/3@", .storageRefused(no), "putting k1 P1/3@", .waits),
        Line("putting k1 P1/3@ r4", .storageRefused(no), "putting k1 P1/3@ r5", .failed(no), others: true),
        Line("putting k1 P1/3@ l3", .lost, "putting k1 P1/3@ l4", .waits),
        Line("putting k1 P1/3@ l4", .lost, "putting k1 P1/3", .waits),
        Line("putting k1 P1/3@", .taken, "registering k1* P1/3@", .waits),
        Line("putting k1 P1/3@", .bytesMissing(no), "putting k1 P1/3@", .failed(no)),
        // Parts may come for a week; a key that is closed before stays closed.
        Line("registering k1* P3/3", .nothingStored(at: late), "putting k1* P0/3 d1", .waits),
        // Parts that never become a file.
        Line("registering k1* P3/3 d2", .nothingStored(at: late), "putting k1* P0/3 d3", .failed(noFile)),
        Line("registering k1* P3/3", .nothingStored(at: muchLater), "waiting P", .waits),
        Line("registering k1* P3/3", .unknownKey(at: early), "registering k1* P3/3", .waits),
        Line("registering k1* P3/3", .unknownKey(at: late), "waiting P", .waits),
        // A record that is there, by its id.
        Line("finding k1*", .record(file("f1", key: "1")), "finding k1*", .done(file("f1", key: "1"))),
        Line("finding k1*", .missing, "finding k1* m1", .waits),
        Line("finding k1* m1", .missing, "finding k1* m2", .deletedElsewhere),
        Line("finding k1*", .refused(no), "finding k1*", .unresolved(no)),
        Line("finding k1*", .lost, "finding k1*", .waits),
        // A record that is there, by looking through all.
        Line("finding k7*", .page([file("x", key: "2")], isLast: false), "finding k7* p2", .goesOn),
        Line(
            "finding k7* p2", .page([file("x", key: "2"), file("f7", key: "7")], isLast: false), "finding k7* p2",
            .done(file("f7", key: "7"))),
        Line("finding k7* p2", .page([file("x", key: "2")], isLast: true), "finding k7* m1", .waits),
        Line("finding k7* p2", .page([], isLast: false), "finding k7* m1", .waits),
        Line("finding k7* m1", .page([], isLast: true), "finding k7* m2", .unresolved(unresolved)),
        Line("finding k7*", .page([file("x", key: "2", at: -299_000)], isLast: false), "finding k7* p2", .goesOn),
        Line("finding k7*", .page([file("x", key: "2", at: -301_000)], isLast: false), "finding k7* m1", .waits),
        Line("finding k7* p1000", .page([file("x", key: "2")], isLast: false), "finding k7* m1", .waits),
        Line("finding k7*", .refused(no), "finding k7*", .unresolved(no)),
        // Other bytes than were sent.
        Line(
            "registering k1*", .record(file("f1", key: "1", sha256: "AA")), "registering k1*",
            .done(file("f1", key: "1", sha256: "AA"))),
        Line("registering k1*", .record(file("f1", key: "1", sha256: "bb")), "replacing k1* d1 -f1", .goesOn),
        Line("finding k1*", .record(file("f1", key: "1", sha256: "bb")), "replacing k1* d1 -f1", .goesOn),
        Line("replacing k1* d1 -f1", .deleted, "waiting d1", .goesOn),
        Line("replacing k1* d1 -f1", .missing, "waiting d1", .goesOn),
        Line("replacing k1* d1 -f1", .lost, "replacing k1* d1 -f1", .waits),
        Line("replacing k1* d1 -f1", .refused(no), "replacing k1* d1 -f1", .failed(no)),
        Line("replacing k1* d2 -f1", .deleted, "waiting d2", .failed(damaged)),
    ]

    @Test("Each answer makes of each state what the table says", arguments: lines)
    func table(line: Line) {
        var upload = Self.upload(line.before)
        let outcome = upload.take(line.answer, to: upload.request, sha256: "aa", othersSucceed: line.othersSucceed)
        #expect(upload == Self.upload(line.after), "\(line.before), \(line.answer)")
        #expect(outcome == line.outcome, "\(line.before), \(line.answer)")
    }

    @Test("An answer to a request of another key, or of another step, changes nothing")
    func otherKeys() {
        for text in ["waiting", "putting k1", "putting k1*", "registering k1*", "finding k1*", "replacing k1* d1 -f1"] {
            let before = Self.upload(text)
            let (one, two) = (Self.key("1"), Self.key("2"))
            let requests: [UploadRequest] = [
                .presign, .put(one), .put(two), .register(one), .register(two), .read(fileID: "f1", one),
                .read(fileID: "f2", two), .search(page: 1, two), .delete(fileID: "f1"), .delete(fileID: "f2"),
            ]
            for request in requests where request != before.request {
                for answer in [
                    UploadAnswer.stored(tag: "t"), .exists, .missing, .deleted, .nothingStored(at: Self.late),
                ] {
                    var upload = before
                    #expect(upload.take(answer, to: request, sha256: "aa", othersSucceed: true) == nil)
                    #expect(upload == before)
                }
            }
        }
    }

    @Test("A record of another key under the expected id is searched for by its key")
    func otherKeyUnderTheID() {
        var upload = Self.upload("finding k1*")
        let other = UploadAnswer.record(Self.file("f1", key: "2"))
        #expect(upload.take(other, to: upload.request, sha256: "aa", othersSucceed: false) == .goesOn)
        guard case .search(1, let key) = upload.request else {
            Issue.record("it asks \(upload.request)")
            return
        }
        #expect(key.key == Self.key("1").key)
    }

    @Test("Another visibility takes another key, as long as nothing can be registered")
    func visibility() {
        for (text, after) in [
            ("putting k1", "waiting"), ("putting k1*", "putting k1*"), ("registering k1*", "registering k1*"),
            ("waiting", "waiting"),
        ] {
            var upload = Self.upload(text)
            upload.adjust(toVisibility: "private")
            #expect(upload == Self.upload(text))
            upload.adjust(toVisibility: "public")
            #expect(upload == Self.upload(after))
        }
    }

    @Test("Other bytes are taken until something may be registered; a retry keeps the key")
    func replaced() {
        for (text, after) in [("waiting", "waiting"), ("putting k1 r3", "waiting")] {
            var upload = Self.upload(text)
            #expect(upload.replaceBytes() && upload == Self.upload(after))
        }
        for text in ["putting k1*", "registering k1*", "finding k1*"] {
            var upload = Self.upload(text)
            #expect(!upload.replaceBytes() && upload == Self.upload(text))
            upload = Self.upload(text + " r5 m2 d2 p3")
            upload.retry()
            #expect(upload == Self.upload(text))
        }
    }

    @Test(
        "A state survives the store",
        arguments: [
            "waiting", "putting k1 r2 l3", "registering k7*", "finding k1* m1 p3", "waiting P",
            "putting k1 P1/3@", "registering k1* P3/3", "replacing k1* d2 -f1",
        ])
    func stored(text: String) throws {
        let upload = Self.upload(text)
        let json = try JSON(parsing: upload.json.serialized())
        #expect(Upload(stored: try #require(json.objectValue)) == upload)
    }

    @Test(
        "An address ends when the server says, 15 minutes later at the least; its nodes' clocks may differ by a minute")
    func expiry() {
        func key(until end: String?, at date: Timestamp? = Timestamp(clamping: 0)) -> UploadKey? {
            var json: JSONObject = ["key": "k", "url": "u"]
            json["expiresAt"] = end.map(JSON.string)
            return UploadKey(issued: json, visibility: "private", at: date)
        }
        func end(_ key: UploadKey?) -> Int64? {
            [960_000, 1_860_000].first {
                key?.hasExpired(at: Timestamp(clamping: $0)) == false
                    && key?.hasExpired(at: Timestamp(clamping: $0 + 1)) == true
            }
        }
        #expect(end(key(until: nil)) == 960_000)
        #expect(end(key(until: "1970-01-01T00:00:10.000Z")) == 960_000)
        #expect(end(key(until: "1970-01-01T00:30:00.000Z")) == 1_860_000)
        // Another clock's time.
        #expect(end(key(until: "1971-01-01T00:00:00.000Z")) == 960_000)
        #expect(key(until: nil)?.hasExpired(at: nil) == false)
        #expect(key(until: nil, at: nil)?.hasExpired(at: Timestamp(clamping: 1 << 50)) == false)
        #expect(UploadKey(issued: ["key": "k"], visibility: "private", at: nil) == nil)
    }

    @Test("A file in parts has the address of its first part, without what signs it, where the server names none")
    func addressOfParts() {
        var upload = Upload(isInParts: true)
        let begun = UploadKey(
            begun: ["key": "k", "uploadId": "u"], visibility: "public", size: 1 << 25, at: nil)
        #expect(begun?.plainURL == nil)
        for answer in [begun.map { UploadAnswer.issued($0) } ?? .lost, .address("https://s/k?part=1")] {
            _ = upload.take(answer, to: upload.request, sha256: "aa", othersSucceed: false)
        }
        #expect(upload.key?.plainURL == "https://s/k" && upload.key?.parts?.address == "https://s/k?part=1")
    }
}
