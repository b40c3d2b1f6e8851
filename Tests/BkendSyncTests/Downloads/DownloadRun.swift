import BkendWire
import Testing

@testable import BkendSync

/// An engine whose store keeps the files that notes name: a test gives it notes, and answers each request for a file.
struct DownloadRun {
    let run: UploadRun
    let subscription: Int64
    private let clock = Clock()

    private final class Clock { var seconds = 0 }

    var store: StoreDatabase { run.store }
    var names: [String] { run.names.filter { ["file", "files", "fileAddress", "get"].contains($0) } }
    var status: DownloadStatus { run.status.downloads }

    init(_ run: UploadRun? = nil, fields: [String] = ["cover", "pictures"]) throws {
        self.run = try run ?? UploadRun()
        subscription = try self.run.store.write { store in
            let number = try store.subscribing.subscribe("notes")
            try store.subscribing.keepFiles(at: fields, of: number)
            return number
        }
        self.run.tell(.subscriptionsChanged)
    }

    /// The server's list has a note.
    func show(_ id: String, _ fields: JSONObject) throws {
        clock.seconds += 1
        var row = fields
        row["id"] = .string(id)
        row["createdAt"] = "2026-01-01T00:00:00.000Z"
        row["updatedAt"] = .string("2026-01-01T00:00:\(clock.seconds + 10).000Z")
        let text = row.serialized()
        _ = try store.write {
            try $0.receiving.receive(
                [try AnswerRow(text, table: "notes")], table: "notes", subscription: subscription, askedAt: nil,
                isFresh: true)
        }
        run.tell(.subscriptionsChanged)
    }

    /// The server's list has a note no more.
    func hide(_ id: String) throws {
        try store.write { try $0.members.lose(subscription, [id]) }
        run.tell(.subscriptionsChanged)
    }

    /// The bytes that are asked for now, in order.
    var gets: [BytesGet] {
        run.requests.compactMap { if case .get(let get) = $0.request.operation { get } else { nil } }
    }

    static func record(_ id: String, size: Int64 = 10, sha256: String? = "aa", host: String = "s") -> JSONObject {
        var record: JSONObject = [
            "id": .string(id), "s3Key": .string("images/\(id)/a.png"),
            "url": .string("https://\(host)/images/\(id)/a.png"),
            "originalName": "a.png", "mimeType": "image/png", "size": .int(size), "visibility": "public",
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        ]
        record["sha256"] = sha256.map { .string($0) }
        return record
    }

    /// The server says what it knows of a file, and where its bytes are.
    func describe(_ id: String, size: Int64 = 10, sha256: String? = "aa") throws {
        try run.answer("file", 200, Self.record(id, size: size, sha256: sha256))
        try address(id)
    }

    func address(_ id: String, query: String = "sig=1") throws {
        try run.answer("fileAddress", 200, ["url": .string("https://s/images/\(id)/a.png?\(query)")])
    }

    /// Bytes come.
    func bytes(
        from start: Int64 = 0, to end: Int64 = 10, of total: Int64? = 10, sha256: String? = "aa",
        tag: String? = "\"t\"",
        status: Int = 206
    ) throws {
        try run.answer(
            "get",
            .answered(
                SyncAnswer(
                    status: status, isJSON: false, tag: tag,
                    bytes: ReceivedBytes(
                        start: start, have: end, total: total, sha256: end == total ? sha256 : nil, type: "image/png")))
        )
    }

    func answerBytes(_ status: Int) throws {
        try run.answer("get", .answered(SyncAnswer(status: status, isJSON: false)))
    }

    func file(_ name: String) throws -> StoredFile? { try store.read { try $0.files.find(name) } }

    func refusal(_ name: String) throws -> EntryFailure? { try store.read { try $0.downloads.refusal(of: name) } }

    func download(_ name: String) throws -> Download? { try store.read { try $0.downloads.waiting(name) } }

    func isKept(_ name: String) throws -> Bool {
        guard let file = try file(name) else { return false }
        return try store.read { store in
            try !store.files.leastUsed(limit: 1_000).contains { $0.record == file.record }
        }
    }
}
