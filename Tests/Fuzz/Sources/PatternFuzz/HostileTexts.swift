import BkendDocuments
import BkendWire
import GRDB

/// Texts on which patterns like to backtrack, a document each.
final class HostileTexts: Sendable {
    static let shared = try! HostileTexts()  // Nothing to fuzz without it.

    private let database: DatabaseQueue
    private let collection: BkendDocuments.Collection

    private init() throws {
        database = try DocumentStorage.inMemory()
        collection = try database.write { db in
            let collection = try BkendDocuments.Collection.create("texts", in: db)
            for (number, text) in Self.texts.enumerated() {
                try collection.insert(["id": .string("d\(number)"), "s": .string(text)], in: db)
            }
            return collection
        }
    }

    /// Looks for a pattern in each of the texts; the first byte chooses its options.
    func ask(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let pattern = String(validating: bytes.dropFirst(), as: UTF8.self),
            pattern.utf8.count <= QueryLimits().patternLength
        else { return }
        let options = "imsx".enumerated().filter { bytes[0] >> UInt8($0.offset) & 1 == 1 }.map(\.element)
        let filter = { id in
            Filter.allOf([
                .condition(Condition("id", .equals(.string(id)))),
                .condition(Condition("s", .regex(pattern: pattern, options: String(options)))),
            ])
        }
        for number in Self.texts.indices {
            do {
                _ = try database.read { db in try collection.count(filter("d\(number)"), in: db) }
            } catch is InvalidPattern {
                return
            } catch is PatternLimitExceeded {
                continue
            } catch {
                fatalError("\(error)")
            }
        }
    }

    private static let texts = [
        "", "a", "\n", "a\u{0}b", "ÄRGER 😀 é e\u{301} ß ſ İ", String(repeating: "a", count: 40) + "!",
        String(repeating: "ab", count: 2_000) + "!", String(repeating: "aaab \n", count: 3_000),
        String(repeating: "é😀", count: 2_000), String(repeating: "<((([[[", count: 1_000),
        String(repeating: "x", count: 50_000),
    ]
}
