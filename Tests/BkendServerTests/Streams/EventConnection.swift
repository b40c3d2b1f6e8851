import BkendWire
import Foundation

@testable import BkendServer

/// A client's end of a stream of events.
final class EventConnection: @unchecked Sendable {  // used by one task at a time
    /// What came: an event, or a comment.
    struct Event {
        /// `message` where the event has no name of its own; nil for a comment.
        var name: String?
        var data: JSON = .null

        /// What a subscription is told.
        subscript(_ name: String) -> JSON? {
            data["subscriptions"]?.arrayValue?.first { $0["name"]?.stringValue == name }
        }
    }

    let answer: Answer
    private let connection: RawConnection
    private var text: [UInt8] = []

    private init(_ connection: RawConnection, _ answer: Answer) {
        self.connection = connection
        self.answer = answer
    }

    /// Opens a stream.
    static func open(
        _ client: TestClient, from host: UInt32 = 1, window: Int32? = nil, _ subscriptions: JSON...
    ) async throws -> EventConnection {
        let body = JSON.object(["subscriptions": .array(subscriptions)])
        let request = client.request(
            "POST", "/x1/changes", ["Accept": "text/event-stream"], body: body.serialized())
        let port = client.port
        return try await blocking {
            let connection = try RawConnection(port: port, from: host, window: window)
            try connection.send(request)
            guard let answer = try connection.answer() else { throw RawConnection.Failure(what: "no answer") }
            return EventConnection(connection, answer)
        }
    }

    /// The next event that isn't a comment; nil at the end of the answer.
    func next() async throws -> Event? {
        while let event = try await nextOfAny() { if event.name != nil { return event } }
        return nil
    }

    /// The next event or comment; nil at the end of the answer.
    func nextOfAny() async throws -> Event? { try await blocking { try self.read() } }

    private func read() throws -> Event? {
        let end = Array("\n\n".utf8)
        while true {
            if let range = text.firstRange(of: end) {
                let lines = String(decoding: text[..<range.lowerBound], as: UTF8.self).split(separator: "\n")
                text.removeSubrange(..<range.upperBound)
                var event = Event()
                for line in lines where !line.hasPrefix(":") {
                    if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                    guard line.hasPrefix("data: ") else { continue }
                    event.data = try JSON(parsing: String(line.dropFirst(6)))
                    event.name = event.name ?? "message"
                }
                return event
            }
            guard let size = try connection.line().flatMap({ Int($0, radix: 16) }), size > 0,
                let chunk = try connection.bytes(size), try connection.line() != nil
            else { return nil }
            text += chunk
        }
    }
}
