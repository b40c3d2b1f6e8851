import Bkend
import HTTPTypes
import Synchronization

/// A transport whose server is a function: what a test sends stands beside what it is answered.
final class ScriptedTransport: HTTPTransport {
    /// One answer.
    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = ["Content-Type": "application/json"]
        var body: String

        static func json(_ body: String, status: Int = 200) -> Answer { Answer(status: status, body: body) }
    }

    /// One request as it was sent.
    struct Sent: Sendable {
        var method: String
        var url: String
        var path: String
        var query: [QueryItem]
        var headers: HTTPFields
        var body: String
        var replay: Replay
        var timeouts: Timeouts

        /// `GET /v1/data/articles?limit=1`, without percent-encoding in the query.
        var line: String {
            let items = query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            return "\(method) \(path)" + (items.isEmpty ? "" : "?\(items)")
        }
    }

    private let respond: @Sendable (Sent) async throws(TransportError) -> Answer
    private let requests = Mutex<[Sent]>([])
    private let shutdowns = Mutex(0)

    init(_ respond: @escaping @Sendable (Sent) async throws(TransportError) -> Answer) { self.respond = respond }

    /// Answers one after the other; the last one again and again.
    convenience init(_ answers: Answer...) {
        let rest = RemainingAnswers(answers)
        self.init { _ throws(TransportError) in rest.next() }
    }

    var sent: [Sent] { requests.withLock { $0 } }
    var lines: [String] { sent.map(\.line) }
    var shutdownCount: Int { shutdowns.withLock { $0 } }

    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        let whole = request.head.path ?? ""
        let path = String(whole.prefix { $0 != "?" })
        let query = (try? QueryItem.decode(String(whole.dropFirst(path.count + 1)))) ?? []
        var body = ""
        if case .bytes(let bytes) = request.body { body = String(decoding: bytes, as: UTF8.self) }
        let sent = Sent(
            method: request.head.method.rawValue,
            url: "\(request.head.scheme ?? "")://\(request.head.authority ?? "")\(whole)", path: path, query: query,
            headers: request.head.headerFields, body: body, replay: request.replay, timeouts: request.timeouts)
        requests.withLock { $0.append(sent) }
        let answer = try await respond(sent)
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        let head = HTTPResponse(status: .init(code: answer.status), headerFields: fields)
        return TransportResponse(head: head, body: ResponseBody(Array(answer.body.utf8)))
    }

    func shutdown() async { shutdowns.withLock { $0 += 1 } }

    private final class RemainingAnswers: Sendable {
        private let answers: Mutex<[Answer]>

        init(_ answers: [Answer]) { self.answers = Mutex(answers) }

        func next() -> Answer { answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }
}
