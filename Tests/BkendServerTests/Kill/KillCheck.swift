import BkendWire

/// Asks a server that has come back for everything that a writer was promised.
struct KillCheck {
    let client: TestClient
    private(set) var failures: [String] = []

    init(client: TestClient) { self.client = client }

    /// Checks what a writer knows, and settles what it doesn't.
    mutating func check(_ writer: inout KillWriter) async throws {
        let port = client.port
        let ids = Array(writer.live.keys) + Array(writer.gone)
        let requests = ids.map { client.request("GET", "/v1/t/\($0)") }
        let answers = try await blocking {
            let connection = try RawConnection(port: port)
            return try requests.map { request in
                try connection.send(request)
                guard let answer = try connection.answer() else { throw RawConnection.Failure(what: "no answer") }
                return answer
            }
        }
        let pending: String? =
            switch writer.uncertain {
            case .patch(let id, _, _), .delete(let id): id
            default: nil
            }
        for (id, answer) in zip(ids, answers) where id != pending {
            guard let version = writer.live[id] else {
                if answer.status != 404 { failures.append("\(id) was deleted and is back") }
                continue
            }
            if answer.status != 200 { failures.append("\(id) was answered and is lost: \(answer.status)") }
            if answer.json["v"] != .int(Int64(version)) || answer.json["w"] != .int(Int64(version)) {
                failures.append("\(id) is not at version \(version): \(answer.text.prefix(200))")
            }
        }
        try await settle(&writer)
    }

    /// The write that was under way may have happened or not, but not by half.
    private mutating func settle(_ writer: inout KillWriter) async throws {
        switch writer.uncertain {
        case nil: break
        case .create(let key):
            writer.settle(live: try await found("key", key, among: [0, 1]), gone: [])
        case .batch(let name):
            writer.settle(live: try await found("batch", name, among: [0, 3]), gone: [])
        case .patch(let id, let old, let new):
            let json = try await client.get("/v1/t/\(id)").json
            let versions = [old, new].map { JSON.int(Int64($0)) }
            guard let version = json["v"], versions.contains(version), json["w"] == version else {
                failures.append("\(id) is half changed: \(json.description.prefix(200))")
                return writer.settle(live: [:], gone: [])
            }
            writer.settle(live: [id: version == versions[0] ? old : new], gone: [])
        case .delete(let id):
            let status = try await client.get("/v1/t/\(id)").status
            if status != 200, status != 404 { failures.append("\(id) answers \(status)") }
            writer.settle(live: [:], gone: status == 404 ? [id] : [])
        }
    }

    private mutating func found(_ field: String, _ value: String, among counts: [Int]) async throws -> [String: Int] {
        let items = try await client.list("/v1/t", [("andFilters", #"{"\#(field)":"\#(value)"}"#)]).items
        if !counts.contains(items.count) { failures.append("\(field) \(value) is there \(items.count) times") }
        return Dictionary(items.map { ($0["id"]?.stringValue ?? "", 0) }) { first, _ in first }
    }
}
