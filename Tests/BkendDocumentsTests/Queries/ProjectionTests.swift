import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct ProjectionTests {
    static let document: JSONObject = [
        "id": "1", "a": ["b": 1, "c": ["d": 2, "e": 3]], "l": [["b": 1, "c": 2], 5, ["b": 3], [["b": 4]], "x"],
        "s": "text",
    ]

    @Test(
        "Select keeps the fields it names and those that always come along",
        arguments: [
            (["s"], #"{"id":"1","s":"text"}"#), (["a"], #"{"id":"1","a":{"b":1,"c":{"d":2,"e":3}}}"#),
            (["a.b"], #"{"id":"1","a":{"b":1}}"#), (["a.c.e", "a.b"], #"{"id":"1","a":{"b":1,"c":{"e":3}}}"#),
            (["l.b"], #"{"id":"1","l":[{"b":1},{"b":3},[{"b":4}]]}"#), (["s.x"], #"{"id":"1"}"#),
            (["none"], #"{"id":"1"}"#),
            (["a.b", "a"], #"{"id":"1","a":{"b":1,"c":{"d":2,"e":3}}}"#), ([], #"{"id":"1"}"#),
        ])
    func selectKeepsFields(select: [String], text: String) throws {
        try withCollection([Self.document]) { collection, db throws in
            let found = try collection.find(Query(select: select), including: ["id"], in: db)
            #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == [text])
        }
    }
}
