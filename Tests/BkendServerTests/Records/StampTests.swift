import BkendAccounts
import BkendDocuments
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// What is written is stamped inside its transaction. A stamp from before a slow body, or from before the writer's turn,
/// lies behind what others have read meanwhile, and whoever asks for what is newer never sees the change.
@Suite struct StampTests {
    /// Tokens as `PlainTokens` has them; tells each time that one is looked at.
    private struct WatchedTokens: AccessTokens {
        let looked: AsyncStream<Void>.Continuation

        func caller(of token: Substring, in environment: EnvironmentName) async throws -> Caller {
            defer { looked.yield() }
            return try await PlainTokens().caller(of: token, in: environment)
        }
    }

    @Test(
        "A body that takes its time and a writer that is held: the stamp is not older than the transaction",
        arguments: ["POST", "PATCH"], [(limit: 30, body: Int64(29)), (limit: 60, body: 40)])
    func lateBodyAndHeldWriter(method: String, time: (limit: Int, body: Int64)) async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        let (looks, looked) = AsyncStream<Void>.makeStream()
        let server = try await TestServer.start(tables: ["tables": [["name": "t"]]]) {
            $0.limits.requestSeconds = time.limit
            $0.accessTokens = WatchedTokens(looked: looked)
            $0.now = { clock.now }
        }
        let record = try await server.admin.post("/v1/t", ["a": 1])
        let client = server.user("ada", role: "admin")
        let path = method == "POST" ? "/v1/t" : "/v1/t/\(record.id)"
        let request = client.request(method, path, body: Array(#"{"a":2}"#.utf8))
        let (rest, writer) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let answer = blocking {
            let connection = try RawConnection(port: client.port)
            try connection.send(Array(request.dropLast(4)))
            rest.wait()
            try connection.send(Array(request.suffix(4)))
            return try connection.answer()
        }
        var looking = looks.makeAsyncIterator()
        await looking.next()  // the head is there
        clock.advance(seconds: time.body)
        let (isHeld, holding) = AsyncStream<Void>.makeStream()
        let lock = FileLock(database: server.folder + "/environments/default/dev.sqlite")
        async let held: Void = blocking {
            try lock.withLock {
                holding.yield()
                writer.wait()
            }
        }
        var holder = isHeld.makeAsyncIterator()
        await holder.next()
        rest.signal()
        await looking.next()  // the body is there: who asks is looked at again, then the writer is waited for
        let began = clock.advance(seconds: 5)
        writer.signal()
        try await held
        let written = try #require(try await answer)
        try await server.stop()
        #expect(written.status == (method == "POST" ? 201 : 200))
        #expect(try #require(written.stamp("updatedAt")) >= began)
        if method == "POST" {
            #expect(try #require(written.stamp("createdAt")) >= began)
            #expect(try #require(Int64(written.id.prefix(8), radix: 16)) >= began.milliseconds / 1_000)
        }
    }

    /// A clock that shows another day to whoever holds the writer.
    private struct WriterClock {
        static let outside = "2026-01-01T00:00:00.000Z"
        static let inside = "2026-01-02T00:00:00.000Z"
        let lockFile: String

        init(folder: String) { lockFile = folder + "/environments/default/dev.sqlite.lock" }

        var now: Timestamp {
            let descriptor = open(lockFile, O_RDWR | O_CLOEXEC)
            defer { close(descriptor) }
            let isHeld = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0
            return Timestamp(isHeld ? Self.inside : Self.outside) ?? Timestamp(clamping: 0)
        }
    }

    @Test("Arrays, tables that a first record makes, and definitions are stamped inside their transactions")
    func inside() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clock = WriterClock(folder: folder)
        _ = try DataFolder.create(
            at: folder, name: EnvironmentName(project: "default", environment: "dev"), now: .systemNow)
        let key = try #require(
            try DataFolder.open(at: folder).control.publishableKeys(
                of: EnvironmentName(project: "default", environment: "dev")
            ).first)
        let server = try await TestServer.start(folder: folder, tables: ["tables": [["name": "t"]]]) {
            $0.accessTokens = PlainTokens()
            $0.isDynamic = true
            $0.now = { clock.now }
        }
        let client = TestClient(server.url, key: key, token: "ada:admin")
        let array = try await client.post("/v1/t", [["a": 1], ["a": 2]])
        #expect(array.items.map { $0["updatedAt"]?.stringValue } == [WriterClock.inside, WriterClock.inside])
        let made = try await client.post("/v1/made", ["a": 1])
        #expect(made.json["createdAt"]?.stringValue == WriterClock.inside)
        try await server.stop()
        let store = try DataFolder.open(at: folder).store(
            of: EnvironmentName(project: "default", environment: "dev"), clock: { clock.now })
        let changed: JSON = ["tables": [["name": "t", "schema": ["properties": ["a": ["type": "int"]]]]]]
        _ = try store.apply(changed)
        _ = try store.rollBack("t", to: 1)
        for table in ["t", "made"] {
            #expect(try store.versions(of: table).allSatisfy { $0.createdAt == WriterClock.inside })
        }
        let file = folder + "/records.jsonl"
        try Data(#"{"id":"free","a":1}"#.utf8).write(to: URL(fileURLWithPath: file))
        var records = RecordImport(into: "t", of: store, ImportOptions()) { _ in }
        try records.run(file) { _, _, _ in }
        let text = try store.engine.readNow { session in
            try session.document("free", in: session.existingTable("t"))?.json
        }
        #expect(text?["updatedAt"]?.stringValue == WriterClock.inside)
    }
}

extension Answer {
    /// A date of the record.
    fileprivate func stamp(_ field: String) -> Timestamp? { json[field]?.stringValue.flatMap { Timestamp($0) } }
}
