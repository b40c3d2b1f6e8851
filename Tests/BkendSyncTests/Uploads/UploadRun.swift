import BkendWire
import Testing

@testable import BkendSync

/// An engine over a store in memory whose files' bytes nobody asks for: a test attaches, and answers each request.
final class UploadRun {
    let fixture: StoreFixture
    private(set) var machine: EngineMachine
    private var configuration: SyncConfiguration
    private var now = SyncInstant.zero
    /// What is under way, in the order in which it was sent.
    private(set) var requests: [(id: RequestID, request: SyncRequest)] = []
    private(set) var status = SyncStatus()
    private var wake: SyncInstant?
    /// The server's time.
    var date = Timestamp(clamping: 1_000_000)

    var store: StoreDatabase { fixture.store }
    /// The engine's time.
    var present: SyncInstant { now }

    /// Ann is signed in, and her engine leads.
    init(user: String = "ann", uploads: UploadPolicy = .always, server: String = "s") throws {
        fixture = try StoreFixture()
        configuration = SyncConfiguration(server: server)
        configuration.uploads = uploads
        configuration.debounce = .zero
        if !user.isEmpty { try fixture.store.write { try $0.ownership.takeOver(by: user) } }
        machine = EngineMachine(store: fixture.store, configuration: configuration, random: SyncRandom(seed: 1))
        tell(.sessionChanged(user: user))
        tell(.start)
    }

    /// A crash, and the next start.
    func restart() {
        requests = []
        machine = EngineMachine(store: fixture.store, configuration: configuration, random: SyncRandom(seed: 2))
        tell(.sessionChanged(user: "ann"))
        tell(.start)
    }

    func tell(_ event: EngineEvent) {
        for effect in machine.handle(event, at: now) {
            switch effect {
            case .send(let id, let request): requests.append((id, request))
            case .cancel(let id): requests.removeAll { $0.id == id }
            case .status(let status): self.status = status
            case .wake(let moment): wake = moment
            case .refreshSession: break
            }
        }
    }

    /// Lets time pass until something is due.
    func waitForTimer() {
        guard let wake else { return }
        now = max(now, wake)
        tell(.timer)
    }

    /// The names of what is under way.
    var names: [String] { requests.map(\.request.operation.name) }

    // MARK: What the app does

    @discardableResult
    func attach(_ name: String, bytes: Int64 = 10, visibility: String = "public") throws -> StoredFile {
        let fields: JSONObject = [
            "originalName": .string(name), "mimeType": "image/png", "visibility": .string(visibility),
        ]
        let file = try store.write {
            try $0.attaching.attach(WrittenBytes(name: "bytes of \(name)", size: bytes, sha256: "aa"), fields)
        }
        tell(.localWrite)
        return file
    }

    func upload(of file: StoredFile) throws -> Upload? { try store.read { try $0.files.file(file.record)?.upload } }

    func entry(of file: StoredFile) throws -> OutboxEntry? {
        try store.read { try $0.outbox.entries(of: FileTable.name, file.record).first }
    }

    // MARK: What the server does

    /// Answers the first request of a name; of an upload's key, where one is given.
    func answer(_ name: String, of key: String? = nil, _ response: SyncResponse) throws {
        let position = try #require(
            requests.firstIndex { sent in
                guard sent.request.operation.name == name else { return false }
                guard let key else { return true }
                if case .put(let put) = sent.request.operation { return put.url.contains("/\(key)?") }
                return String(decoding: sent.request.body ?? [], as: UTF8.self).contains("\"\(key)\"")
            }, "\(names)")
        tell(.answered(requests.remove(at: position).id, response))
    }

    func answer(_ name: String, of key: String? = nil, _ status: Int, _ json: JSONObject = [:]) throws {
        try answer(
            name, of: key, .answered(SyncAnswer(status: status, date: date, body: json.serialized())))
    }

    func refuse(_ name: String, _ status: Int, _ code: ErrorCode) throws {
        try answer(name, status, ErrorBody(code, "no", status: status).json)
    }

    func lose(_ name: String) throws { try answer(name, .lost(SyncFailure(.timedOut))) }

    /// Gives a key to the first that asks for one.
    func present(_ key: String, host: String = "s") throws {
        try answer(
            "presign", 200,
            [
                "key": .string(key), "url": .string("https://\(host)/\(key)?sig=1"), "fileId": .string("f-\(key)"),
                "digest": true,
            ])
    }

    /// The storage answers.
    func answerBytes(_ status: Int = 200, of key: String? = nil, tag: String? = "t") throws {
        try answer(
            "put", of: key, .answered(SyncAnswer(status: status, isJSON: false, date: date, tag: tag)))
    }

    func record(_ key: String, sha256: String = "aa") -> JSONObject {
        [
            "id": .string("f-\(key)"), "s3Key": .string(key), "url": .string("https://s/\(key)"),
            "originalName": "a.png", "mimeType": "image/png", "size": 10, "visibility": "public",
            "sha256": .string(sha256), "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z",
        ]
    }

    /// One whole upload, of the first that asks for a key.
    func complete(_ key: String, host: String = "s") throws {
        try present(key, host: host)
        try answerBytes(of: key)
        try answer("register", of: key, 201, record(key))
    }
}
