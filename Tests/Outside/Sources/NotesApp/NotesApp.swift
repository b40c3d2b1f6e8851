import Bkend
import Foundation
import HTTPTypes
import Notes
import Synchronization

/// A transport of the app's own, which has every answer already.
struct RecordedTransport: HTTPTransport {
    var answers: [String: String]

    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        guard request.maximumResponseBytes > 0, request.replay == .idempotent || request.bytes != nil else {
            throw TransportError(kind: .invalidRequest, delivery: .notSent, reason: "nothing to send")
        }
        guard let answer = answers[request.head.path ?? ""] else {
            throw TransportError(
                kind: request.timeouts.connect > .seconds(1) ? .cannotConnect : .connectTimedOut, delivery: .notSent,
                reason: "no answer was recorded")
        }
        let head = HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"])
        return TransportResponse(head: head, bytes: Array(answer.utf8))
    }

    func shutdown() async {}
}

/// A session store of the app's own, for example over a keychain.
final class TestedSessionStore: SessionStore {
    private let data = Mutex<Data?>(nil)
    private let last = Mutex<Task<Void, Never>?>(nil)

    func load() async throws -> Session? {
        guard let data = data.withLock({ $0 }) else { return nil }
        do { return try JSONDecoder().decode(Session.self, from: data) } catch {
            throw SessionStoreError("the session can't be read", isDamage: true)
        }
    }

    func save(_ session: Session?) async throws {
        let new = try session.map { try JSONEncoder().encode($0) }
        data.withLock { $0 = new }
    }

    func exclusively<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        // One body at a time: two refreshes at once would end the session.
        let turn = last.withLock { last in
            let turn = Task { [former = last] in
                await former?.value
                return try await body()
            }
            last = Task { _ = await turn.result }
            return turn
        }
        return try await turn.value
    }
}

@main
struct NotesApp {
    static func main() async throws {
        var options = ClientOptions(deadline: .seconds(20), retry: RetryPolicy(maximumAttempts: 2))
        options.plainHTTP = .everywhere
        let client = try BkendClient(
            url: "http://example.com", key: "pk_" + String(repeating: "0", count: 64), options: options,
            sessions: TestedSessionStore(), transport: RecordedTransport(answers: [:]))
        let folder = FileManager.default.temporaryDirectory.appending(path: "notes-app-\(UUID())")
        let notebook = try await Notebook(client, folder: folder)
        let note = try await notebook.notes.create(Note(text: "Outside"))
        try await notebook.notes.update(note) { $0.place = Place(city: "Ulm") }
        try await notebook.store.table(Visit.self).create(Visit(place: "Ulm"))
        let archived = notebook.store.table(Note.self, named: "archive")
        print(try await archived.count(), try await notebook.filtered(by: ["a"], in: ["Ulm"]).fetch().completeness)
        print(try await notebook.page(of: notebook.notes.where { $0.isDone == false }, 1).pagination.total)
        await ask(client)
        try await notebook.store.wipe(discardingOutbox: true)
        await notebook.store.close()
        await client.shutdown()
    }

    /// What an app does with errors.
    static func ask(_ client: BkendClient) async {
        do throws(BkendError) {
            let notes = client.table(Note.self).where { $0.isDone == false && $0.tags.contains("a") }
            for try await note in notes.all() { print(note.text, note.dueOn ?? note.createdAt) }
        } catch {
            switch error.reason {
            case .server(let body): print(body.status, body.code == .duplicateValue, body.details)
            case .transport(let failure): print(failure.kind, failure.isSafeToRetry, failure.reason)
            default: print(error.hint ?? error.localizedDescription, error.mayHaveBeenApplied)
            }
        }
    }
}
