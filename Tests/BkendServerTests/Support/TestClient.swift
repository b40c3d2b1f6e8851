import BkendTesting
import BkendWire

@testable import BkendServer

/// Requests to a test server, each on a connection of its own.
struct TestClient: Sendable {
    let port: Int
    var headers: [String: String] = [:]

    init(_ url: String, key: String? = nil, token: String? = nil) {
        port = Int(url.split(separator: ":").last ?? "") ?? 0
        if let key { headers["X-API-Key"] = key }
        if let token { headers["Authorization"] = "Bearer \(token)" }
    }

    func get(_ path: String) async throws -> Answer { try await send("GET", path) }

    func list(_ path: String, _ query: [(String, String)]) async throws -> Answer {
        try await get(path + "?" + QueryItem.encode(query.map { QueryItem($0.0, $0.1) }))
    }

    func post(_ path: String, _ json: JSON) async throws -> Answer {
        try await send("POST", path, body: json.serialized())
    }

    func patch(_ path: String, _ json: JSON) async throws -> Answer {
        try await send("PATCH", path, body: json.serialized())
    }

    func delete(_ path: String) async throws -> Answer { try await send("DELETE", path) }

    func send(
        _ method: String, _ path: String, _ more: [String: String] = [:], body: [UInt8]? = nil,
        type: String? = "application/json"
    ) async throws -> Answer {
        let bytes = request(method, path, more, body: body, type: type)
        let port = port
        return try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(bytes)
            guard let answer = try connection.answer(toHead: method == "HEAD") else {
                throw RawConnection.Failure(what: "no answer")
            }
            return answer
        }
    }

    func request(
        _ method: String, _ path: String, _ more: [String: String] = [:], body: [UInt8]? = nil,
        type: String? = "application/json"
    ) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers.merging(more, uniquingKeysWith: { $1 }) { head += "\(name): \(value)\r\n" }
        if let body {
            if let type { head += "Content-Type: \(type)\r\n" }
            head += "Content-Length: \(body.count)\r\n"
        }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}

/// Starts a server, runs a body with it, and stops it.
func withServer(
    folder: String? = nil, tables: JSON? = nil, configure: (inout ServerSettings) -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
) async throws {
    var settings = ServerSettings()
    configure(&settings)
    try await ServerPlaces.gate.pass {
        let server = try await TestServer.start(folder: folder, tables: tables) { settings.apply(to: &$0) }
        do { try await body(server) } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }
}

extension TestServer {
    var admin: TestClient { TestClient(url, key: secretKey) }
    var guest: TestClient { TestClient(url, key: publishableKey) }
    func user(_ id: String, role: String = "user") -> TestClient {
        TestClient(url, key: publishableKey, token: "\(id):\(role)")
    }
}
