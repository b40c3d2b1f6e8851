import CLoad

/// What the clients ask for: one small JSON body, from a process of its own.
struct Target {
    let port: Int
    /// A body as small as the API's answers to a small record.
    static let body = """
        {"id":"0123456789abcdef01234567","title":"A small record for the benchmark",\
        "createdAt":"2026-01-01T00:00:00.000Z","n":12345678}
        """

    static let path = "/v1/data/articles/0123456789abcdef01234567"
    static let keyName = "X-API-Key"
    static let key = "pk_0123456789abcdef0123456789abcdef"

    var url: String { "http://127.0.0.1:\(port)\(Self.path)" }

    /// Starts the server.
    init() throws {
        let head = [
            "HTTP/1.1 200 OK", "Content-Type: application/json; charset=utf-8", "Date: Sun, 06 Nov 1994 08:49:37 GMT",
            "Server: responder", "Content-Length: \(Self.body.utf8.count)", "", "",
        ]
        let answer = head.joined(separator: "\r\n") + Self.body
        port = Int(answer.withCString { bench_responder_start($0, answer.utf8.count) })
        guard port > 0 else { throw WrongAnswer("the responder did not start: error \(-port)") }
    }

    /// Refuses a body that isn't the one that was asked for: a client that fails fast must not win.
    static func check(_ count: Int) throws {
        guard count == body.utf8.count else { throw WrongAnswer("a body of \(count) bytes") }
    }
}

/// An answer that the server never gave.
struct WrongAnswer: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
