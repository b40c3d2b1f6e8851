import Bkend
import Synchronization
import Testing

/// Random changes against a table that patches as the API does: top-level fields whole, null stored.
@Suite("What an update sends, applied")
struct RecordChangesTests {
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static func person(_ random: inout SplitMix) -> Person? {
        guard Bool.random(using: &random) else { return nil }
        return Person(
            name: ["Ada", "Eve"].randomElement(using: &random) ?? "", email: Bool.random(using: &random) ? "e" : nil,
            address: Bool.random(using: &random)
                ? Address(city: ["Rome", "Oslo"].randomElement(using: &random) ?? "") : nil)
    }

    private static func mutate(_ book: inout Book, _ random: inout SplitMix) {
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            switch Int.random(in: 0..<7, using: &random) {
            case 0: book.title = ["a", "b", "e\u{301}", "é"].randomElement(using: &random) ?? ""
            case 1: book.pages = Bool.random(using: &random) ? 1 : nil
            case 2: book.author = person(&random)
            case 3: book.author?.address?.city = "Bonn"
            case 4: book.editors = [person(&random), person(&random)].compactMap { $0 }
            case 5: book.sizes = Bool.random(using: &random) ? ["w": 1, "h": 2] : [:]
            default: book.extra = Bool.random(using: &random) ? ["k": [1, nil]] : nil
            }
        }
    }

    @Test("the record becomes what the closure made of it, and keeps what the model doesn't know", arguments: 0..<100)
    func applied(seed: UInt64) async throws {
        let unknown = #""unknown":{"a":1},"author":{"avatar":"x","name":"Ada","address":{"zip":"1","city":"Rome"}}"#
        let start = try #require(JSON(parsing: recordText("a", #""title":"t",\#(unknown)"#)).objectValue)
        let stored = Mutex(start)
        let transport = ScriptedTransport { request throws(TransportError) in
            if let patch = (try? JSON(parsing: request.body))?.objectValue {
                stored.withLock { for (key, value) in patch { $0[key] = value } }
            }
            return .json(stored.withLock { $0.description })
        }
        let books = try testClient(transport).table(Book.self)
        var random = SplitMix(state: seed)
        var book = try await books.get("a")
        for _ in 0..<10 {
            var expected = book.model
            Self.mutate(&expected, &random)
            let isSame = try JSON(encoding: expected) == JSON(encoding: book.model)
            let before = transport.sent.count
            book = try await books.update(book) { $0 = expected }
            #expect(book.model == expected)
            #expect(try JSON(encoding: book.model) == JSON(encoding: expected))
            #expect(transport.sent.count == before + (isSame ? 0 : 1))
            #expect(book.json["unknown"] == ["a": 1])
        }
        let again = try await books.update("a") { _ in }
        #expect(again.model == book.model)
    }
}
