import Testing

@testable import Bkend

/// The form of server-sent events (HTML Living Standard, 9.2.6), in whatever pieces they arrive.
@Suite struct EventParserTests {
    private static func events(_ text: String, piece: Int) -> [String] {
        var parser = EventParser()
        var events: [EventParser.Event] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            events += parser.events(in: Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
        return events.map { "\($0.name): \(String(decoding: $0.data, as: UTF8.self))" }
    }

    @Test(
        "Events, comments and ends of lines",
        arguments: [
            ("data: a\n\n", ["message: a"]),
            ("data:a\n\ndata:  b\n\n", ["message: a", "message:  b"]),
            ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["message: a", "message: b", "message: c"]),
            (":\n\n: words\n\ndata: a\n\n", ["message: a"]),
            ("event: gone\ndata: 1\n\ndata: 2\n\n", ["gone: 1", "message: 2"]),
            ("data: a\ndata: b\ndata\n\n", ["message: a\nb\n"]),
            ("event: nothing\n\nid: 7\nretry: 5\ndata: é\n\n", ["message: é"]),
            ("data: never ended\n", []),
        ], [1, 2, 3, 1_000])
    func forms(form: (text: String, events: [String]), piece: Int) {
        #expect(Self.events(form.text, piece: piece) == form.events)
    }

    @Test("What is kept of an event that doesn't end is counted")
    func size() {
        var parser = EventParser()
        _ = parser.events(in: Array("data: 0123456789\ndata: 01234".utf8))
        #expect(parser.bytes == 10 + 11)
    }
}
