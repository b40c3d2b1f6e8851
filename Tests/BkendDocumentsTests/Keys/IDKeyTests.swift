import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct IDKeyTests {
    private static let full = "0123456789abcdef01234567"
    private static let edges: [String] = {
        var ids = ["", "\u{0}", "\u{0}\u{0}", "a\u{0}", "a\u{0}b", "/", "0", "9", ":", "A", "F", "`", "a", "f", "g"]
        ids += ["\u{FFFD}", "\u{10FFFF}", full, full.uppercased()]
        for suffix in ["0", "\u{0}", "z"] { ids.append(full + suffix) }
        for suffix in ["", "6", "8", "A", "g"] { ids.append(full.dropLast() + suffix) }
        for digit in ["0", "f"] {
            for count in 23...25 { ids.append(String(repeating: digit, count: count)) }
            ids.append(String(repeating: digit, count: 23) + "g")
            ids.append(String(repeating: digit, count: 12) + "/")
        }
        return ids
    }()

    private func random(_ generator: inout SeededGenerator) -> String {
        var id = Self.edges.randomElement(using: &generator) ?? ""
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
            id = String(id.prefix(Int.random(in: 0...26, using: &generator)))
            let more = ["0", "9", "a", "f", "g", ":", "/", "\u{0}", "é"]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                id += more.randomElement(using: &generator) ?? ""
            }
        }
        return id
    }

    @Test("Keys lie in the order of the ids' bytes, or against it, and differ as the ids do")
    func keysLieOrder() {
        var generator = SeededGenerator(seed: 0x1D)
        let ids = Self.edges + (0..<400).map { _ in random(&generator) }
        for descending in [false, true] {
            let keys = ids.map { IDKey.key($0, descending: descending) }
            for (a, keyA) in zip(ids, keys) {
                for (b, keyB) in zip(ids, keys) {
                    let order = ByteOrder.compare(Array(a.utf8), Array(b.utf8)).signum()
                    let found = ByteOrder.compare(keyA, keyB).signum()
                    if found != (descending ? -order : order) {
                        Issue.record("\(a.debugDescription) and \(b.debugDescription), descending: \(descending)")
                    }
                }
            }
        }
    }

    @Test("An id of 24 digits takes 14 bytes")
    func id24Digits() {
        #expect(IDKey.key(Self.full, descending: false).count == 14)
        #expect(IDKey.key(Self.full.uppercased(), descending: false).count > 14)
    }

    @Test("Ties of an index go by id, whatever the ids look like")
    func tiesIndexGo() throws {
        let index = [IndexDefinition(name: "n", fields: [.init("n")])]
        var generator = SeededGenerator(seed: 7)
        var ids = Set((0..<60).map { _ in Array(random(&generator).utf8) })
        ids.remove([])
        try withCollection(ids.map { ["id": .string(String(decoding: $0, as: UTF8.self)), "n": 1] }, indexes: index) {
            collection, db throws in
            let sorted = ids.sorted { ByteOrder.compare($0, $1) < 0 }
            for direction in [Query.Sort.Direction.ascending, .descending] {
                let query = Query(
                    filter: field("n", .equals(1)), sort: [.init("n", direction)], page: .init(1, limit: .max))
                #expect(try !collection.explain(query, in: db).sorts)
                let found = try collection.ids(query, in: db).map { Array($0.utf8) }
                #expect(found == (direction == .ascending ? sorted : sorted.reversed()))
            }
        }
    }
}
